"""Name rejected characters in rows of boxes by what the other boxes hold.

Whether a character is "not a digit" is calibrated for one picture in two being none. Of a row of
boxes that hold digits, one more is most likely a digit too.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from digits.reading.composition import SINGLE_BOXES, PageReading, ReadNumber
from digits.types import Digit


def name_in_boxes(found: PageReading) -> PageReading:
    """Return a reading in which a character is rejected by the odds of its row of boxes.

    The prior probability that a box holds no digit is Laplace's: one more than the other boxes that
    hold none, of two more than the others. What is named so is doubtful.
    """
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for i, (part, number) in enumerate(zip(found.layout.numbers, found.numbers, strict=True)):
        if part.place is not None and number.line.digits:
            rows[part.table, part.place[0]].append(i)
    named: dict[int, ReadNumber] = {}
    for row in rows.values():
        if len(row) > SINGLE_BOXES and all(len(found.lines[i].digits) == 1 for i in row):
            named |= _name(found, row)
    numbers = tuple(named.get(i, number) for i, number in enumerate(found.numbers))
    return replace(found, numbers=numbers) if named else found


def _name(found: PageReading, row: Sequence[int]) -> dict[int, ReadNumber]:
    """Return the rejected characters of a row that are likelier to be digits, by their index."""
    digits = {i: found.lines[i].digits[0] for i in row}
    n_rejected = sum(digit.value is None for digit in digits.values())
    prior = n_rejected / (len(row) + 1)  # of the other boxes, one less of each
    named = {}
    for i, digit in digits.items():
        if digit.value is None and digit.not_a_digit is not None:
            probability = _posterior(digit.not_a_digit, prior)
            if probability < 0.5:  # noqa: PLR2004  # likelier a digit than not
                named[i] = _named(found.numbers[i], digit, 1 - probability)
    return named


def _posterior(probability: float, prior: float) -> float:
    """Return a probability that was calibrated for a prior of one half, for another prior."""
    yes, no = probability * prior, (1 - probability) * (1 - prior)
    return yes / (yes + no)


def _named(number: ReadNumber, digit: Digit, is_digit: float) -> ReadNumber:
    """Return a number of one rejected character as the digit that is likeliest."""
    value = max(range(len(digit.probabilities)), key=digit.probabilities.__getitem__)
    one = replace(digit, value=value)
    confidence = is_digit * digit.probabilities[value]
    line = replace(
        number.line,
        text=one.text,
        written=number.line.written.replace(digit.text, one.text),
        confidence=confidence,
        digits=(one,),
    )
    return replace(number, line=line)
