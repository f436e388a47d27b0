"""Find the ink of the single digit of a picture, by geometry alone."""

from dataclasses import dataclass

import numpy as np

from digits.image.components import find_components
from digits.image.digit_segmentation import Glyph, cut_glyph
from digits.image.ruling import erase, find_rules
from digits.types import LINKED, Box, Ink

SPECK = 0.12  # of a digit's longest side; smaller pieces are specks
SPECK_MASS = 0.01  # of a digit's ink; lighter pieces are specks
REACH = 0.35  # of a digit's longest side; pieces further away belong to something else
MIN_SIDE_FOR_RULES = 40  # px; in smaller pictures a printed line cannot be told from a stroke
INSIDE = 0.5  # of the smaller box that lies in the other, for a piece to belong to a digit
MIN_INK = 3.0  # px of full ink that make a mark at all
TALL = 0.6  # of a digit's height: another piece as tall may be a digit of its own


@dataclass(frozen=True, slots=True)
class SingleDigit:
    """The single digit of a picture, and other tall pieces."""

    glyph: Glyph | None  # None without ink
    joined: tuple[Box, ...] = ()  # px: tall pieces that were joined to its body
    left_out: tuple[Box, ...] = ()  # px: tall pieces that are not part of it
    beside: tuple[Box, ...] = ()  # px: lower pieces to its left or right, such as a sign or a point


def find_single(ink: Ink) -> SingleDigit:
    """Return the single digit of a picture, composed of its pieces.

    Parameters
    ----------
    ink : float32, shape (height, width)
    """
    parts = _components(erase(ink, find_rules(ink)))
    if not parts.boxes:
        return SingleDigit(None)
    main = _find_body(parts)
    body, rest = parts.boxes[main], [i for i in range(len(parts.boxes)) if i != main]
    chosen = _gather(parts, main, ink.shape)
    tall = [i for i in rest if parts.boxes[i].height >= TALL * body.height]
    lower = [i for i in rest if i not in tall and _is_beside(parts.boxes[i], body)]
    return SingleDigit(
        cut_glyph(parts.ink, parts.labels, parts.boxes, chosen),
        joined=tuple(parts.boxes[i] for i in tall if i in chosen),
        left_out=_inner(parts, [i for i in tall if i not in chosen]),
        beside=_inner(parts, lower),
    )


@dataclass(frozen=True)
class _Parts:
    """The connected pieces of ink on a page."""

    ink: Ink
    labels: np.ndarray  # (h, w) int32, 0 where there is none, i + 1 on piece i
    boxes: list[Box]
    mass: list[float]


def _components(ink: Ink) -> _Parts:
    """Return the connected components of ink without those too small to be a mark."""
    pieces = find_components(ink > LINKED)
    mass = pieces.sums(ink)
    keep = [i for i in range(len(pieces)) if mass[i] >= MIN_INK or mass[i] >= mass.max()]
    names = np.zeros(len(pieces) + 1, np.int32)
    names[[i + 1 for i in keep]] = np.arange(1, len(keep) + 1)
    boxes = [
        Box(int(left), int(top), int(right - left), int(bottom - top))
        for left, top, right, bottom in pieces.boxes[keep]
    ]
    return _Parts(ink, names[pieces.labels], boxes, [float(mass[i]) for i in keep])


def _find_body(parts: _Parts) -> int:
    """Return the piece with the most ink, in the middle rather than at the rim."""
    weights = [
        mass * _prominence(parts.ink, box)
        for mass, box in zip(parts.mass, parts.boxes, strict=True)
    ]
    return int(np.argmax(weights))


def _prominence(ink: Ink, box: Box) -> float:
    """Return a weight for the position of a piece: 1 in the middle, less towards the rim."""
    height, width = ink.shape
    off = max(
        abs(box.x + box.width / 2 - width / 2) / width,
        abs(box.y + box.height / 2 - height / 2) / height,
    )
    return 1.0 - off if not _touches_rim(box, ink.shape) else (1.0 - off) / 2


def _touches_rim(box: Box, shape: tuple[int, ...]) -> bool:
    return box.x == 0 or box.y == 0 or box.right == shape[1] or box.bottom == shape[0]


def _inner(parts: _Parts, indices: list[int]) -> tuple[Box, ...]:
    """Return the boxes of those pieces that do not touch the rim of the picture."""
    boxes = (parts.boxes[i] for i in indices)
    return tuple(box for box in boxes if not _touches_rim(box, parts.ink.shape))


def _is_beside(box: Box, main: Box) -> bool:
    """Return whether a piece, no speck, is left or right of a digit, no further than it is high."""
    if max(box.width, box.height) < SPECK * main.height:
        return False
    shared = min(box.right, main.right) - max(box.x, main.x)
    level = main.y <= box.y + box.height / 2 <= main.bottom
    return level and -main.height <= shared <= INSIDE * box.width


def _gather(parts: _Parts, main: int, shape: tuple[int, ...]) -> list[int]:
    """Return `main` and the pieces that belong to the same digit: the bar of a 5, a broken loop."""
    chosen = [main]
    size = max(parts.boxes[main].width, parts.boxes[main].height)
    inside = not _touches_rim(parts.boxes[main], shape)
    rest = sorted(
        (i for i in range(len(parts.boxes)) if i != main),
        key=lambda i: _gap(parts.boxes[main], parts.boxes[i]),
    )
    whole = parts.boxes[main]
    for index in rest:
        box = parts.boxes[index]
        large = max(box.width, box.height) >= SPECK * size
        heavy = parts.mass[index] >= SPECK_MASS * parts.mass[main]
        foreign = inside and min(shape) >= MIN_SIDE_FOR_RULES and _touches_rim(box, shape)
        foreign = foreign and _overlap(parts.boxes[main], box) < INSIDE
        if large and heavy and not foreign and _gap(whole, box) <= REACH * size:
            chosen.append(index)
            whole = Box.around((whole, box))
    return chosen


def _gap(one: Box, other: Box) -> float:
    """Return how many pixels of paper lie between two boxes."""
    across = max(one.x - other.right, other.x - one.right, 0)
    down = max(one.y - other.bottom, other.y - one.bottom, 0)
    return float(np.hypot(across, down))


def _overlap(one: Box, other: Box) -> float:
    """Return the share of the smaller box that lies in the other."""
    across = min(one.right, other.right) - max(one.x, other.x)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    least = min(one.width * one.height, other.width * other.height)
    return max(0, across) * max(0, down) / max(1, least)
