"""Run an `.h5` with Keras; no other module imports TensorFlow for reading."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from digits.errors import MissingLibraryError, ModelError
from digits.inference.classifier import Classifier, Scores
from digits.types import CLASSES, FRAME, Frames, ModelName

if TYPE_CHECKING:
    import keras

TAKEN = ((FRAME, FRAME), (FRAME, FRAME, 1), (1, FRAME, FRAME), (FRAME * FRAME,))
SMALLEST = 1e-7  # probability that float32 softmax may round to 0
SUM_TOLERANCE = 1e-3  # largest deviation of a softmax's sum from 1


@dataclass(frozen=True)
class KerasNetwork:
    """A network run by Keras."""

    model: "keras.Model"

    def __call__(self, frames: Frames) -> Scores:
        """Return logits, or the logarithm of a final softmax: (n, 28, 28) -> (n, 10)."""
        shape = (len(frames), *self.model.input_shape[1:])
        scores = np.asarray(self.model(frames.reshape(shape), training=False), np.float32)
        if scores.min() >= 0 and np.allclose(scores.sum(axis=1), 1, atol=SUM_TOLERANCE):
            return Scores(np.log(np.maximum(scores, np.float32(SMALLEST))))
        return Scores(scores)


def load_keras_file(path: Path) -> Classifier:
    """Open an `.h5` that Keras saved.

    Raises
    ------
    MissingLibraryError
        TensorFlow is not installed.
    ModelError
        The file is missing, was made by another Keras, or has another shape.
    """
    try:
        import keras
    except ImportError as error:
        raise MissingLibraryError(
            f"reading with {path.name} needs TensorFlow, which is not installed: "
            "use Python 3.11, 3.12 or 3.13 and run: python -m pip install -r requirements.txt"
        ) from error
    if not path.is_file():
        raise ModelError(f"there is no model {path}: check the name, or train it first")
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # layers raise errors of any kind
        raise ModelError(
            f"{path.name} cannot be opened by Keras {keras.__version__}: it is damaged or was "
            "saved by another version; train it again with python train_model.py"
        ) from error
    if model.input_shape[1:] not in TAKEN or model.output_shape[1:] != (CLASSES,):
        raise ModelError(
            f"{path.name} takes {model.input_shape[1:]} and gives {model.output_shape[1:]}; "
            f"a network with input {FRAME}x{FRAME} and {CLASSES} outputs is required"
        )
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Classifier(ModelName(path.name, sha256), KerasNetwork(model))
