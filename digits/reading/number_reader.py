"""Read the numbers of text regions with the line network and the digit network."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from digits.image.digit_segmentation import Glyph
from digits.image.page_segmentation import TextRegion
from digits.image.rectify import MARGIN, SIDE_MARGIN, box_region, straighten, to_strip
from digits.image.separators import fill_digits, leaves_doubt, may_be_slash, to_written
from digits.inference.classifier import Answers, Classifier
from digits.inference.ctc import log_softmax
from digits.inference.line_recognizer import LineRecognizer
from digits.reading.composition import ReadNumber
from digits.reading.hypotheses import (
    LineHypothesis,
    extend_while_plausible,
    segment_line,
    to_frames,
)
from digits.reading.steps import Call, Classify, Decode, Steps, answer_calls, run_together
from digits.types import REJECTED, Box, Digit, Frame, Line, Mark, Page

SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number
ALONE = 0.999  # probability from which the digit network's answer needs no second one
REJECTED_BY_BOTH = 0.5  # probability, for either network, that there is no digit
CONFIDENT_CLASS = 0.6  # probability of a digit, from which the line network decides rejection
TEXTURE = 0.5  # share of a page's characters that are rejected, from which all of them are

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Piece:
    """A known piece of a page that is to be read."""

    region: TextRegion
    length: int | None = None  # digits of the number, if known
    glyph: Glyph | None = None  # px of the piece: the ink of its one digit; None: a number


@dataclass(frozen=True, slots=True)
class ClassifiedFrame:
    """One of the frames that the digit network classified, and both networks' answer."""

    frame: Frame
    probabilities: np.ndarray  # (10,), of both networks
    not_a_digit: float | None  # None without a reject head
    rejected: bool  # by the digit network's own threshold

    def digit(self, box: Box, limit: float | None) -> Digit:
        """Return the character with its value, or with none where it is rejected.

        Parameters
        ----------
        box : px of the original
        limit : probability of "not a digit" above which it is rejected instead
        """
        rejected = self.rejected
        if limit is not None and self.not_a_digit is not None:
            rejected = self.not_a_digit > limit
        value = int(self.probabilities.argmax())
        return Digit(
            value=None if rejected else value,
            confidence=float(self.probabilities[value]),
            box=box,
            probabilities=tuple(map(float, self.probabilities)),
            not_a_digit=self.not_a_digit,
            frame=self.frame,
        )


@dataclass(frozen=True)
class NumberReader:
    """Reads numbers with two networks. Immutable, so that threads may share it."""

    classifier: Classifier
    line_recognizer: LineRecognizer

    def run(self, steps: Steps[T]) -> T:
        """Take all steps of one reading."""
        (result,) = run_together([steps], self.answer)
        if isinstance(result, Exception):
            raise result
        return result

    def answer(self, calls: Sequence[Call]) -> list[Any]:
        """Return the networks' answers to calls, as `digits.reading.steps.answer_calls`."""
        return answer_calls(self.classifier, self.line_recognizer, calls)

    def read_lines(self, found: Sequence[TextRegion]) -> list[Line]:
        """Read pieces of a page that hold one number each; the empty ones give an empty line."""
        return [number.line for number in self.run(self.read_numbers(found))]

    def read_pieces(self, pieces: Sequence[Piece]) -> list[ReadNumber]:
        """Read known pieces of a page in one batch; each by itself, whatever the others hold.

        Parameters
        ----------
        pieces : of one number each, or of one digit whose ink is known
        """
        return self.run(self._read_pieces(pieces))

    def find_hypotheses(self, found: Sequence[TextRegion]) -> list[LineHypothesis]:
        """Return for each number how many digits it has and where they are."""
        return self.run(self._find_hypotheses(found))

    # What follows reads in steps, see `digits.reading.steps`.

    def read_numbers(self, found: Sequence[TextRegion]) -> Steps[tuple[ReadNumber, ...]]:
        """Read the numbers of a page; all characters are rejected where half of them are."""
        hypotheses = yield from self._find_hypotheses(found)
        numbers = yield from self.classify(found, hypotheses)
        return reject_if_mostly_rejected(numbers)

    def _read_pieces(self, pieces: Sequence[Piece]) -> Steps[list[ReadNumber]]:
        hypotheses = [LineHypothesis((piece.glyph,)) for piece in pieces]
        lines = [i for i, piece in enumerate(pieces) if piece.glyph is None]
        found = yield from self._find_hypotheses([pieces[i].region for i in lines])
        for i, hypothesis in zip(lines, found, strict=True):
            hypotheses[i] = hypothesis
        numbers = yield from self.classify([piece.region for piece in pieces], hypotheses)
        for i, (piece, number) in enumerate(zip(pieces, numbers, strict=True)):
            digits = number.line.digits
            if piece.length is not None and digits and len(digits) != piece.length:
                numbers[i] = yield from self.read_again(piece.region, number, piece.length)
        return numbers

    def read_again(self, part: TextRegion, number: ReadNumber, length: int) -> Steps[ReadNumber]:
        """Read a number again with a known number of digits, which lowers its confidence."""
        if part.page is None:
            return number
        (decoding,) = yield Decode([to_strip(part.page)], length)
        hypothesis = replace(segment_line(part.page, decoding), length_probability=1.0)
        (again,) = yield from self.classify([part], [hypothesis])
        confidence = again.line.confidence * decoding.length_probability
        return replace(again, line=replace(again.line, confidence=confidence))

    def _find_hypotheses(self, found: Sequence[TextRegion]) -> Steps[list[LineHypothesis]]:
        pages = {i: part.page for i, part in enumerate(found) if part.page is not None}
        hypotheses = [LineHypothesis()] * len(found)
        if not pages:
            return hypotheses
        decodings = yield Decode([to_strip(page) for page in pages.values()])
        for (i, page), decoding in zip(pages.items(), decodings, strict=True):
            hypotheses[i] = extend_while_plausible(page, decoding)
        return hypotheses

    def classify(
        self, found: Sequence[TextRegion], hypotheses: Sequence[LineHypothesis]
    ) -> Steps[list[ReadNumber]]:
        """Read the digits of each number: both networks' scores are added."""
        frames = to_frames([glyph for number in hypotheses for glyph in number.glyphs])
        answers = yield Classify(frames)
        both = yield from self._combine(found, hypotheses, np.asarray(answers.probabilities))
        classified = [_classified(frames[i], both[i], answers, i) for i in range(len(frames))]
        numbers, start = [], 0
        for part, number in zip(found, hypotheses, strict=True):
            numbers.append(self._line(part, number, classified[start : start + len(number)]))
            start += len(number)
        return numbers

    def _combine(
        self,
        found: Sequence[TextRegion],
        hypotheses: Sequence[LineHypothesis],
        named: np.ndarray,
    ) -> Steps[np.ndarray]:
        """Return the probability of each digit by both networks: (n, 10) -> (n, 10).

        The digit network's log-probabilities count `weight` times as much as the line network's.
        Digits that stand alone and are not clear are shown to the line network too, all at once.
        """
        named = np.log(np.maximum(named, SMALLEST))
        scores = np.zeros_like(named)
        weight = np.ones((len(named), 1))
        alone, strips, start = [], [], 0
        for part, number in zip(found, hypotheses, strict=True):
            for i, glyph in enumerate(number.glyphs, start):
                if number.scores is not None:
                    scores[i] = number.scores[i - start]
                    weight[i] = self.line_recognizer.weight if glyph else 0.0
                elif part.page and glyph and _needs_opinion(part.page, glyph, named[i]):
                    alone.append(i)
                    region = box_region(glyph.box)
                    strips.append(to_strip(straighten(part.page, region, MARGIN, SIDE_MARGIN)))
            start += len(number)
        decodings = (yield Decode(strips, 1)) if strips else []
        for i, decoding in zip(alone, decodings, strict=True):
            scores[i] = decoding.scores[0]
        return np.asarray(np.exp(log_softmax(scores + weight * named)))

    def _line(
        self, part: TextRegion, number: LineHypothesis, classified: Sequence[ClassifiedFrame]
    ) -> ReadNumber:
        """Return a number with its confidence, its separators and its marks."""
        page = part.page
        if page is None:
            return ReadNumber(Line("", 1.0, part.box, ()))
        placed = sorted((*number.marks, *number.separators), key=lambda mark: mark[1].x)
        marks = tuple(Mark(kind, page.box_in_original(box)) for kind, box in placed)
        if not classified:
            written = to_written([], number.marks)
            return ReadNumber(Line("", 0.0, part.box, (), marks, written))
        limits = _rejection_limits(number, classified)
        digits = tuple(
            frame.digit(page.box_in_original(glyph.box) if glyph else part.box, limit)
            for glyph, frame, limit in zip(number.glyphs, classified, limits, strict=True)
        )
        written, is_marked = _separators(page, number, digits)
        line = Line(
            "".join(digit.text for digit in digits),
            self._confidence(number, digits),
            Box.around(digit.box for digit in digits),
            digits,
            marks,
            written,
        )
        return ReadNumber(line, is_marked, tuple(map(page.box_in_original, number.tall)))

    def _confidence(self, number: LineHypothesis, digits: Sequence[Digit]) -> float:
        """Return the probability that a whole number is right."""
        if any(digit.value is None for digit in digits):
            return 0.0  # what has a "?" in it is surely not the whole number
        probability = number.length_probability * float(
            np.prod([digit.confidence for digit in digits])
        )
        if number.scores is None:
            return probability
        return self.line_recognizer.confidence(probability)


def reject_if_mostly_rejected(numbers: Sequence[ReadNumber]) -> tuple[ReadNumber, ...]:
    """Reject all characters where half of them are rejected: this is not a page of numbers."""
    digits = [digit for number in numbers for digit in number.line.digits]
    rejected = sum(digit.value is None for digit in digits)
    if not 0 < rejected < len(digits) or rejected < TEXTURE * len(digits):
        return tuple(numbers)
    return tuple(_rejected(number) if number.line.digits else number for number in numbers)


def is_unsure(digit: Digit) -> bool:
    """Return whether a digit is rejected, or not clear to the digit network."""
    return digit.value is None or digit.confidence < ALONE


def _rejected(number: ReadNumber) -> ReadNumber:
    line = number.line
    text = REJECTED * len(line.digits)
    digits = tuple(replace(digit, value=None) for digit in line.digits)
    line = replace(line, text=text, written=text, confidence=0.0, digits=digits)
    return replace(number, line=line)


def _classified(
    frame: Frame, probabilities: np.ndarray, answers: Answers, index: int
) -> ClassifiedFrame:
    doubt = None if answers.not_a_digit is None else float(answers.not_a_digit[index])
    return ClassifiedFrame(frame, probabilities, doubt, bool(answers.rejected[index]))


def _rejection_limits(
    number: LineHypothesis, classified: Sequence[ClassifiedFrame]
) -> list[float | None]:
    """Return the limit of "not a digit" for each character; None is the digit network's own.

    A digit that was cut from its neighbours looks like none, but the line network saw them
    together: where it is confident of a digit, none is rejected, unless the whole number is. Where
    it sees no digit either, half a doubt is enough.
    """
    default = REJECTED_BY_BOTH if number.length_probability < REJECTED_BY_BOTH else None
    is_rejected = len(classified) == 1 or all(frame.rejected for frame in classified)
    if is_rejected or number.scores is None:
        return [default] * len(classified)
    confident = np.exp(log_softmax(number.scores)).max(axis=1) > CONFIDENT_CLASS
    return [1.0 if is_confident else default for is_confident in confident]


def _separators(page: Page, number: LineHypothesis, digits: Sequence[Digit]) -> tuple[str, bool]:
    """Return a number with its separators, and whether another mark makes it doubtful."""
    places = _places(page, number.glyphs)
    is_marked = any(
        leaves_doubt(mark, places, is_cut=_is_cut(page.box_in_original(mark[1]), page.size))
        for mark in number.marks
    )
    texts = [digit.text for digit in digits]
    by_place = to_written(list(zip(texts, places, strict=True)), number.marks)
    if number.written is not None:
        written = fill_digits(number.written, "".join(texts))
        missed = by_place.startswith("-") and not written.startswith("-")  # one that stands apart
        return f"-{written}" if missed else written, is_marked
    is_marked |= any(d.value == 1 and may_be_slash(i, places) for i, d in enumerate(digits))
    return by_place, is_marked


def _places(page: Page, glyphs: Sequence[Glyph | None]) -> list[Box]:
    """Return a box for each character, in px of the line; without ink, that of the one before."""
    places: list[Box] = []
    for glyph in glyphs:
        before = places[-1] if places else Box(0, 0, 1, page.ink.shape[0])
        places.append(glyph.box if glyph else before)
    return places


def _is_cut(box: Box, size: tuple[int, int]) -> bool:
    """Return whether a box touches the edge of a picture of this width and height."""
    return box.x <= 0 or box.y <= 0 or box.right >= size[0] or box.bottom >= size[1]


def _needs_opinion(page: Page, glyph: Glyph, named: np.ndarray) -> bool:
    """Return whether a digit that stands alone is not clear and does not fill its page."""
    height, width = page.ink.shape
    fills = glyph.box.width >= width and glyph.box.height >= height  # lines never look like that
    return bool(named.max() < np.log(ALONE)) and not fills
