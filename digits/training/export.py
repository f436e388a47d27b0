"""Export trained Keras networks to ONNX with logits and embedding."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime

from digits.errors import ModelError
from digits.inference.classifier import OnnxNetwork, Scores
from digits.io.atomic_write import atomic_write
from digits.training.graph import named, with_layers
from digits.types import Frames

OUTPUTS = ("logits", "embedding", "not_a_digit")  # the last only with a reject head
COMPARED = 512  # frames; Keras keeps the inner layers of all of them at once, 400 MB
TOLERANCE = 1e-4  # largest difference of a logit between Keras and ONNX Runtime


@contextmanager
def staged(run: Path) -> Iterator[Path]:
    """Yield an empty folder whose files move to `run` at the end, or not at all."""
    run.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=run, prefix=".export-") as name:
        yield Path(name)
        for file in sorted(Path(name).iterdir()):
            file.replace(run / file.name)


def export_onnx(
    network: keras.Model, path: Path, frames: Frames, rejection: keras.Model | None = None
) -> Scores:
    """Write `network` as ONNX, after comparing it with Keras.

    Parameters
    ----------
    network : ends in a softmax layer "digits" after a layer "embedding"
    path : of the ONNX file, which is replaced atomically
    frames : both must agree within `TOLERANCE` on the first `COMPARED` of them
    rejection : the network's reject head, if it has one

    Returns
    -------
    the logits of `frames` by ONNX Runtime, of all heads

    Raises
    ------
    ModelError
        The two differ; nothing is written.
    """
    twin = with_logits(network, rejection)
    expected = [np.asarray(each) for each in twin(frames[:COMPARED], training=False)]
    signature = [
        keras.InputSpec(shape=(None, *network.input_shape[1:]), dtype="float32", name="ink")
    ]
    content = with_layers(to_onnx(twin, ("ink", *OUTPUTS), signature))
    outputs = dict(zip(OUTPUTS[: len(expected)], expected, strict=True))
    return OnnxNetwork(write_onnx(path, content, frames[:COMPARED], outputs))(frames)


def export_line(network: keras.Model, path: Path, strips: np.ndarray) -> None:
    """Write the line network as ONNX, after comparing it with Keras.

    Raises
    ------
    ModelError
        The two differ; nothing is written.
    """
    expected = np.asarray(network(strips, training=False))
    write_onnx(path, to_onnx(network, ("strip", "logits")), strips, {"logits": expected})


def to_onnx(network: keras.Model, names: tuple[str, ...], signature: Any = None) -> bytes:  # noqa: ANN401  # Keras' own
    """Return a network as ONNX, with these names of its input and its outputs."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "network.onnx"
        network.export(str(written), format="onnx", verbose=False, input_signature=signature)
        return named(written.read_bytes(), names)


def write_onnx(
    path: Path, content: bytes, batch: np.ndarray, expected: Mapping[str, np.ndarray]
) -> onnxruntime.InferenceSession:
    """Write an ONNX network, after comparing it with Keras on a batch.

    Parameters
    ----------
    expected : name of each output, and Keras' values of it

    Raises
    ------
    ModelError
        The two differ; nothing is written.
    """
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = session.run(list(expected), {session.get_inputs()[0].name: batch})
    difference = max(
        float(np.abs(theirs - ours).max())
        for theirs, ours in zip(found, expected.values(), strict=True)
    )
    if not difference <= TOLERANCE:
        raise ModelError(
            f"the exported network differs from Keras by {difference:.2g} where {TOLERANCE} is "
            "allowed; nothing was written"
        )
    atomic_write(path, content)
    return session


def with_logits(network: keras.Model, rejection: keras.Model | None = None) -> keras.Model:
    """Return the network with its logits, embedding and "not a digit" logit as outputs."""
    last = network.get_layer("digits")
    embedding = network.get_layer("embedding").output
    logits = keras.layers.Dense(last.units, name="logits")
    outputs = [logits(last.input), embedding]
    if rejection is not None:
        outputs.append(rejection.outputs[0])
    twin = keras.Model(network.inputs[0], outputs)
    logits.set_weights(last.get_weights())
    return twin


def multiply_adds(network: keras.Model) -> int:
    """Return the number of multiplications of convolutions and dense layers in one pass."""
    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.Sequential):  # a head
            total += multiply_adds(layer)
        elif isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.kernel.shape)) * int(np.prod(layer.output.shape[1:3]))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total
