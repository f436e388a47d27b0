"""Read regions that hold one digit each, and compare them with a reading without that hint."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digits.image.page_segmentation import Layout, TextRegion
from digits.image.single_digit import SingleDigit, find_single
from digits.reading.composition import PageReading, ReadNumber
from digits.reading.hypotheses import single_hypothesis
from digits.reading.known_length import length_note
from digits.reading.number_reader import NumberReader, is_unsure
from digits.reading.steps import Steps
from digits.types import Box, Digit, Page


def read_singles(reader: NumberReader, layout: Layout) -> Steps[tuple[PageReading, bool]]:
    """Read one digit in each region, and return whether that is certain.

    Ink that may be another digit is left out.
    """
    singles = [
        SingleDigit(None) if part.page is None else find_single(part.page.ink)
        for part in layout.numbers
    ]
    numbers = yield from reader.classify(layout.numbers, list(map(single_hypothesis, singles)))
    found = list(zip(layout.numbers, singles, numbers, strict=True))
    left_out = tuple(
        part.page.box_in_original(box)
        for part, single, _ in found
        if part.page is not None
        for box in single.left_out
    )
    is_certain = not left_out and all(_is_certain(*each) for each in found)
    return PageReading(replace(layout, left_out=left_out), tuple(numbers)), is_certain


def compare_singles(found: PageReading, free: PageReading, *, has_boxes: bool) -> PageReading:
    """Compare regions that hold one digit with what is read without that hint.

    Parameters
    ----------
    found : one digit for each region
    free : of the same page without the hint
    has_boxes : whether `free` has one number for each region of `found`; else one region is all
    """
    numbers, notes, others = [], [], []
    for i, (part, number) in enumerate(zip(found.layout.numbers, found.numbers, strict=True)):
        without = [free.numbers[i]] if has_boxes else free.numbers
        chosen, note = _choose(part, number, without)
        numbers.append(chosen)
        if note:
            notes.append(note)
            others += _other_digits(chosen, without)
    left_out = [box for box in found.layout.left_out if not any(map(box.overlaps, others))]
    layout = replace(found.layout, left_out=(*others, *left_out))
    found = replace(found, layout=layout, numbers=tuple(numbers))
    return found.contradicted(*dict.fromkeys(notes)) if notes else found


def _is_certain(part: TextRegion, single: SingleDigit, number: ReadNumber) -> bool:
    """Return whether a region has no ink, or one digit that is certain and nothing beside it."""
    if part.page is None or not part.page.ink.any():
        return True
    return not (single.joined or single.beside or all(map(is_unsure, number.line.digits)))


def _other_digits(chosen: ReadNumber, without: Sequence[ReadNumber]) -> list[Box]:
    """Return the digits that were read without the hint and are not the chosen one."""
    own = [digit.box for digit in chosen.line.digits]
    seen = [digit.box for number in without for digit in number.line.digits]
    return [box for box in seen if not any(map(box.overlaps, own))]


def _choose(
    part: TextRegion, single: ReadNumber, free: Sequence[ReadNumber]
) -> tuple[ReadNumber, str | None]:
    """Return the digit of a region, and a note where the picture contradicts the hint."""
    found = [number for number in free if number.line.digits]
    named = [digit for number in found for digit in number.line.digits if digit.value is not None]
    if len(named) > 1:
        return _less_confident(single, found), length_note(1, len(named))
    if len(named) != 1 or len(found) != 1 or len(found[0].line.digits) != 1:
        return single, None
    return _choose_digit(part, single, found[0], named[0])


def _less_confident(single: ReadNumber, several: Sequence[ReadNumber]) -> ReadNumber:
    """Return a digit, less confident by the probability that there are several."""
    confidence = float(np.prod([number.line.confidence for number in several]))
    line = replace(single.line, confidence=single.line.confidence * (1 - confidence))
    return replace(single, line=line)


def _choose_digit(
    part: TextRegion, single: ReadNumber, free: ReadNumber, other: Digit
) -> tuple[ReadNumber, str | None]:
    """Choose between one digit with the hint and one without it.

    Where they differ, the one without stays: a true hint does no harm. But a digit that was cut to
    its box is left to the digit network, as lines of writing hold no such.
    """
    mine = next(iter(single.line.digits), None)
    if mine is None or mine.value is None:  # one digit all the same: the hint is not contradicted
        return free, f"The digit {other.text} was nearly rejected: check it."
    if mine.value == other.value:
        has_signs = free.is_marked or free.line.written != free.line.text
        return (_with_marks(single, free) if has_signs else single), None
    note = f"With and without the hint {mine.text} and {other.text} are read: check the digit."
    is_cut = part.page is not None and _is_cut_to_box(part.page, mine)
    return (single if is_cut else free), note


def _with_marks(single: ReadNumber, free: ReadNumber) -> ReadNumber:
    """Return a digit with the marks that were read beside it without the hint."""
    line = replace(single.line, marks=free.line.marks, written=free.line.written)
    return replace(single, line=line, is_marked=True)


def _is_cut_to_box(page: Page, digit: Digit) -> bool:
    """Return whether a digit takes up all of its page."""
    height, width = page.ink.shape
    whole = page.box_in_original(Box(0, 0, width, height))
    return digit.box.width >= whole.width and digit.box.height >= whole.height
