"""The numbers that a dense network learned, out of its `.onnx` file.

ONNX Runtime answers but does not show weights, and the onnx library is installed for training
alone. An `.onnx` is a message of Protocol Buffers, of which four fields are wanted here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from digits.errors import ModelError
from digits.types import CLASSES, FRAME

INPUTS = FRAME * FRAME  # pixels, each an input of the network
# Field numbers of onnx.proto (ModelProto, GraphProto, TensorProto) and its code for float32.
GRAPH, INITIALIZER, DIMS, DATA_TYPE, RAW_DATA = 7, 5, 1, 2, 9
FLOAT = 1
# How a field is written (Protocol Buffers, "Encoding"): as a number, or with its length before it.
VARINT, DELIMITED = 0, 2
FIXED = {1: 8, 5: 4}  # bytes of the kinds of fixed length


@dataclass(frozen=True)
class DenseWeights:
    """A network of one hidden layer: what it multiplies with and what it adds."""

    hidden: Float32[np.ndarray, "784 units"]
    hidden_bias: Float32[np.ndarray, " units"]
    output: Float32[np.ndarray, "units 10"]
    output_bias: Float32[np.ndarray, "10"]


def load_dense_weights(path: Path) -> DenseWeights:
    """Return the weights in the `.onnx` at `path`.

    Raises
    ------
    ModelError
        The file cannot be read, or holds no network of one hidden layer.
    """
    try:
        found = {array.shape: array for array in _initializers(path.read_bytes())}
        units = next(shape[1] for shape in found if len(shape) > 1 and shape[0] == INPUTS)
        shapes = [(INPUTS, units), (units,), (units, CLASSES), (CLASSES,)]
        return DenseWeights(*(found[shape] for shape in shapes))
    except OSError as error:
        raise ModelError(f"the model {path.name} cannot be read ({error.strerror})") from error
    except (IndexError, KeyError, StopIteration, TypeError, ValueError) as error:
        raise ModelError(f"{path.name} holds no network with one hidden layer") from error


def _initializers(content: bytes) -> Iterator[np.ndarray]:
    """Yield each array of float32 that the graph carries."""
    for graph in _all(content, GRAPH):
        for tensor in _all(graph, INITIALIZER):
            if _all(tensor, DATA_TYPE) == [FLOAT] and (raw := _all(tensor, RAW_DATA)):
                yield np.frombuffer(raw[0], "<f4").reshape(_all(tensor, DIMS)).astype(np.float32)


def _all(message: bytes, wanted: int) -> list:  # type: ignore[type-arg]  # numbers or bytes
    """Return every value of one field of a message."""
    values, at = [], 0
    while at < len(message):
        tag, at = _varint(message, at)
        field, kind = tag >> 3, tag & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(message, at)
        else:
            length, at = _varint(message, at) if kind == DELIMITED else (FIXED[kind], at)
            value, at = message[at : at + length], at + length
        if field == wanted:
            values.append(value)
    return values


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a number written seven bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = message[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:  # noqa: PLR2004  # the top bit says that more follows
            return value, at
