"""Draw on a picture what was found in it."""

from PIL import Image, ImageDraw, ImageFont

from digits.render.text import is_doubtful
from digits.types import Reading

SURE = (31, 111, 139)  # RGB
DOUBTFUL = (200, 80, 20)  # RGB
LARGEST = 1200  # px, longer side of the picture shown
SMALLEST = 600  # px, longer side of the picture shown; a 28 x 28 one would be a speck
LINE = 1 / 200  # of the longer side
LABEL = 1 / 24  # of the longer side


def outline(picture: Image.Image, reading: Reading) -> Image.Image:
    """Return a copy of the upright picture with a box around each digit, and its value.

    Parameters
    ----------
    picture : RGB, of the size that `reading` gives
    """
    shown = sized_to_see(picture.convert("RGB"))
    scale = shown.width / reading.size[0]
    longer = max(shown.size)
    pen, width = ImageDraw.Draw(shown), max(1, round(longer * LINE))
    font = ImageFont.load_default(max(10.0, longer * LABEL))
    for digit in reading.digits:
        box = digit.box
        corners = [box.x * scale, box.y * scale, box.right * scale - 1, box.bottom * scale - 1]
        doubtful = is_doubtful(digit)
        colour = DOUBTFUL if doubtful else SURE
        pen.rectangle(corners, outline=colour, width=width)
        if doubtful:  # drawn twice, so that shape tells too
            gap = 3 * width
            outer = [corners[0] - gap, corners[1] - gap, corners[2] + gap, corners[3] + gap]
            pen.rectangle(outer, outline=colour, width=width)
        pen.text((corners[0], corners[1]), digit.text, colour, font, anchor="lb")
    return shown


def sized_to_see(picture: Image.Image) -> Image.Image:
    """Return a copy that a screen shows well: reduced, or enlarged by a whole number."""
    longer = max(picture.size)
    if longer >= SMALLEST:
        shown = picture.copy()
        shown.thumbnail((LARGEST, LARGEST))
        return shown
    times = -(-SMALLEST // longer)
    size = (picture.width * times, picture.height * times)
    return picture.resize(size, Image.Resampling.NEAREST)
