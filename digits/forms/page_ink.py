"""Find a form on a page, and return the page's ink and contrast."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np

from digits.errors import NotThisFormError
from digits.forms.align import Alignment, align
from digits.forms.bend import flatten
from digits.forms.contrast import even_contrast, without_desk, without_shadow
from digits.forms.form_print import FormPrint
from digits.forms.homography import map_points
from digits.forms.template import Field
from digits.image.binarize import to_ink
from digits.image.page_segmentation import open_page, paper_of
from digits.types import (
    Contrast,
    Ink,
    Page,
    Paper,
    Picture,
)


def align_page(
    print_: FormPrint, picture: Picture, fields: Sequence[Field]
) -> tuple[Page, Alignment]:
    """Return the page's ink and the position of the form on it."""
    boxes = [each.box for each in fields]
    reasons = []
    for page in _views(picture, print_):
        try:
            alignment = align(print_, page.contrast, boxes)
        except NotThisFormError as error:
            reasons.append(error)
        else:
            return _with_ink(page, print_, alignment)
    raise reasons[0]


def _views(picture: Picture, print_: FormPrint) -> Iterator[Page]:
    """Yield a page as it is, without a dark desk, and its sheet of paper alone.

    On a crowded or patterned desk the sheet has too few of the features.
    """
    yield _open(picture, None, print_)
    yield _open_bare(picture, print_)
    paper = paper_of(picture)
    if paper is not None:
        yield _open(picture, paper, print_)


def _with_ink(page: Page, print_: FormPrint, alignment: Alignment) -> tuple[Page, Alignment]:
    """Return a page that is flat, with its ink, and the position of the form on it."""
    if alignment.bend is not None:
        page = replace(page, contrast=flatten(page.contrast, alignment.to_page, alignment.bend))
    ink, contrast = _ink_on(page.contrast, print_, alignment)
    return replace(page, ink=ink, contrast=contrast), alignment


def _open_bare(picture: Picture, print_: FormPrint) -> Page:
    """Return a page without a background that is much darker than it."""
    page = _open(picture, None, print_)
    light_on_dark = print_.light_on_dark
    bare = without_desk(page.contrast, picture.grey, light_on_dark=light_on_dark)
    return replace(page, contrast=bare)


def _open(picture: Picture, paper: Paper | None, print_: FormPrint) -> Page:
    """Return a page with the same polarity as the form."""
    light_on_dark = print_.light_on_dark
    if paper is not None:
        page, sheet = open_page(picture, paper, light_on_dark=light_on_dark)
        return replace(page, contrast=even_contrast(sheet.grey, light_on_dark=light_on_dark))
    height, width = picture.grey.shape
    contrast = even_contrast(picture.grey, light_on_dark=light_on_dark)
    to_original = np.diag([picture.width / width, picture.height / height, 1.0])
    return Page(contrast, contrast, to_original, (picture.width, picture.height))


def _ink_on(contrast: Contrast, print_: FormPrint, alignment: Alignment) -> tuple[Ink, Contrast]:
    """Return ink and contrast of the form, without shadows.

    What lies around the form says nothing of how dark ink is.
    """
    height, width = print_.view.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    placed = np.round(map_points(alignment.to_page, corners)).astype(np.int32)
    sheet = np.zeros(contrast.shape, np.uint8)
    cv2.fillConvexPoly(sheet, placed, 1)
    x, y, wide, high = cv2.boundingRect(sheet)
    part = slice(y, y + high), slice(x, x + wide)
    area = cv2.contourArea(placed.astype(np.float32)) / (height * width)
    flat = without_shadow(contrast[part], width * float(np.sqrt(area)))
    flat = np.where(sheet[part] > 0, flat, np.float32(0))
    layers = np.zeros((2, *contrast.shape), np.float32)
    layers[0][part], layers[1][part] = to_ink(flat), flat
    return layers[0], layers[1]
