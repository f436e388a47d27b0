"""Find the print on a form's reference picture."""

from collections.abc import Sequence

import cv2
import numpy as np

from digits.arrays import Bool, Float32
from digits.forms.cell_corners import LITTLE, NO_GRID, find_cell_corners
from digits.forms.contrast import SOFT, even_contrast, without_shadow
from digits.forms.features import find_features
from digits.forms.form_print import FormPrint
from digits.forms.tiles import choose_tiles, find_printed_sides
from digits.image.binarize import is_light_on_dark, to_ink
from digits.image.components import find_components
from digits.image.ruling import find_rules
from digits.types import (
    LINKED,
    Box,
    Contrast,
    Pixels,
)

INSET = 0.08  # of a field's shorter side: its border and the outside are print
RUN = 0.3  # of the shortest side of a field: the length of a straight run of its border
EDGE = 0.18  # of a cell's shorter side; ink further inside is writing
LONG, WHOLE = 0.6, 0.95  # of a field's width, and of its height, that a rule inside it takes
RULE_RIM = 5  # px of the reference around a rule that stay visible inside fields
PRINT_RIM = 2  # px of the reference by which print is dilated before it is removed


def find_print(
    reference: Pixels,
    boxes: Sequence[Box],
    *,
    cells: Sequence[Box] = (),
    is_blank: bool = False,
    handwriting: Bool[np.ndarray, "h w"] | None = None,
) -> FormPrint:
    """Return the print of a form's reference picture.

    Parameters
    ----------
    boxes : of the fields, in px of the reference
    cells : boxes for single digits inside fields; the lines between them are print
    is_blank : ink inside the fields is print
    handwriting : mask of a page network, which is ignored; None to ignore only the fields
    """
    light_on_dark = is_light_on_dark(reference)
    contrast = even_contrast(reference, light_on_dark=light_on_dark)
    ink = to_ink(contrast)
    rules = find_rules(ink)
    inside = _insides(boxes, cells, reference.shape)
    hidden = inside & ~_widened(rules, RULE_RIM)
    printed = ink > LINKED
    if handwriting is not None:
        printed &= ~handwriting | rules
        contrast = np.where(handwriting & ~rules, np.float32(0), contrast)
    erased = printed
    if not is_blank:
        around = ~inside & (
            _straight(printed, (*cells, *boxes)) | ~_insides(boxes, (), rules.shape, 0.0)
        )
        erased = printed & (_long_rules(rules, boxes, cells) | around)
    view = _smoothed(without_shadow(contrast, float(reference.shape[1])), hidden)
    points, descriptors = find_features(view, ~hidden)
    return FormPrint(
        view,
        hidden,
        _widened(erased, PRINT_RIM),
        points,
        descriptors,
        *choose_tiles(view, boxes),
        find_printed_sides(view, [*cells, *boxes]),
        light_on_dark,
        find_cell_corners(ink) if len(points) < LITTLE else NO_GRID,
    )


def _insides(
    boxes: Sequence[Box], cells: Sequence[Box], shape: tuple[int, ...], share: float = INSET
) -> np.ndarray:
    """Return the insides of fields, without borders and lines between cells: (h, w) bool.

    Parameters
    ----------
    share : of a field's shorter side that its border takes
    """
    inside = np.zeros(shape, bool)
    between = np.zeros(shape, bool)
    for cell in cells:
        between[cell.rows_and_columns()] = True
    plain = [box for box in boxes if not between[box.rows_and_columns()].any()]
    for box in (*plain, *cells):
        inset = max(2, round(share * min(box.width, box.height))) if share else 0
        inside[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset] = True
    return inside


def _straight(printed: np.ndarray, boxes: Sequence[Box]) -> np.ndarray:
    """Return the sides of boxes: straight runs, unlike digits at a box's rim: (h, w) bool.

    A side that leans by a pixel is two runs.
    """
    least = max(3, round(RUN * min((min(b.width, b.height) for b in boxes), default=0)))
    thick = cv2.morphologyEx(printed.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    runs = [
        cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones(window, np.uint8))
        for window in ((least, 1), (1, least))
    ]
    return _widened(np.maximum(*runs) > 0, 1)


def _long_rules(rules: np.ndarray, boxes: Sequence[Box], cells: Sequence[Box]) -> np.ndarray:
    """Return the printed rules inside fields: (h, w) bool.

    On a page that is filled in, a straight 1 may be taken for a rule.
    """
    long = np.zeros(rules.shape, bool)
    middle = np.zeros(rules.shape, bool)
    for cell in cells:  # a digit may touch its cell's border, which may be tilted into the cell
        rim = max(2, round(EDGE * min(cell.width, cell.height)))
        middle[cell.y + rim : cell.bottom - rim, cell.x + rim : cell.right - rim] = True
    for box in boxes:
        part = box.rows_and_columns()
        pieces = find_components(rules[part])
        kept = (pieces.width >= LONG * box.width) | (pieces.height >= WHOLE * box.height)
        long[part] |= np.concatenate([[False], kept])[pieces.labels] & ~middle[part]
    return long


def _widened(mask: np.ndarray, by: int) -> np.ndarray:
    window = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return cv2.dilate(mask.astype(np.uint8), window).astype(bool)


def _smoothed(contrast: Contrast, hidden: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """Return contrast without the insides of fields."""
    clear = np.where(hidden, np.float32(0), contrast)
    return cv2.GaussianBlur(clear, (0, 0), SOFT).astype(np.float32)
