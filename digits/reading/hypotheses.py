"""Segment a number into its digits, before they are classified."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from digits.image.components import median
from digits.image.digit_segmentation import Glyph, cut_symbols, mark_kind
from digits.image.mnist_normalize import to_frame
from digits.image.separators import PlacedMark
from digits.image.single_digit import TALL, SingleDigit, find_single
from digits.inference.line_recognizer import CtcDecoding
from digits.types import FRAME, STRIP, Box, Frames, Page

NARROW = 1.6  # times as wide as high: a line that may hold one digit alone


@dataclass(frozen=True, slots=True)
class LineHypothesis:
    """The digits of a number, each by itself, before they are classified."""

    glyphs: tuple[Glyph | None, ...] = ()  # None without ink
    scores: np.ndarray | None = None  # (n, 10), the line network's log-probabilities, if it read it
    length_probability: float = 1.0  # probability that so many digits are there
    marks: tuple[PlacedMark, ...] = ()  # px of the line
    tall: tuple[Box, ...] = ()  # px of the line: marks that are as tall as a digit
    written: str | None = None  # with its separators, if the line network reads them
    separators: tuple[PlacedMark, ...] = ()  # px of the line: the ink of these

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.glyphs)


def single_hypothesis(single: SingleDigit) -> LineHypothesis:
    """Return the one digit of a page that holds no other."""
    return LineHypothesis(() if single.glyph is None else (single.glyph,))


def segment_line(page: Page, decoding: CtcDecoding) -> LineHypothesis:
    """Find the ink of each digit that was decoded.

    Parameters
    ----------
    page : of one number
    decoding : of its strip
    """
    height, width = page.ink.shape
    if not decoding.digits and width <= NARROW * height:
        # The line network does not recognize a stem that fills its picture; the digit network does.
        return _lone_digit(page, 1 - decoding.length_probability)
    scale = page.ink.shape[0] / STRIP
    columns = [column * scale for column in decoding.columns]
    symbols = "0" * len(columns) if decoding.written is None else decoding.written
    glyphs, marks, separators = cut_symbols(page.ink, columns, symbols)
    return LineHypothesis(
        tuple(_with_ink(glyph) for glyph in glyphs),
        decoding.scores,
        decoding.length_probability,
        tuple(marks),
        _tall([box for _, box in marks], [glyph.box for glyph in glyphs if glyph]),
        decoding.written,
        tuple(separators),
    )


def extend_while_plausible(page: Page, decoding: CtcDecoding) -> LineHypothesis:
    """Add a digit while that explains a mark as tall as a digit.

    The line network sometimes leaves out one of two ones that stand close. A stroke or a bracket
    beside a number stays a mark: with it, a longer number is far less likely.

    Parameters
    ----------
    page : of one number
    decoding : of its strip
    """
    number = segment_line(page, decoding)
    while number.tall and decoding.digits and decoding.longer:
        decoding = decoding.longer
        longer = segment_line(page, decoding)
        if len(longer.tall) >= len(number.tall):
            break
        number = longer
    return number


def to_frames(glyphs: Sequence[Glyph | None]) -> Frames:
    """Return one frame for each character: float32, shape (n, 28, 28); n may be 0."""
    frames = np.zeros((len(glyphs), FRAME, FRAME), np.float32)
    for frame, glyph in zip(frames, glyphs, strict=True):
        if glyph is not None:
            frame[:] = to_frame(glyph.ink, Box(0, 0, glyph.box.width, glyph.box.height))
    return frames


def _lone_digit(page: Page, probability: float) -> LineHypothesis:
    """Return a line as one digit, and what is beside it as marks."""
    single = find_single(page.ink)
    tall = float(single.glyph.box.height if single.glyph else page.ink.shape[0])
    marks: list[PlacedMark] = [(mark_kind(box, tall), box) for box in single.beside]
    return replace(single_hypothesis(single), length_probability=probability, marks=tuple(marks))


def _tall(marks: Sequence[Box], digits: Sequence[Box]) -> tuple[Box, ...]:
    """Return the marks that are as tall as digits are."""
    if not digits:
        return ()
    tall = median(np.array([box.height for box in digits]))
    return tuple(box for box in marks if box.height >= TALL * tall)


def _with_ink(glyph: Glyph | None) -> Glyph | None:
    return glyph if glyph is not None and glyph.ink.any() else None
