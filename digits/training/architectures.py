"""Architectures of the networks for digits, lines and pages.

The digit networks take ink, float32, shape (batch, 28, 28), 0.0 paper to 1.0 ink, and return ten
probabilities. The convolutional one can have a reject head.
"""

import keras
from keras import layers

from digits.inference.segmenter import CHANNELS, N_COARSE, N_MAPS
from digits.types import ALPHABET, CLASSES, FRAME, STRIP

HIDDEN = 128  # units of the dense network's one hidden layer
WIDE = 512  # units of the wider network's first hidden layer
EMBEDDING = 64  # units of the convolutional network's last hidden layer
LINE_WIDTHS = (16, 48, 96, 128)  # channels of the line network at each height of the strip
LINE_CONTEXT = 192  # channels of its last blocks, along the line
LINE_CONTEXTS = 5  # number of these blocks
PAGE_WIDTHS = (12, 24, 40, 64, 80)  # channels of the page network's stages
PAGE_LAST = 16  # channels before its maps


def build_network(name: str) -> keras.Model:
    """Return an untrained network.

    Parameters
    ----------
    name : "dense", "wide" or "cnn" for digits, "line" for strips, "page" for pages

    Examples
    --------
    >>> build_network("dense").count_params()
    101770
    """
    builders = {
        "dense": build_dense,
        "wide": build_wide,
        "cnn": build_cnn,
        "line": build_line,
        "page": build_page,
    }
    return builders[name]()


def build_dense() -> keras.Model:
    """Return the requested network: 784 inputs, one hidden layer with ReLU, ten with softmax."""
    return keras.Sequential(
        [
            keras.Input((FRAME, FRAME), name="ink"),
            layers.Flatten(),
            layers.Dense(HIDDEN, activation="relu", name="embedding"),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="dense",
    )


def build_wide() -> keras.Model:
    """Return a larger dense network for distorted digits.

    Ciresan et al. (2010) showed how far networks without convolutions come on distorted digits.
    """
    return keras.Sequential(
        [
            keras.Input((FRAME, FRAME), name="ink"),
            layers.Flatten(),
            layers.Dense(WIDE, activation="relu"),
            layers.Dense(HIDDEN, activation="relu", name="embedding"),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="wide",
    )


def build_cnn() -> keras.Model:
    """Return six convolutions that halve the picture twice, then one hidden layer.

    Normalising each layer's outputs (Ioffe & Szegedy 2015) lets it learn in a dozen epochs.
    """
    return keras.Sequential(
        [
            keras.Input((FRAME, FRAME), name="ink"),
            layers.Reshape((FRAME, FRAME, 1)),
            *_convolution(16),  # 28, 28, 16
            *_convolution(24),  # 28, 28, 24
            layers.MaxPooling2D(2),  # 14, 14, 24
            *_convolution(48),  # 14, 14, 48
            *_convolution(48),  # 14, 14, 48
            layers.MaxPooling2D(2),  # 7, 7, 48
            *_convolution(96),  # 7, 7, 96
            *_convolution(96),  # 7, 7, 96
            layers.Flatten(),  # 4704
            layers.Dropout(0.3),
            layers.Dense(EMBEDDING, activation="relu", name="embedding"),
            layers.Dense(CLASSES, activation="softmax", name="digits"),
        ],
        name="cnn",
    )


def build_line(width: int | None = None) -> keras.Model:
    """Return the line network: from strips to logits for every 4 px along them.

    Residual blocks (He et al. 2016) at three resolutions halve the strip's height four times and
    its length twice; what is left is one row, in which more of them look some 60 px to both sides.
    It is trained with CTC (Graves et al. 2006), without positions.

    Parameters
    ----------
    width : px of the strip, a multiple of 4; without it, any

    Input shape: float32, (batch, 32, width). Output shape: float32, (batch, width / 4, 15), logits
    of the blank and the symbols of `digits.types.ALPHABET`, as in Keras' CTC.
    """
    strip = keras.Input((STRIP, width), name="strip")
    x = layers.Reshape((STRIP, width or -1, 1))(strip)
    x = _line_block(x, LINE_WIDTHS[0])  # 32, w, 16
    x = layers.MaxPooling2D(2)(x)  # 16, w/2, 16
    for stage, width_of_stage in enumerate(LINE_WIDTHS[1:-1]):
        x = _line_block(x, width_of_stage)
        x = layers.Add()([x, _line_block(_line_block(x, width_of_stage), width_of_stage)])
        x = layers.MaxPooling2D((2, 1) if stage else 2)(x)  # 8, w/4; then 4, w/4
    x = _line_block(x, LINE_WIDTHS[-1])
    x = layers.Add()([x, _line_block(x, LINE_WIDTHS[-1])])
    x = _line_block(x, LINE_CONTEXT, (4, 1), "valid")  # 1, w/4, 192
    x = layers.Dropout(0.1)(x)
    for _ in range(LINE_CONTEXTS):
        x = layers.Add()([x, _line_block(x, LINE_CONTEXT, (1, 7))])
    x = layers.Dropout(0.2)(x)
    x = layers.Conv2D(1 + len(ALPHABET), (1, 3), padding="same", name="symbols")(x)
    logits = layers.Reshape((width // 4 if width else -1, 1 + len(ALPHABET)))(x)
    return keras.Model(strip, logits, name="line")


def _line_block(
    x: keras.KerasTensor, width: int, kernel: int | tuple[int, int] = 3, padding: str = "same"
) -> keras.KerasTensor:
    """One normalised convolution of a line: h, w, c -> h, w, width."""
    for layer in _convolution(width, kernel, padding):
        x = layer(x)
    return x


def build_rejection_head(network: keras.Model) -> keras.Model:
    """Return a reject head on the convolutional network: one logit, high for "not a digit".

    It uses the network's features without changing its weights.
    """
    network.trainable = False
    pooled = [layer for layer in network.layers if isinstance(layer, layers.MaxPooling2D)][-1]
    flat = next(layer for layer in network.layers if isinstance(layer, layers.Flatten))
    both = layers.Concatenate(name="rejection_features")([pooled.output, flat.input])  # 7, 7, 144
    head = keras.Sequential(
        [
            *_convolution(48),  # 7, 7, 48
            *_convolution(48),  # 7, 7, 48
            layers.Flatten(),  # 2352
            layers.Dropout(0.3),
            layers.Dense(EMBEDDING, activation="relu"),
            layers.Dense(1),
        ],
        name="not_a_digit",
    )
    return keras.Model(network.inputs[0], head(both), name="rejection")


def _convolution(
    width: int, kernel: int | tuple[int, int] = 3, padding: str = "same"
) -> list[keras.Layer]:
    """One convolution, normalised: h, w, c -> h, w, width."""
    return [
        layers.Conv2D(width, kernel, padding=padding, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


def build_page(size: int | None = None) -> keras.Model:
    """Return the network that segments a page: a U-Net (Ronneberger et al. 2015).

    Five stages halve the page to a thirty-second, two residual blocks look around there, and four
    stages bring it back to half the resolution.

    Parameters
    ----------
    size : px, side of the page; without it, any multiple of 32

    Input shape: float32, (batch, h, w, 4), as `digits.inference.segmenter.normalise` gives it.
    Output shapes: float32, (batch, h/2, w/2, 10) and (batch, h/32, w/32, 5).
    """
    page = keras.Input((size, size, CHANNELS), name="page")
    x = _block(page, PAGE_WIDTHS[0], stride=2)
    skips = [x]
    for width in PAGE_WIDTHS[1:]:
        x = _block(x, width, stride=2)
        x = layers.Add()([x, _block(x, width)])
        skips.append(x)
    for _ in range(2):
        x = layers.Add()([x, _block(x, PAGE_WIDTHS[-1])])
    coarse = layers.Conv2D(N_COARSE, 1, name="coarse")(x)
    skips.pop()
    for width in PAGE_WIDTHS[-2::-1]:
        x = layers.Conv2D(width, 1)(x)
        x = layers.UpSampling2D(2, interpolation="nearest")(x)
        x = layers.Add()([x, skips.pop()])
        x = _block(x, width if skips else PAGE_LAST)
    maps = layers.Conv2D(N_MAPS, 1, name="maps")(x)
    return keras.Model(page, [maps, coarse], name="page")


def _block(x: keras.KerasTensor, width: int, stride: int = 1) -> keras.KerasTensor:
    """One normalised convolution of a page: h, w, c -> h/stride, w/stride, width."""
    x = layers.Conv2D(width, 3, stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.97)(x))
