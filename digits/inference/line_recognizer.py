"""Recognize the digits on a strip and their positions, with the line network."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from digits.arrays import Float32, Float64
from digits.inference.calibration import sigmoid
from digits.inference.classifier import LazySession, load_card, open_session
from digits.inference.ctc import (
    BEAM,
    align_many,
    likeliest_of_length,
    likeliest_texts,
    log_softmax,
    substitutions_many,
)
from digits.types import CLASSES, DIGITS, STRIDE, ModelName

NUMBER = re.compile(r"(-?\.?\d+([./ -]\d+)*)?")  # the format of `written`, or nothing
BATCH = 32  # strips of about one width that are padded to the widest
AT_ONCE = 8  # strips that are run at once: more do not fit in a core's cache, and take longer
PLAUSIBLE = 0.2  # least ratio of the probability of one digit more to that of this length
WIDE_BEAM = 4 * BEAM  # prefixes kept where only texts of one length count


@dataclass(frozen=True, slots=True)
class CtcDecoding:
    """The line network's decoding of one strip."""

    digits: tuple[int, ...]  # the most probable text
    columns: tuple[float, ...]  # px of the strip, centre of each symbol of `written` or each digit
    scores: Float64[np.ndarray, "n 10"]  # log-probability of the text with each digit replaced
    length_probability: float  # probability of these separators and this number of digits, 0 to 1
    written: str | None = None  # with its separators; None from a network that reads digits alone
    longer: "CtcDecoding | None" = None  # decoding with one digit more, if plausible


@runtime_checkable
class LineNetwork(Protocol):
    """Anything that scores digits along a strip."""

    def __call__(
        self, strips: Float32[np.ndarray, "n 32 w"]
    ) -> Float32[np.ndarray, "n t _classes"]:
        """Return logits of the blank and the alphabet for every fourth column."""


@dataclass(frozen=True)
class LineRecognizer:
    """A network that reads strips, with its name and its calibration on synthetic lines."""

    name: ModelName
    network: LineNetwork
    weight: float = 1.0  # of the digit network's log-probabilities relative to this network's
    slope: float = 1.0  # of the log-odds of a whole number (Platt scaling)
    offset: float = 0.0
    alphabet: str = DIGITS  # what it reads: the ten digits, perhaps separators after them
    prior: tuple[tuple[str, float], ...] = ()  # symbols, and their frequency relative to training

    def decode(self, strips: Sequence[np.ndarray], length: int | None = None) -> list[CtcDecoding]:
        """Return the digits on each strip and their positions.

        Parameters
        ----------
        strips : float32, shape (32, w) each, as `digits.image.rectify` gives them
        length : the number of digits on each, if known
        """
        return self.decode_groups([(strips, length)])[0]

    def decode_groups(
        self, groups: Sequence[tuple[Sequence[np.ndarray], int | None]]
    ) -> list[list[CtcDecoding]]:
        """Decode several groups of strips, each as `decode` would, in fewer runs of the network.

        A strip is padded to the widest of its batch, so that batches are of one group, and only
        those of one width run together.
        """
        found: list[dict[int, CtcDecoding]] = [{} for _ in groups]
        batches = [
            _Batch(g, chosen, strips, length)
            for g, (strips, length) in enumerate(groups)
            for chosen in _by_width(strips)
        ]
        shift = self._prior_shift()
        for together in _of_one_width(batches):
            padded = [batch.padded() for batch in together]
            answers = self.network(padded[0] if len(padded) == 1 else np.concatenate(padded))
            places = [(batch, i) for batch in together for i in batch.chosen]
            steps = [
                log_softmax(row[: -(-batch.strips[i].shape[1] // STRIDE)] + shift)
                for row, (batch, i) in zip(answers, places, strict=True)
            ]
            texts = [
                _texts(each, batch.length, self.alphabet)
                for each, (batch, _) in zip(steps, places, strict=True)
            ]
            decodings = _decode(steps, texts, self.alphabet)
            for (batch, i), decoding in zip(places, decodings, strict=True):
                found[batch.group][i] = decoding
        return [[decodings[i] for i in range(len(decodings))] for decodings in found]

    def open(self) -> None:
        """Open the network now, if it would be opened for the first strip."""
        if isinstance(self.network, OnnxLineNetwork) and isinstance(
            self.network.session, LazySession
        ):
            self.network.session.open()

    def _prior_shift(self) -> np.ndarray:
        """Return the offsets of the logits of the blank and the alphabet: (c,)."""
        known = dict(self.prior)
        return np.log([1.0, *(known.get(symbol, 1.0) for symbol in self.alphabet)])

    def confidence(self, probability: float) -> float:
        """Return the calibrated probability that a whole number is right."""
        odds = np.log(max(probability, 1e-9)) - np.log(max(1 - probability, 1e-9))
        return float(sigmoid(np.asarray(self.slope * odds + self.offset)))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Strips of one group that run together."""

    group: int
    chosen: list[int]
    strips: Sequence[np.ndarray]
    length: int | None

    @property
    def width(self) -> int:
        """Width of the widest strip, in px."""
        return max(int(self.strips[i].shape[1]) for i in self.chosen)

    def padded(self) -> np.ndarray:
        """Return the strips at one width: (n, 32, w)."""
        height = self.strips[self.chosen[0]].shape[0]
        padded = np.zeros((len(self.chosen), height, self.width), np.float32)
        for row, i in enumerate(self.chosen):
            padded[row, :, : self.strips[i].shape[1]] = self.strips[i]
        return padded


def _by_width(strips: Sequence[np.ndarray]) -> list[list[int]]:
    """Return batches of strips of about the same width."""
    order = sorted(range(len(strips)), key=lambda i: strips[i].shape[1])
    return [order[start : start + BATCH] for start in range(0, len(order), BATCH)]


def _of_one_width(batches: Sequence[_Batch]) -> list[list[_Batch]]:
    """Return batches that may run together, of at most `BATCH` strips in all."""
    together: list[list[_Batch]] = []
    for batch in sorted(batches, key=lambda batch: batch.width):
        last = together[-1] if together else []
        n_strips = sum(len(each.chosen) for each in last)
        if last and last[0].width == batch.width and n_strips + len(batch.chosen) <= BATCH:
            last.append(batch)
        else:
            together.append([batch])
    return together


@dataclass(frozen=True, slots=True)
class _LikelyText:
    """A text that a strip may hold."""

    symbols: tuple[int, ...]
    probability: float  # of its separators and its number of digits


def _texts(steps: np.ndarray, length: int | None, alphabet: str) -> list[_LikelyText]:
    """Return the best text, and those with one digit more each as long as they are plausible."""
    if length is None:
        texts = likeliest_texts(steps)
    else:  # however unlikely a text of this length is
        texts = likeliest_texts(steps, WIDE_BEAM, negligible=-np.inf)
    whole = float(np.logaddexp.reduce([score for _, score in texts]))
    texts = [pair for pair in texts if _is_number(pair[0], alphabet)] or texts
    n = _n_digits(texts[0][0]) if length is None else length
    if not any(_n_digits(text) == n for text, _ in texts):  # no such text survived the beam
        digits = likeliest_of_length(steps, n)
        texts, n = [(digits, -np.inf)], len(digits)  # fewer where they do not fit
    found: list[_LikelyText] = []
    while True:
        best = next(text for text, _ in texts if _n_digits(text) == n)
        shape = _shape(best)
        probability = _share([score for text, score in texts if _shape(text) == shape], whole)
        found.append(_LikelyText(best, probability))
        n += 1
        longer = _share([score for text, score in texts if _n_digits(text) == n], whole)
        if not longer > PLAUSIBLE * probability:
            return found


def _is_number(text: tuple[int, ...], alphabet: str) -> bool:
    """Return whether separators are at valid positions; a number does not end in a slash."""
    return bool(NUMBER.fullmatch("".join(alphabet[symbol] for symbol in text)))


def _n_digits(text: tuple[int, ...]) -> int:
    return sum(symbol < CLASSES for symbol in text)


def _shape(text: tuple[int, ...]) -> tuple[int, ...]:
    """Return a text with all digits replaced by one: its separators and their positions."""
    return tuple(max(symbol, CLASSES - 1) for symbol in text)


def _share(scores: list[float], whole: float) -> float:
    """Return the probability of several texts together, given that of all."""
    return float(np.exp(np.logaddexp.reduce(scores) - whole)) if scores else 0.0


def _decode(
    steps: Sequence[np.ndarray], texts: Sequence[Sequence[_LikelyText]], alphabet: str
) -> list[CtcDecoding]:
    """Return the decoding of each strip, with the longer ones of its texts."""
    owners = [i for i, some in enumerate(texts) for _ in some]
    likely = [text for some in texts for text in some]
    symbols = [text.symbols for text in likely]
    along = [steps[i] for i in owners]
    spans, scores = align_many(along, symbols), substitutions_many(along, symbols)
    decodings: dict[int, CtcDecoding] = {}  # of each strip, the longest text first
    for at in reversed(range(len(owners))):
        decodings[owners[at]] = CtcDecoding(
            tuple(symbol for symbol in symbols[at] if symbol < CLASSES),
            tuple((span.peak + 0.5) * STRIDE for span in spans[at]),
            scores[at],
            likely[at].probability,
            None if alphabet == DIGITS else "".join(alphabet[i] for i in symbols[at]),
            decodings.get(owners[at]),
        )
    return [decodings[i] for i in range(len(texts))]


@dataclass(frozen=True)
class OnnxLineNetwork:
    """The line network as ONNX Runtime runs it."""

    session: object

    def __call__(
        self, strips: Float32[np.ndarray, "n 32 w"]
    ) -> Float32[np.ndarray, "n t _classes"]:
        """Return logits for every fourth column."""
        parts = [
            self.session.run(["logits"], {"strip": strips[start : start + AT_ONCE]})[0]  # type: ignore[attr-defined]
            for start in range(0, len(strips), AT_ONCE)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def load_line_recognizer(path: Path) -> LineRecognizer:
    """Open the line network's `.onnx` and the card beside it.

    Raises
    ------
    ModelError
        As `digits.inference.classifier.load_classifier`.
    """
    session, name = open_session(path, "strip")
    return _recognizer(path, name, OnnxLineNetwork(session))


def open_line_recognizer(path: Path) -> LineRecognizer:
    """Return the line network at `path`, to be opened when a strip needs it.

    Raises
    ------
    ModelError
        The card beside it is missing or damaged.
    """
    card = load_card(path)
    network = OnnxLineNetwork(LazySession(path, "strip"))
    return _recognizer(path, ModelName(card["name"], card["sha256"]), network)


def _recognizer(path: Path, name: ModelName, network: LineNetwork) -> LineRecognizer:
    card = load_card(path, ("weight", "slope", "offset"))
    return LineRecognizer(
        name,
        network,
        weight=card["weight"],
        slope=card["slope"],
        offset=card["offset"],
        alphabet=card.get("alphabet", DIGITS),  # the first networks read digits alone
        prior=tuple(card.get("prior", {}).items()),
    )
