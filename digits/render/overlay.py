"""Draw a reading on its picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digits.render.text import is_doubtful
from digits.types import Box, Reading

CONFIDENT = (31, 111, 139)  # RGB
DOUBTFUL = (200, 80, 20)  # RGB
LARGEST = 1200  # px, longer side of the picture shown
SMALLEST = 600  # px, least longer side of the picture shown
LINE = 1 / 200  # of the longer side
LABEL = 1 / 24  # of the longer side
DASH = 3  # times as long as wide: a dash, and the gap after it


def outline(picture: Image.Image, reading: Reading) -> Image.Image:
    """Return a copy of the upright picture with a box around each digit, and its value.

    Unread regions have a dashed box.

    Parameters
    ----------
    picture : RGB, of the size that `reading` gives
    """
    shown = sized_to_see(picture.convert("RGB"))
    scale = shown.width / reading.size[0]
    longer = max(shown.size)
    pen, width = ImageDraw.Draw(shown), max(1, round(longer * LINE))
    font = ImageFont.load_default(max(10.0, longer * LABEL))
    for box in reading.unread:
        _dash(pen, _corners(box, scale), width)
    for digit in reading.digits:
        corners = _corners(digit.box, scale)
        doubtful = is_doubtful(digit)
        colour = DOUBTFUL if doubtful else CONFIDENT
        pen.rectangle(corners, outline=colour, width=width)
        if doubtful:  # drawn twice, so that doubt is visible without colour
            gap = 3 * width
            outer = [corners[0] - gap, corners[1] - gap, corners[2] + gap, corners[3] + gap]
            pen.rectangle(outer, outline=colour, width=width)
        pen.text((corners[0], corners[1]), digit.text, colour, font, anchor="lb")
    return shown


def _corners(box: Box, scale: float) -> list[float]:
    """Return left, top, right and bottom of a box on the picture shown: px."""
    return [box.x * scale, box.y * scale, box.right * scale - 1, box.bottom * scale - 1]


def _dash(pen: ImageDraw.ImageDraw, corners: list[float], width: int) -> None:
    """Draw a dashed rectangle, just outside its corners so that a digit's own box stays seen."""
    left, top, right, bottom = corners
    left, top, right, bottom = left - width, top - width, right + width, bottom + width
    step = DASH * width
    for start in np.arange(left, right, 2 * step):
        end = min(start + step, right)
        pen.line([start, top, end, top], DOUBTFUL, width)
        pen.line([start, bottom, end, bottom], DOUBTFUL, width)
    for start in np.arange(top, bottom, 2 * step):
        end = min(start + step, bottom)
        pen.line([left, start, left, end], DOUBTFUL, width)
        pen.line([right, start, right, end], DOUBTFUL, width)


def sized_to_see(picture: Image.Image) -> Image.Image:
    """Return a copy for the screen: reduced, or enlarged by a whole number."""
    longer = max(picture.size)
    if longer >= SMALLEST:
        shown = picture.copy()
        shown.thumbnail((LARGEST, LARGEST))
        return shown
    times = -(-SMALLEST // longer)
    size = (picture.width * times, picture.height * times)
    return picture.resize(size, Image.Resampling.NEAREST)
