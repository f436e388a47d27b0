"""Frames to probabilities, by a network that was trained earlier.

A model is two files: `NAME.onnx`, which ONNX Runtime runs, and `NAME.json`, the card that
training wrote, with the checksum that the model must have.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import onnxruntime

from digits.core import CLASSES, Frames, Logits, ModelError, ModelName, Probabilities
from digits.model.calibration import softmax


@runtime_checkable
class Network(Protocol):
    """Anything that scores frames."""

    def __call__(self, frames: Frames) -> Logits:
        """Return logits: (n, 28, 28) -> (n, 10)."""


@dataclass(frozen=True)
class Classifier:
    """A network, its temperature, and its name."""

    name: ModelName
    network: Network
    temperature: float = 1.0

    def classify(self, frames: Frames) -> Probabilities:
        """Return the probability of each digit: (n, 28, 28) -> (n, 10); n may be 0."""
        if not len(frames):
            return np.zeros((0, CLASSES), np.float32)
        return softmax(self.network(frames), self.temperature)


@dataclass(frozen=True)
class OnnxNetwork:
    """A network as ONNX Runtime runs it, on one thread: a second gains nothing on one digit."""

    session: onnxruntime.InferenceSession

    def __call__(self, frames: Frames) -> Logits:
        """Return logits: (n, 28, 28) -> (n, 10)."""
        return np.asarray(self.session.run(["logits"], {"ink": frames})[0])

    def embed(self, frames: Frames) -> np.ndarray:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""
        return np.asarray(self.session.run(["embedding"], {"ink": frames})[0])


def load_classifier(path: Path) -> Classifier:
    """Open an `.onnx` and the card beside it.

    Raises
    ------
    ModelError
        The model or its card is missing, or the model is not the one that the card describes.
    """
    session, name = open_session(path)
    return Classifier(name, OnnxNetwork(session), load_card(path, ("temperature",))["temperature"])


def open_session(path: Path) -> tuple[onnxruntime.InferenceSession, ModelName]:
    """Open an `.onnx` after comparing it with its card.

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    card = load_card(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"the model {path} cannot be read ({error.strerror}): "
            "download the project again, or choose another model"
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card["sha256"]:
        raise ModelError(
            f"the model {path.name} is damaged (SHA-256 {found[:8]} where its card says "
            f"{card['sha256'][:8]}): download the project again, or train anew"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no narrower parent
        raise ModelError(f"{path.name} is no model that ONNX Runtime runs: train anew") from error
    return session, ModelName(card["name"], found)


def load_card(path: Path, wanted: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what training wrote about the model at `path`, and see that it says what is wanted.

    Raises
    ------
    ModelError
        There is no card, or it lacks what is needed to run the model.
    """
    card_file = path.with_suffix(".json")
    try:
        card: dict[str, Any] = json.loads(card_file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"the model {path.name} has no card {card_file.name} beside it: train it again, "
            "or choose another model"
        ) from error
    except ValueError as error:
        raise ModelError(f"the card {card_file.name} is damaged: train the model again") from error
    missing = {"name", "sha256", *wanted} - card.keys()
    if missing:
        raise ModelError(f"the card {card_file.name} does not say {', '.join(sorted(missing))}")
    return card
