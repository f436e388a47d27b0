"""Boxes go from a photograph to the straightened sheet and back."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from digits.types import Box, Paper
from digits.ui.flat_view import flatten_preview
from digits.ui.read_session import Preview

WIDTH, HEIGHT = 1200, 900  # px of the photograph
SHEET = 800, 600  # px of a flat sheet, from which each photograph is made
SHEETS = {
    "upright": ((200, 150), (1000, 150), (1000, 750), (200, 750)),
    "turned": ((260, 120), (1050, 230), (960, 820), (170, 700)),
    "from the side": ((300, 200), (950, 140), (1050, 780), (180, 700)),
}


def photographed(corners, box):
    """Return a photograph of a sheet with a dark rectangle on it, and the rectangle's box there."""
    flat = np.full((SHEET[1], SHEET[0], 3), 235, np.uint8)
    x, y, width, height = box
    flat[y : y + height, x : x + width] = 30
    ends = np.array([(0, 0), (SHEET[0], 0), SHEET, (0, SHEET[1])], np.float32)
    matrix = cv2.getPerspectiveTransform(ends, np.array(corners, np.float32))
    photograph = cv2.warpPerspective(flat, matrix, (WIDTH, HEIGHT), borderValue=(90, 90, 90))
    sides = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)
    seen = cv2.perspectiveTransform(sides[None], matrix)[0]
    left, top = np.floor(seen.min(axis=0)).astype(int).tolist()
    right, bottom = np.ceil(seen.max(axis=0)).astype(int).tolist()
    file = io.BytesIO()
    Image.fromarray(photograph).resize((600, 450)).save(file, "JPEG", quality=95)
    preview = Preview(file.getvalue(), WIDTH, HEIGHT)
    return preview, Box(left, top, right - left, bottom - top)


def dark_box(jpeg):
    """Return the box of what is dark, found without any geometry."""
    with Image.open(io.BytesIO(jpeg)) as image:
        ys, xs = np.nonzero(np.asarray(image.convert("L")) < 60)
    return xs.min(), ys.min(), xs.max() + 1, ys.max() + 1


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("box", [(100, 80, 240, 60), (500, 400, 60, 90), (300, 250, 400, 50)])
def test_a_box_lies_on_the_straightened_sheet_where_its_ink_does(name, box):
    corners = SHEETS[name]
    preview, seen = photographed(corners, box)
    view = flatten_preview(preview, Paper(tuple((float(x), float(y)) for x, y in corners)))
    placed = view.to_sheet(seen)
    expected = dark_box(view.jpeg)
    room = 0.12 * max(placed.width, placed.height) + 4
    found = (placed.x, placed.y, placed.right, placed.bottom)
    assert found == pytest.approx(expected, abs=room)
    back = view.to_picture(placed)
    assert back.x <= seen.x + room
    assert back.right >= seen.right - room


def test_the_straightened_sheet_is_no_larger_than_it_was_in_the_picture():
    preview, _ = photographed(SHEETS["upright"], (100, 80, 240, 60))
    view = flatten_preview(
        preview, Paper(tuple((float(x), float(y)) for x, y in SHEETS["upright"]))
    )
    assert (view.width, view.height) == pytest.approx((400, 300), abs=1)
