"""The network that keras.io's "Simple MNIST convnet" describes, to compare with."""

import keras
from keras import layers

from digits.types import CLASSES, FRAME

EPOCHS, BATCH = 15, 128  # as the example trains it, with Adam


def build_example() -> keras.Model:
    """Return the example's two convolutions, 34,826 parameters, untrained and compiled."""
    network = keras.Sequential(
        [
            keras.Input((FRAME, FRAME), name="ink"),
            layers.Reshape((FRAME, FRAME, 1)),
            layers.Conv2D(32, 3, activation="relu"),  # 26, 26, 32
            layers.MaxPooling2D(2),  # 13, 13, 32
            layers.Conv2D(64, 3, activation="relu"),  # 11, 11, 64
            layers.MaxPooling2D(2),  # 5, 5, 64
            layers.Flatten(name="embedding"),  # 1600
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="keras_io",
    )
    network.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return network
