"""Classify frames with a trained network.

A model consists of two files: `NAME.onnx`, which ONNX Runtime runs, and `NAME.json`, its card with
the checksum of the model.
"""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import onnxruntime

from digits.arrays import Bool, Float32
from digits.errors import ModelError
from digits.inference.calibration import Rejection, softmax
from digits.io.verified import read_verified
from digits.types import CLASSES, Frame, Frames, Logits, ModelName, Probabilities

BATCH = 16  # frames that are run at once: more do not fit in a core's cache, and take longer
HEADS = ("logits", "not_a_digit")  # outputs used for reading; the second only with a reject head


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of frames, before calibration."""

    logits: Logits
    not_a_digit: Float32[np.ndarray, " n"] | None = None  # logits; None without a reject head


@dataclass(frozen=True, slots=True)
class Answers:
    """Calibrated probabilities of frames."""

    probabilities: Probabilities  # of each digit, if it is one
    not_a_digit: Float32[np.ndarray, " n"] | None  # None without a reject head
    rejected: Bool[np.ndarray, " n"]  # above the threshold of "not a digit"


@runtime_checkable
class DigitNetwork(Protocol):
    """A network for digits."""

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a reject head."""


@runtime_checkable
class ExplainableNetwork(DigitNetwork, Protocol):
    """A network that also returns its inner layers."""

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
    rejection: Rejection | None = None  # None without a reject head

    def classify(self, frames: Frames) -> Answers:
        """Return probabilities of n frames, and whether they are rejected; n may be 0."""
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
        """Return the network's last hidden layer, in which similar digits are close.

        Parameters
        ----------
        frames : float32, shape (n, 28, 28); n may be 0

        Raises
        ------
        ModelError
            The network is a `.h5`, which returns probabilities only.
        """
        return self._explainable().embed(frames)

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer for one frame, from the first to the logits.

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
            f"{self.name.name} returns probabilities only: choose a model that is served as .onnx"
        )


@dataclass(frozen=True)
class OnnxNetwork:
    """A network in ONNX Runtime, on one thread, which is fastest for single digits."""

    session: onnxruntime.InferenceSession

    def __call__(self, frames: Frames) -> Scores:
        """Return scores: (n, 28, 28) -> (n, 10), and (n,) from a reject head."""
        return self.run(frames)[0]

    def run(self, frames: Frames) -> tuple[Scores, Float32[np.ndarray, "n _units"]]:
        """Return scores and the last hidden layer, of at most `BATCH` frames at once."""
        wanted = [name for name in (*HEADS, "embedding") if name in self._outputs]
        parts = [
            self.session.run(wanted, {"ink": frames[start : start + BATCH]})
            for start in range(0, max(1, len(frames)), BATCH)
        ]
        together = map(np.concatenate, zip(*parts, strict=True))
        found = dict(zip(wanted, together, strict=True))
        rejection = found.get("not_a_digit")
        scores = Scores(found["logits"], None if rejection is None else rejection[:, 0])
        return scores, found["embedding"]

    def embed(self, frames: Frames) -> Float32[np.ndarray, "n _units"]:
        """Return the last hidden layer: (n, 28, 28) -> (n, units)."""
        return np.asarray(self.session.run(["embedding"], {"ink": frames})[0])

    def activations(self, frame: Frame) -> list[tuple[str, np.ndarray]]:
        """Return the output of each layer, the first first, without the reject head."""
        found = dict(zip(self._outputs, self.session.run(None, {"ink": frame[None]}), strict=True))
        inner = [name for name in found if name not in (*HEADS, "embedding")]
        return [(name, found[name][0]) for name in (*inner, "embedding", "logits")]

    @cached_property
    def _outputs(self) -> list[str]:
        return [output.name for output in self.session.get_outputs()]


def load_classifier(path: Path) -> Classifier:
    """Open an `.onnx` and the card beside it.

    Raises
    ------
    ModelError
        The model or its card is missing, or the model has another checksum than its card.
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
    takes : name of its input
    gives : name of its first output

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
    # The arena would keep what the largest page took, and makes nothing faster.
    options.enable_cpu_mem_arena = False
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the errors of ONNX Runtime have no common class
        raise ModelError(f"{path.name} cannot be run by ONNX Runtime: train it again") from error
    inputs = [each.name for each in session.get_inputs()]
    if inputs != [takes] or gives not in [each.name for each in session.get_outputs()]:
        raise ModelError(f"{path.name} is another kind of network: train it again")
    return session, ModelName(card["name"], found)


@dataclass(frozen=True, slots=True)
class LazySession:
    """A session that is opened when it first runs: what needs no such network starts sooner."""

    path: Path
    takes: str
    gives: str = "logits"

    def run(self, outputs: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        """Return outputs by name.

        Raises
        ------
        ModelError
            As `load_classifier`, the first time.
        """
        found: list[np.ndarray] = self.open().run(outputs, inputs)
        return found

    def open(self) -> onnxruntime.InferenceSession:
        """Open the session now, unless it is open.

        Raises
        ------
        ModelError
            As `load_classifier`.
        """
        return _session(self)


@lru_cache(maxsize=4)
def _session(lazy: LazySession) -> onnxruntime.InferenceSession:
    return open_session(lazy.path, lazy.takes, lazy.gives)[0]


def load_card(path: Path, wanted: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the card of the model at `path`, with required fields.

    Raises
    ------
    ModelError
        There is no card, or it lacks a required field.
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
        raise ModelError(f"the card {card_file.name} lacks {', '.join(sorted(missing))}")
    return card
