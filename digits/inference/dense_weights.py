"""The weights of a network with one hidden layer, stored next to its `.onnx` to explain it."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from digits.arrays import Float32
from digits.errors import ModelError
from digits.inference.classifier import load_card
from digits.io.atomic_write import atomic_write
from digits.io.verified import read_arrays

SUFFIX = ".weights.npz"
WEIGHTS_CHECKSUM = "weights_sha256"  # in the network's card


@dataclass(frozen=True)
class DenseWeights:
    """Kernels and biases of both layers."""

    hidden: Float32[np.ndarray, "784 units"]
    hidden_bias: Float32[np.ndarray, " units"]
    output: Float32[np.ndarray, "units 10"]
    output_bias: Float32[np.ndarray, "10"]


NAMES = tuple(field.name for field in fields(DenseWeights))


def write_dense_weights(path: Path, arrays: Sequence[np.ndarray]) -> str:
    """Write the weights of the `.onnx` at `path`; return the checksum for its card."""
    file = io.BytesIO()
    named: dict[str, Any] = dict(zip(NAMES, arrays, strict=True))
    np.savez_compressed(file, **named)
    atomic_write(path.with_suffix(SUFFIX), file.getvalue())
    return hashlib.sha256(file.getvalue()).hexdigest()


def load_dense_weights(path: Path) -> DenseWeights:
    """Return the weights of the `.onnx` at `path`.

    Raises
    ------
    ModelError
        The network has more than one hidden layer, or its weights are missing or damaged.
    """
    expected = load_card(path).get(WEIGHTS_CHECKSUM)
    if expected is None:
        raise ModelError(
            f"{path.name} has no weights to show: choose a network with one hidden layer"
        )
    return DenseWeights(*read_arrays(path.with_suffix(SUFFIX), expected, NAMES))
