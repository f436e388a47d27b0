"""Strips to digits and their places, by the line network that was trained earlier."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Float64

from digits.inference.calibration import sigmoid
from digits.inference.classifier import load_card, open_session
from digits.inference.ctc import (
    BEAM,
    align,
    likeliest_of_length,
    likeliest_texts,
    log_softmax,
    substitutions,
)
from digits.types import STRIDE, ModelName

BATCH = 32  # strips that are read at once
PLAUSIBLE = 0.2  # of a number's probability, that of one digit more where its ink is seen
WIDE_BEAM = 4 * BEAM  # texts kept where only those of one length count


@dataclass(frozen=True, slots=True)
class Spelling:
    """What the line network makes of one strip."""

    digits: tuple[int, ...]  # the likeliest text
    columns: tuple[float, ...]  # px of the strip, where each digit stands
    scores: Float64[np.ndarray, "n 10"]  # log-probability of the text with each digit replaced
    certainty: float  # probability that this many digits are on the line, 0 to 1
    longer: "Spelling | None" = None  # one digit more, if that is not far less probable


@runtime_checkable
class Network(Protocol):
    """Anything that says along a strip which digit stands there."""

    def __call__(self, strips: Float32[np.ndarray, "n 32 w"]) -> Float32[np.ndarray, "n t 11"]:
        """Return logits of the blank and the ten digits for every fourth column."""


@dataclass(frozen=True)
class LineNetwork:
    """A network that reads strips, its name, and what was fitted on synthetic lines."""

    name: ModelName
    network: Network
    weight: float = 1.0  # of the digit network's log-probabilities beside this network's own
    slope: float = 1.0  # of the log-odds of a whole number, made honest (Platt 1999)
    offset: float = 0.0

    def spell(self, strips: Sequence[np.ndarray], length: int | None = None) -> list[Spelling]:
        """Return the digits on each strip and where they stand.

        Parameters
        ----------
        strips : float32, shape (32, w) each, as `digits.image.rectify` gives them
        length : how many digits each holds, if that is known
        """
        spellings: list[Spelling | None] = [None] * len(strips)
        order = sorted(range(len(strips)), key=lambda i: strips[i].shape[1])
        for start in range(0, len(order), BATCH):
            chosen = order[start : start + BATCH]
            widths = [strips[i].shape[1] for i in chosen]
            padded = np.zeros((len(chosen), strips[chosen[0]].shape[0], max(widths)), np.float32)
            for row, i in enumerate(chosen):
                padded[row, :, : widths[row]] = strips[i]
            for row, logits in enumerate(self.network(padded)):
                steps = log_softmax(logits[: -(-widths[row] // STRIDE)])
                spellings[chosen[row]] = _spell(steps, length)
        return [spelling for spelling in spellings if spelling is not None]

    def confidence(self, certainty: float) -> float:
        """Return the probability that a whole number is right: its raw one made honest."""
        odds = np.log(max(certainty, 1e-9)) - np.log(max(1 - certainty, 1e-9))
        return float(sigmoid(np.asarray(self.slope * odds + self.offset)))


def _spell(steps: np.ndarray, length: int | None) -> Spelling:
    texts = likeliest_texts(steps, BEAM if length is None else WIDE_BEAM)
    whole = float(np.logaddexp.reduce([score for _, score in texts]))
    n = len(texts[0][0]) if length is None else length
    if not any(len(text) == n for text, _ in texts):  # hardly likely
        digits = likeliest_of_length(steps, n)
        texts, n = [(digits, -np.inf)], len(digits)  # fewer where there is no room for more
    return _of_length(steps, texts, whole, n)


def _of_length(
    steps: np.ndarray, texts: list[tuple[tuple[int, ...], float]], whole: float, n: int
) -> Spelling:
    """Return the likeliest text of n digits, and with it one digit more if that is plausible."""
    alike = [(text, score) for text, score in texts if len(text) == n]
    certainty = float(np.exp(np.logaddexp.reduce([score for _, score in alike]) - whole))
    longer = [score for text, score in texts if len(text) == n + 1]
    is_plausible = longer and np.exp(np.logaddexp.reduce(longer) - whole) > PLAUSIBLE * certainty
    digits = alike[0][0]
    return Spelling(
        digits,
        tuple((span.peak + 0.5) * STRIDE for span in align(steps, digits)),
        substitutions(steps, digits),
        certainty,
        _of_length(steps, texts, whole, n + 1) if is_plausible else None,
    )


@dataclass(frozen=True)
class OnnxLine:
    """The line network as ONNX Runtime runs it."""

    session: object

    def __call__(self, strips: Float32[np.ndarray, "n 32 w"]) -> Float32[np.ndarray, "n t 11"]:
        """Return logits for every fourth column."""
        return np.asarray(self.session.run(["logits"], {"strip": strips})[0])  # type: ignore[attr-defined]


def load_line_network(path: Path) -> LineNetwork:
    """Open the line network's `.onnx` and the card beside it.

    Raises
    ------
    ModelError
        As `digits.inference.classifier.load_classifier`.
    """
    session, name = open_session(path, "strip")
    fitted = ("weight", "slope", "offset")
    card = load_card(path, fitted)
    return LineNetwork(name, OnnxLine(session), *(card[key] for key in fitted))
