"""Frames to probabilities, by a network that was trained earlier.

A model is two files: `NAME.onnx`, which ONNX Runtime runs, and `NAME.json`, the card that
training wrote, with the checksum that the model must have.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import onnxruntime
from jaxtyping import Bool, Float32

from digits.errors import ModelError
from digits.inference.calibration import Rejection, softmax
from digits.io.verified import read_verified
from digits.types import CLASSES, Frame, Frames, Logits, ModelName, Probabilities

HEADS = ("logits", "not_a_digit")  # the outputs that reading asks for; the second is not in all


@dataclass(frozen=True, slots=True)
class Scores:
    """What a network says of frames, before any calibration."""

    logits: Logits
    not_a_digit: Float32[np.ndarray, " n"] | None = None  # logits; None: no such head


@dataclass(frozen=True, slots=True)
class Answers:
    """What a classifier says of frames, as probabilities."""

    probabilities: Probabilities  # of each digit, if it is one
    not_a_digit: Float32[np.ndarray, " n"] | None  # None where the network cannot tell
    rejected: Bool[np.ndarray, " n"]  # what is too likely no digit to be given a value


@runtime_checkable
class DigitNetwork(Protocol):
    """Anything that scores frames."""

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a second head."""


@runtime_checkable
class ExplainableNetwork(DigitNetwork, Protocol):
    """A network that also shows what it computes on the way."""

    def embed(self, frames: Frames) -> Float32[np.ndarray, "n _units"]:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer, the first first."""


@dataclass(frozen=True)
class Classifier:
    """A network, its calibration, and its name."""

    name: ModelName
    network: DigitNetwork
    temperature: float = 1.0
    rejection: Rejection | None = None  # how to take the network's second head, if it has one

    def classify(self, frames: Frames) -> Answers:
        """Return what each of n frames shows, and whether it is a digit at all; n may be 0."""
        if not len(frames):
            nothing = np.zeros((0, CLASSES), np.float32)
            return Answers(nothing, None, np.zeros(0, bool))
        scores = self.network(frames)
        probabilities = softmax(scores.logits, self.temperature)
        if self.rejection is None or scores.not_a_digit is None:
            return Answers(probabilities, None, np.zeros(len(frames), bool))
        not_a_digit = self.rejection.probability(scores.not_a_digit)
        return Answers(probabilities, not_a_digit, not_a_digit > self.rejection.threshold)

    def embed(self, frames: Frames) -> Float32[np.ndarray, "n _units"]:
        """Return the network's last hidden layer, in which digits that look alike lie close.

        Parameters
        ----------
        frames : float32, shape (n, 28, 28); n may be 0

        Raises
        ------
        ModelError
            The network is a `.h5`, which shows its answer alone.
        """
        return self._explainable().embed(frames)

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return what each layer makes of one frame, from the first to the logits.

        Returns
        -------
        list of name and float32 array
            (channels, height, width) of convolutions and poolings, (units,) of "embedding" and
            "logits".

        Raises
        ------
        ModelError
            As `embed`.
        """
        return self._explainable().activations(frame)

    def _explainable(self) -> ExplainableNetwork:
        if isinstance(self.network, ExplainableNetwork):
            return self.network
        raise ModelError(
            f"{self.name.name} shows its answer alone: choose a model that is served as .onnx"
        )


@dataclass(frozen=True)
class OnnxNetwork:
    """A network as ONNX Runtime runs it, on one thread: a second gains nothing on one digit."""

    session: onnxruntime.InferenceSession

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a second head."""
        return self.run(frames)[0]

    def run(self, frames: Frames) -> tuple[Scores, Float32[np.ndarray, "n _units"]]:
        """Return scores and the last hidden layer from one run."""
        wanted = [name for name in (*HEADS, "embedding") if name in self._outputs()]
        found = dict(zip(wanted, self.session.run(wanted, {"ink": frames}), strict=True))
        rejection = found.get("not_a_digit")
        scores = Scores(found["logits"], None if rejection is None else rejection[:, 0])
        return scores, found["embedding"]

    def embed(self, frames: Frames) -> Float32[np.ndarray, "n _units"]:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""
        return np.asarray(self.session.run(["embedding"], {"ink": frames})[0])

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer, the first first, without the second head."""
        found = dict(
            zip(self._outputs(), self.session.run(None, {"ink": frame[None]}), strict=True)
        )
        inner = [name for name in found if name not in (*HEADS, "embedding")]
        return [(name, found[name][0]) for name in (*inner, "embedding", "logits")]

    def _outputs(self) -> list[str]:
        return [output.name for output in self.session.get_outputs()]


def load_classifier(path: Path) -> Classifier:
    """Open an `.onnx` and the card beside it.

    Raises
    ------
    ModelError
        The model or its card is missing, or the model is not the one that the card describes.
    """
    session, name = open_session(path, "ink")
    card = load_card(path, ("temperature",))
    fitted = card.get("not_a_digit")
    rejection = (
        Rejection(fitted["slope"], fitted["offset"], fitted["threshold"]) if fitted else None
    )
    return Classifier(name, OnnxNetwork(session), card["temperature"], rejection)


def open_session(
    path: Path, takes: str, gives: str = "logits"
) -> tuple[onnxruntime.InferenceSession, ModelName]:
    """Open an `.onnx` after comparing it with its card.

    Parameters
    ----------
    takes : the name of its one input
    gives : the name of its first answer

    Raises
    ------
    ModelError
        As `load_classifier`.
    """
    card = load_card(path)
    content, found = read_verified(
        path,
        card["sha256"],
        what=f"the model {path.name}",
        advice="download the project again, or choose another model",
        error=ModelError,
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no narrower parent
        raise ModelError(f"{path.name} is no model that ONNX Runtime runs: train anew") from error
    inputs = [each.name for each in session.get_inputs()]
    if inputs != [takes] or gives not in [each.name for each in session.get_outputs()]:
        raise ModelError(f"{path.name} is another kind of network than wanted here: train anew")
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
    if not isinstance(card, dict):
        raise ModelError(f"the card {card_file.name} is damaged: train the model again")
    missing = {"name", "sha256", *wanted} - card.keys()
    if missing:
        raise ModelError(f"the card {card_file.name} does not say {', '.join(sorted(missing))}")
    return card
