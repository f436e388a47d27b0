"""Propose fields of a form: boxes for single digits, cells of tables, tick boxes, blanks."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from digits.arrays import Bool
from digits.forms.template import Field, FieldKind
from digits.image.binarize import extract_ink
from digits.image.components import find_components
from digits.image.ruling import find_rules
from digits.image.table_grid import find_grid
from digits.types import LINKED, Box, Ink, Pixels

UPRIGHT = 0.75  # of a field's height that a line between two cells covers
ALIKE = 0.25  # of the widest cell by which the others may be narrower
FEWEST = 3  # adjacent boxes that make a row of boxes for digits
APART = 0.6  # of a box's width: largest distance to the next one
SLIM = 1.5  # largest aspect ratio of a box for one digit
LEAST = 14  # px of the reference, side of the smallest box
LARGEST = 0.25  # of the page: a larger box is a frame
FULL = 0.85  # of its bounding box that a box's area fills
INKED = 0.004  # of a box's inside, from which it contains print
SQUARE = 1.3  # largest aspect ratio of a tick box
TICK = 0.036  # of the page's width: side of the largest tick box
BLANK = 0.06  # of the page's width: the shortest line to write on
ABOVE = (0.052, 0.042, 0.032)  # of the page's width: room above a line, the first that is free
RIM = np.ones((5, 5), np.uint8)  # px of the reference: strokes are wider than the maps show
MOST = 200  # proposed fields

KINDS_OF_CELLS: tuple[FieldKind, ...] = ("identifier", "date", "number")


def with_cells(each: Field, reference: Pixels) -> Field:
    """Return a field with the boxes for its single digits, if they are printed.

    A field of fixed length needs as many boxes; else there must be three or more.
    """
    if each.kind not in KINDS_OF_CELLS or each.cells:
        return each
    ink = extract_ink(reference)
    cells = find_cells(ink, each.box)
    if len(cells) < FEWEST:
        cells = _leaning_cells(ink, each.box)
    if len(cells) < FEWEST or each.length not in (None, len(cells)):
        return each
    length = len(cells) if each.kind in ("identifier", "date") else each.length
    return replace(each, cells=cells, length=length)


def find_cells(ink: Ink, box: Box) -> tuple[Box, ...]:
    """Return the boxes for single digits inside a field: boxes of equal width between lines.

    Parameters
    ----------
    ink : of the reference picture
    box : of the field, in px of it
    """
    rim = max(2, box.height // 12)
    width = ink.shape[1]
    left, right = max(0, box.x - rim), min(width, box.right + rim)
    part = (ink[box.y : box.bottom, left:right] > LINKED).astype(np.uint8)
    # A line that is tilted by a pixel or two is still one column.
    wide = cv2.dilate(part, np.ones((1, 3), np.uint8))
    lines = wide.mean(axis=0) >= UPRIGHT
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lines.astype(np.int8), [0]])))
    bands = [(left + int(a), left + int(b)) for a, b in edges.reshape(-1, 2)]
    if len(bands) < FEWEST:
        return ()
    gaps = [(a[1], b[0]) for a, b in pairwise(bands)]
    if bands[0][0] > box.x + rim:  # the field's own edge is the first cell's
        gaps.insert(0, (box.x, bands[0][0]))
    if bands[-1][1] < box.right - rim:
        gaps.append((bands[-1][1], box.right))
    widest = max(b - a for a, b in gaps)
    if widest > SLIM * box.height:
        return ()
    chosen = [(a, b) for a, b in gaps if b - a >= (1 - ALIKE) * widest]
    return tuple(Box(a, box.y, b - a, box.height) for a, b in chosen)


def _leaning_cells(ink: Ink, box: Box) -> tuple[Box, ...]:
    """Return the boxes of a row that is not level: each as it lies, upright."""
    room = max(2, box.height // 8)
    left, top = max(0, box.x - room), max(0, box.y - room)
    part = np.ascontiguousarray(ink[top : box.bottom + room, left : box.right + room])
    grid = find_grid(part)
    if grid is None or grid.rows != 1 or len(grid.cells) < FEWEST:
        return ()
    found = []
    for cell in grid.cells:
        x, y = np.sort(np.array(cell.region.corners), axis=0).T
        sides = np.round([x[:2].mean() + left, y[:2].mean() + top, x[2:].mean(), y[2:].mean()])
        x0, y0, x1, y1 = (int(side) for side in sides + np.array([0, 0, left, top]))
        found.append(Box(x0, y0, x1 - x0, y1 - y0))
    return tuple(found)


def propose_fields(
    reference: Pixels, handwriting: Bool[np.ndarray, "h w"] | None = None
) -> tuple[Field, ...]:
    """Return fields for the places to write on a form, from top to bottom.

    Parameters
    ----------
    handwriting : on a page that is filled in; None: the page is empty
    """
    ink = extract_ink(reference)
    if handwriting is not None:
        written = handwriting & ~find_rules(ink)
        ink = np.where(cv2.dilate(written.astype(np.uint8), RIM) > 0, np.float32(0), ink)
    boxes = _empty_boxes(ink)
    rows, single = _rows_of_boxes(boxes)
    width = reference.shape[1]
    fields = [Field("", "identifier", Box.around(row), len(row), cells=tuple(row)) for row in rows]
    for box in single:
        square = max(box.width, box.height) <= SQUARE * min(box.width, box.height)
        is_tick = square and max(box.width, box.height) <= TICK * width
        fields.append(Field("", "tick" if is_tick else "number", box))
    fields += [Field("", "number", box) for box in _blanks(ink, boxes)]
    fields.sort(key=lambda each: (each.box.y // (LEAST * 2), each.box.x))
    return tuple(replace(each, name=f"field {i}") for i, each in enumerate(fields[:MOST], 1))


def _empty_boxes(ink: Ink) -> list[Box]:
    """Return the boxes enclosed by lines that contain no print."""
    mask = cv2.morphologyEx(
        (ink > LINKED).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)
    )
    areas = find_components(mask == 0, connectivity=4)
    wide, high = areas.width, areas.height
    least = (wide >= LEAST) & (high >= LEAST) & (wide * high <= LARGEST * ink.size)
    full = areas.area >= FULL * wide * high
    found = []
    for left, top, right, bottom in areas.boxes[least & full]:
        box = Box(int(left), int(top), int(right - left), int(bottom - top))
        inset = max(2, min(box.width, box.height) // 10)
        inner = ink[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset]
        if float((inner > LINKED).mean()) < INKED:
            found.append(box)
    return sorted(found, key=lambda box: (box.y, box.x))


def _rows_of_boxes(boxes: Sequence[Box]) -> tuple[list[list[Box]], list[Box]]:
    """Split boxes into rows of three or more for single digits, and the others."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda each: each.x):
        for row in rows:
            if _continues(row[-1], box):
                row.append(box)
                break
        else:
            rows.append([box])
    combs = [row for row in rows if len(row) >= FEWEST]
    return combs, [box for row in rows if len(row) < FEWEST for box in row]


def _continues(last: Box, box: Box) -> bool:
    """Return whether a box is the next one of a row of boxes."""
    level = abs(last.y - box.y) + abs(last.bottom - box.bottom) <= ALIKE * last.height
    alike = abs(last.width - box.width) <= ALIKE * last.width
    slim = box.width <= SLIM * box.height
    return level and alike and slim and 0 <= box.x - last.right <= APART * last.width


def _blanks(ink: Ink, boxes: Sequence[Box]) -> list[Box]:
    """Return the places above lines to write on, outside boxes."""
    width = ink.shape[1]
    least = max(LEAST, round(BLANK * width))
    mask = (ink > LINKED).astype(np.uint8)
    level = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, least), np.uint8))
    found: list[Box] = []
    for left, top, right, bottom in find_components(level > 0).boxes.tolist():
        if bottom - top > LEAST // 2:
            continue
        rooms = (max(LEAST, round(share * width)) for share in ABOVE)
        places = (Box(left, top - tall, right - left, tall) for tall in rooms if tall <= top)
        found += next(([box] for box in places if _is_free(ink, box, (*boxes, *found))), [])
    return found


def _is_free(ink: Ink, box: Box, others: Sequence[Box]) -> bool:
    """Return whether nothing is printed above a line, and no other field is near."""
    above = ink[box.y : box.bottom - 3, box.x : box.right]
    inked = float((above > LINKED).mean())
    return inked < INKED and not any(_touch(box, other) for other in others)


def _touch(box: Box, other: Box) -> bool:
    return (
        min(box.right, other.right) - max(box.x, other.x) > -LEAST
        and min(box.bottom, other.bottom) - max(box.y, other.y) > -LEAST
    )
