"""Segment a straightened line into its digits, given their approximate positions.

A connected component belongs to the digit in whose stretch most of it lies. It is cut only if two
digits share it, along the path from top to bottom that crosses the least ink. Components that
belong to no digit are marks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from digits.image.components import median
from digits.types import LINKED, Box, Ink, MarkKind

HALO = 3  # px, window that restores the pale rim of a stroke, below `LINKED`
SPECK_MASS = 0.012  # of the heaviest digit's ink; lighter pieces are specks
SPECK_SIDE = 0.07  # of a digit's height; smaller pieces are specks
SHARED = 0.18  # of a piece's ink in its fullest stretch: least ink in another one, for it to be cut
LOW = 0.4  # of a digit's height; a lower piece is a mark unless it stands above or below a digit
CLOSE = 0.12  # of a digit's height between two pieces of one digit that stand side by side
STACKED = 0.5  # of a piece's width that lies above or below the rest of its digit
ROWS = 48  # px; in taller lines the cuts are looked for in a smaller picture
LEAN = 0.7  # of the line's height by which a cut may lean beyond the digits it parts
STEEP = 0.05  # of full ink that a cut pays for each px sideways: straight unless ink is in the way
ASIDE = 0.1  # of full ink that it pays at most for each row off the middle between two digits
POINT = 0.42  # of a digit's height: the longest decimal point or comma
POINT_TOP = 0.6  # of a digit's height below its top, where one begins at the highest
BLUNT = 1.4  # times as wide as high; a wider piece may be the foot of a 2
DOT = 0.3  # of a digit's height: the longest dot or comma
FLAT = 1.8  # times as wide as high: a dash
UPRIGHT = 1.8  # times as high as wide: a stroke
SEPARATORS: dict[str, MarkKind] = {".": "dot", "-": "dash", "/": "stroke"}

PlacedMark = tuple[MarkKind, Box]  # a mark, in the pixels of its line


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's ink, by itself."""

    box: Box  # in pixels of the page's ink
    ink: Ink  # the same size as the box; other characters' ink is left out


def cut_symbols(
    ink: Ink, columns: list[float], symbols: str
) -> tuple[list[Glyph | None], list[PlacedMark], list[PlacedMark]]:
    """Return the ink of each digit of a line, its separators, and other marks.

    Parameters
    ----------
    ink : float32, shape (height, width), a straightened line
    columns : px, where each symbol stands, from left to right
    symbols : digits and separators, one for each column

    Returns
    -------
    a glyph for each digit, None where there is no ink; kind and box of each other mark; and of
    each separator that has ink
    """
    is_digit = [symbol.isdigit() for symbol in symbols]
    pieces = _pieces(ink, columns)
    if not pieces.boxes:
        return [None] * sum(is_digit), [], []
    mains = [_main(i, column, pieces) for i, column in enumerate(columns)]
    bodies = [
        pieces.boxes[main]
        for main, digit in zip(mains, is_digit, strict=True)
        if digit and main is not None
    ]
    owned, marks = _assign(pieces, mains, _usual_place(bodies, ink.shape[0]))
    glyphs = [cut_glyph(ink, pieces.labels, pieces.boxes, mine) if mine else None for mine in owned]
    digits = [glyph for glyph, digit in zip(glyphs, is_digit, strict=True) if digit]
    separators = [
        (SEPARATORS[symbol], glyph.box)
        for symbol, glyph in zip(symbols, glyphs, strict=True)
        if glyph is not None and symbol in SEPARATORS
    ]
    return digits, marks, separators


def _assign(
    pieces: "_Pieces", mains: list[int | None], place: tuple[float, float]
) -> tuple[list[list[int]], list[PlacedMark]]:
    """Return the pieces of each symbol, its body first, and the marks from left to right."""
    top, tall = place
    bodies = {main for main in mains if main is not None}
    least = SPECK_MASS * max((pieces.mass[i] for i in bodies), default=max(pieces.mass))
    owned: list[list[int]] = [[] if main is None else [main] for main in mains]
    marks = []
    for piece in map(int, np.argsort(-np.array(pieces.mass))):
        box = pieces.boxes[piece]
        is_speck = pieces.mass[piece] < least or max(box.width, box.height) < SPECK_SIDE * tall
        if piece in bodies or is_speck:
            continue
        mine = owned[pieces.owner[piece]] if owned else []
        rest = [pieces.boxes[i] for i in mine]
        if rest and not is_point(box, top, tall) and _belongs(box, rest, tall):
            mine.append(piece)
        else:
            marks.append((mark_kind(box, tall), box))
    return owned, sorted(marks, key=lambda mark: mark[1].x)


def _usual_place(bodies: Sequence[Box], height: int) -> tuple[float, float]:
    """Return the median top and height of digits; those of the line if there are none: px."""
    if not bodies:
        return 0.0, float(height)
    return median(np.array([b.y for b in bodies])), median(np.array([b.height for b in bodies]))


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of ink of a line, cut where two digits share one."""

    labels: np.ndarray  # (h, w) int, 0 where there is none, i + 1 on piece i
    owner: list[int]  # the symbol in whose stretch each lies
    boxes: list[Box]
    mass: list[float]  # ink of each


def _pieces(ink: Ink, columns: list[float]) -> _Pieces:
    """Return the pieces of a line whose symbols stand at these columns."""
    count, labels = cv2.connectedComponents((ink > LINKED).astype(np.uint8), connectivity=8)
    n = max(1, len(columns))
    inked = np.flatnonzero(labels)  # a tenth of a line: what follows looks at no other pixel
    label, mass = labels.ravel()[inked], ink.ravel()[inked]
    y, x = np.divmod(inked, ink.shape[1])
    stretch = _stretches(ink, columns, x, y)
    shares = np.bincount(label * n + stretch, mass, count * n).reshape(count, n)
    # Ink of a piece that strays into a neighbour's stretch goes with the rest of the piece.
    home = shares.argmax(axis=1)
    kept = (shares >= SHARED * shares.max(axis=1, keepdims=True)) & (shares > 0)
    kept[np.arange(count), home] = True
    to = np.where(kept, np.arange(n)[None, :], home[:, None])
    names = np.zeros((count, n), np.int32)
    pairs = np.argwhere(kept[1:]) + (1, 0)  # noqa: RUF005  # an array
    names[tuple(pairs.T)] = np.arange(1, len(pairs) + 1)
    piece = names[label, to[label, stretch]]
    pieces = np.zeros(labels.shape, np.int32)
    pieces.ravel()[inked] = piece
    boxes = _boxes(piece, x, y, len(pairs))
    total = np.bincount(piece, mass, len(pairs) + 1)[1:]
    return _Pieces(pieces, pairs[:, 1].tolist(), boxes, total.tolist())


def _boxes(piece: np.ndarray, x: np.ndarray, y: np.ndarray, n: int) -> list[Box]:
    """Return the tight boxes of pieces 1 to n, given the piece and the place of each pixel."""
    order = np.argsort(piece, kind="stable")
    start = np.searchsorted(piece[order], np.arange(1, n + 1))
    has_ink = np.bincount(piece, minlength=n + 1)[1:] > 0
    boxes = np.tile([0, 0, 1, 1], (n, 1))
    x, y = x[order], y[order]
    left, top = (np.minimum.reduceat(each, start[has_ink]) for each in (x, y))
    right, bottom = (np.maximum.reduceat(each, start[has_ink]) + 1 for each in (x, y))
    boxes[has_ink] = np.stack([left, top, right - left, bottom - top], axis=1)
    return [Box(*box) for box in boxes.tolist()]


def _stretches(ink: Ink, columns: list[float], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return to which digit's stretch each of some pixels belongs: (n,) int."""
    height, width = ink.shape
    stretch = np.zeros(x.shape, np.int64)
    if len(columns) < 2:  # noqa: PLR2004  # nothing to part
        return stretch
    scale = min(1.0, ROWS / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA) if scale < 1 else ink
    rows = np.linspace(0, len(small) - 1, height)
    reach = LEAN * len(small)
    between = list(pairwise(column * scale for column in columns))
    firsts = [max(0, round(left - reach)) for left, _ in between]
    costs = [
        _cost(small[:, first : round(right + reach) + 1], left - first, right - first)
        for first, (left, right) in zip(firsts, between, strict=True)
    ]
    for first, way in zip(firsts, _cheapest_ways(costs), strict=True):
        edge = (np.interp(rows, np.arange(len(way)), first + way) + 0.5) / scale
        stretch += x > np.floor(edge)[y]
    return stretch


def _cost(ink: Ink, left: float, right: float) -> Ink:
    """Return what a way between two digits pays for each pixel it crosses: (h, w) -> (h, w).

    At half the height it must pass between the two digits' columns, `left` and `right`; above and
    below it may lean beyond them, as digits do.
    """
    height, width = ink.shape
    columns = np.arange(width)
    # In the middle between two digits a way is likelier than beside one of them.
    aside = np.abs(columns - (left + right) / 2) / width * ASIDE
    cost = ink + aside[None, :].astype(np.float32)
    between = (columns >= min(left, right - 1)) & (columns <= max(right, left + 1))
    cost[height // 2, ~between] = np.inf
    return cost


def _cheapest_ways(costs: list[np.ndarray]) -> np.ndarray:
    """Return the cheapest way from top to bottom of each: n times (h, w) -> (n, h) columns."""
    n, height, width = len(costs), len(costs[0]), max(cost.shape[1] for cost in costs)
    # All at once, with a wall around each: row by row, the calls cost more than the sums.
    walled = np.full((height, n, width + 2), np.inf, np.float32)
    for i, cost in enumerate(costs):
        walled[:, i, 1 : cost.shape[1] + 1] = cost
    for above, here in pairwise(walled):  # which becomes the cost of all the way
        beside = np.minimum(above[:, :-2], above[:, 2:])
        beside += np.float32(STEEP)
        here[:, 1:-1] += np.minimum(above[:, 1:-1], beside, out=beside)
    straight = walled[:-1, :, 1:-1]
    before, behind = (walled[:-1, :, side] + np.float32(STEEP) for side in (np.s_[:-2], np.s_[2:]))
    came = (behind < np.minimum(straight, before)).astype(np.int8)
    came -= (before < straight) & (before <= behind)
    ways = [[end] for end in walled[-1, :, 1:-1].argmin(axis=1).tolist()]
    for above in reversed(came + 1):
        sideways = above.tobytes()  # of plain numbers, which are faster for a few ways
        for i, way in enumerate(ways):
            way.append(way[-1] + sideways[i * width + way[-1]] - 1)
    return np.array([way[::-1] for way in ways])


def _main(digit: int, column: float, pieces: _Pieces) -> int | None:
    """Return the piece that is the body of a digit: heavy, and near where it stands."""
    boxes = pieces.boxes
    mine = [i for i, of in enumerate(pieces.owner) if of == digit]
    if not mine:
        return None
    tallest = max(boxes[i].height for i in mine)

    def weight(i: int) -> float:
        off = max(boxes[i].x - column, column - boxes[i].right, 0.0)
        return pieces.mass[i] / (1 + (2 * off / max(1, tallest)) ** 2)

    return max(mine, key=weight)


def is_point(box: Box, top: float, tall: float) -> bool:
    """Return whether a piece is a decimal point or comma, even below a slanted digit."""
    low = box.y > top + POINT_TOP * tall
    return low and max(box.width, box.height) <= POINT * tall and box.width <= BLUNT * box.height


def _belongs(box: Box, rest: list[Box], tall: float) -> bool:
    """Return whether a piece is part of a digit: above or below it, or high and close beside it."""
    whole = Box.around(rest)
    shared = min(box.right, whole.right) - max(box.x, whole.x)
    if shared > STACKED * box.width:
        down = max(whole.y - box.bottom, box.y - whole.bottom, 0)
        return down <= LOW * tall
    return box.height >= LOW * tall and -shared <= CLOSE * tall


def mark_kind(box: Box, tall: float) -> MarkKind:
    """Say what a mark beside digits that are `tall` px high looks like."""
    if max(box.width, box.height) <= DOT * tall:
        return "dot"
    if box.width >= FLAT * box.height:
        return "dash"
    if box.height >= UPRIGHT * box.width:
        return "stroke"
    return "other"


def cut_glyph(ink: Ink, pieces: np.ndarray, boxes: list[Box], chosen: list[int]) -> Glyph:
    """Cut out the chosen pieces with their pale rims.

    Parameters
    ----------
    ink : float32, shape (height, width)
    pieces : the same shape, int; i + 1 on piece i, 0 where there is none
    boxes : of the pieces, in px of `ink`
    chosen : the pieces that are one character, at least one
    """
    box = Box.around(boxes[index] for index in chosen)
    height, width = ink.shape
    x, y = max(0, box.x - 1), max(0, box.y - 1)
    wide = Box(x, y, min(width, box.right + 1) - x, min(height, box.bottom + 1) - y)
    cut = wide.rows_and_columns()
    labels = pieces[cut]
    is_chosen = np.zeros(len(boxes) + 1, np.uint8)
    is_chosen[[index + 1 for index in chosen]] = 1
    mine = is_chosen[labels]
    rim = cv2.dilate(mine, np.ones((HALO, HALO), np.uint8)).astype(bool)
    return Glyph(wide, np.where(rim & ((labels == 0) | (mine > 0)), ink[cut], 0))
