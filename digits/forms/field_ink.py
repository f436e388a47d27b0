"""Cut the fields of a form out of a page, without print and without the writing of other fields."""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import Bool
from digits.forms.align import Alignment
from digits.forms.form_print import FormPrint
from digits.forms.homography import Homography, map_points, warp, warp_mask
from digits.forms.results import FieldReading
from digits.forms.template import Field
from digits.image.components import Components, find_components
from digits.image.ruling import erase
from digits.types import LINKED, Box, Page

OVER = 0.15  # of a field's height around it into which its writing may extend
MARK = 0.2  # of a field's height; smaller pieces are not digits


@dataclass(frozen=True, slots=True)
class FieldInk:
    """A field cut out of the page, without its print."""

    field: Field
    page: Page
    inside: Box  # px of `page`: the field without its surroundings
    cells: tuple[Box, ...]  # px of `page`
    box: Box  # px of the original
    is_light_on_dark: bool = False


def seen_at(alignment: Alignment, field: int, box: Box) -> Homography | None:
    """Return the homography from px of the reference to px of the page, bent or not, at a field."""
    return alignment.seen(field, np.array([box.x + box.width / 2, box.y + box.height / 2]))


def cut_field(
    each: Field, page: Page, print_: FormPrint, matrix: Homography | None, seen: Homography | None
) -> FieldInk | FieldReading:
    """Cut a field out of the page, or say why it is missing.

    Parameters
    ----------
    matrix, seen : from px of the reference to those of the flattened page, and as it was
    """
    if matrix is None or seen is None:
        return _missing(each, "The print around it is not found")
    box = each.box
    corners = np.array(
        [[box.x, box.y], [box.right, box.y], [box.right, box.bottom], [box.x, box.bottom]], float
    )
    placed = map_points(matrix, corners)
    height, width = page.ink.shape
    slack = OVER * box.height
    if (placed < -slack).any() or (placed > np.array([width, height]) + slack).any():
        return _missing(each, "It is not in the picture")
    tall = (np.hypot(*(placed[3] - placed[0])) + np.hypot(*(placed[2] - placed[1]))) / 2
    scale = float(tall) / box.height  # px of the page per px of the reference
    room = max(2, round(OVER * box.height))
    size = (
        max(1, round((box.width + 2 * room) * scale)),
        max(1, round((box.height + 2 * room) * scale)),
    )
    to_reference = np.array([[1 / scale, 0, box.x - room], [0, 1 / scale, box.y - room], [0, 0, 1]])
    to_page = matrix @ to_reference
    ink, contrast = (
        np.clip(warp(layer, to_page, size), 0, 1).astype(np.float32)
        for layer in (page.ink, page.contrast)
    )
    printed = warp_mask(print_.erased, to_reference, size)
    clean = erase(ink, printed)
    contrast = np.where(printed, np.minimum(contrast, clean), contrast).astype(np.float32)
    to_original = page.to_original @ seen @ to_reference
    piece = Page(clean.astype(np.float32), contrast, to_original, page.size)

    def inner(part: Box) -> Box:
        left, top = round((part.x - box.x + room) * scale), round((part.y - box.y + room) * scale)
        wide, high = max(1, round(part.width * scale)), max(1, round(part.height * scale))
        return Box(left, top, wide, high)

    cells = each.cells or ((box,) if each.kind == "digit" else ())
    inside = inner(box)
    return FieldInk(
        each,
        piece,
        inside,
        tuple(map(inner, cells)),
        piece.box_in_original(inside),
        print_.light_on_dark,
    )


def _missing(each: Field, reason: str) -> FieldReading:
    return FieldReading(each.name, each.kind, "", "missing", 0.0, reasons=(reason,))


def own_ink(cut: FieldInk) -> tuple[Bool[np.ndarray, "h w"], Components, bool]:
    """Return a mask of the field's own writing: pieces of ink whose centre is in the field.

    The last value is whether writing crosses the field's ends: then some of it may be missing, or
    belong to another field.
    """
    pieces = find_components(cut.page.ink > LINKED)
    if not len(pieces):
        return pieces.labels > 0, pieces, False
    height, width = cut.page.ink.shape
    rows, columns = np.mgrid[:height, :width]
    x, y = pieces.means(columns), pieces.means(rows)
    box = cut.inside
    inside = (x >= box.x) & (x < box.right) & (y >= box.y) & (y < box.bottom)
    names = np.concatenate([[False], inside])
    own = names[pieces.labels]
    rim = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    mine = own | (rim & (pieces.labels == 0))
    left, top, right, bottom = pieces.boxes.T
    least = MARK * box.height
    into = (np.minimum(right, box.right) - np.maximum(left, box.x) >= least / 2) & (
        np.minimum(bottom, box.bottom) - np.maximum(top, box.y) >= least
    )
    ends = (left < box.x - least / 2) | (right > box.right + least / 2)
    tall = pieces.height >= least
    return mine, find_components(own), bool((into & tall & (ends | ~inside)).any())
