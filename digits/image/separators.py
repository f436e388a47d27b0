"""Distinguish separators of a number from other marks by their positions."""

from collections.abc import Sequence

import numpy as np

from digits.types import REJECTED, Box, MarkKind

POINT_HEIGHT = 0.5  # of the digits' height: greatest height of a decimal point or comma
POINT_TOP = 0.5  # of the digits' height: least distance from their top
SLASH_HEIGHT = 0.6  # of the digits' height: least height of a slash
OVERLONG = 1.2  # times the other digits' height: a taller 1 between digits may be a slash
LEANING = 0.2  # of its height: least width of a slash
MIDDLE = (0.2, 0.8)  # of the digits' height below their top: range of a minus

PlacedMark = tuple[MarkKind, Box]  # a mark, in the pixels of its digits


def to_written(digits: Sequence[tuple[str, Box]], marks: Sequence[PlacedMark]) -> str:
    """Return a number with its separators.

    A low dot or comma between two digits is ".", a dash before or between digits "-", a stroke
    between them "/"; a dash alone is "-". Other marks are left out.

    Parameters
    ----------
    digits : character and box of each, from left to right
    marks : in the same pixels

    Examples
    --------
    >>> seven, five = ("7", Box(0, 0, 20, 30)), ("5", Box(40, 0, 20, 30))
    >>> to_written([seven, five], [("dot", Box(28, 26, 4, 4))])
    '7.5'
    >>> to_written([seven], [("dash", Box(-20, 14, 12, 3))])
    '-7'
    """
    boxes = [box for _, box in digits]
    signs = [(_place(box, boxes), box.x, separator((kind, box), boxes)) for kind, box in marks]
    parts = [
        "".join(sign for place, _, sign in sorted(signs) if place == i)
        + (digits[i][0] if i < len(digits) else "")
        for i in range(len(digits) + 1)
    ]
    return "".join(parts)


def fill_digits(written: str, digits: str) -> str:
    """Return a number with other digits, in the place of digits and rejected characters.

    Examples
    --------
    >>> fill_digits("7.?", "85")
    '8.5'
    """
    following = iter(digits)
    return "".join(
        next(following, "") if sign.isdigit() or sign == REJECTED else sign for sign in written
    )


def separator(mark: PlacedMark, digits: Sequence[Box]) -> str:
    """Return ".", "-" or "/", or "" for a mark that is not a separator or ambiguous.

    Parameters
    ----------
    mark : in the pixels of `digits`
    digits : of one number, from left to right
    """
    kind, box = mark
    if not digits:
        return "-" if kind == "dash" else ""
    place = _place(box, digits)
    top, tall = _height(place, digits)
    if kind == "dash":
        is_level = MIDDLE[0] * tall <= box.y + box.height / 2 - top <= MIDDLE[1] * tall
        return "-" if place < len(digits) and is_level else ""
    if not 0 < place < len(digits):
        return ""
    if is_low(box, top, tall):
        return "."
    return "/" if kind == "stroke" and box.height >= SLASH_HEIGHT * tall else ""


def leaves_doubt(mark: PlacedMark, digits: Sequence[Box], *, is_cut: bool = False) -> bool:
    """Return whether a mark makes a number doubtful.

    Marks between or before digits do, except a speck before them. After the last digit a dot or a
    dash does not; a stroke may be a missing digit.

    Parameters
    ----------
    mark : in the pixels of `digits`
    digits : of one number, from left to right
    is_cut : whether the picture's edge cuts the mark: beside the number it belongs to something
        outside the picture
    """
    kind, box = mark
    place = _place(box, digits)
    if is_cut and not 0 < place < len(digits):
        return False
    if place == len(digits):
        return kind not in ("dot", "dash")
    return place > 0 or kind != "dot" or is_low(box, *_height(place, digits))


def may_be_slash(index: int, digits: Sequence[Box]) -> bool:
    """Return whether a 1 may be a slash: between digits, taller and slanted."""
    mine, others = digits[index], [box for i, box in enumerate(digits) if i != index]
    if not 0 < index < len(digits) - 1:
        return False
    tall = float(np.median([box.height for box in others]))
    return mine.height >= OVERLONG * tall and mine.width >= LEANING * mine.height


def is_low(box: Box, top: float, tall: float) -> bool:
    """Return whether a mark is as low and small as a decimal point."""
    return box.height <= POINT_HEIGHT * tall and POINT_TOP * tall <= box.y - top < tall


def _place(box: Box, digits: Sequence[Box]) -> int:
    """Return the number of digits to the left of a mark."""
    return sum(digit.x + digit.right < box.x + box.right for digit in digits)


def _height(place: int, digits: Sequence[Box]) -> tuple[float, float]:
    """Return top and height of the digits next to a place, in px."""
    beside = digits[max(0, place - 1) : place + 1]
    tall = sum(box.height for box in beside) / len(beside)
    return sum(box.y for box in beside) / len(beside), tall
