"""Draw the page network's classes over a picture, each in a colour of its own."""

from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image


class Colour(NamedTuple):
    """A colour and what it is called."""

    name: str
    rgb: tuple[int, int, int]


# Of each class, in the order of the page network. Paper shows the picture.
COLOURS = {
    "handwritten digits": Colour("blue", (35, 70, 200)),
    "other handwriting": Colour("orange", (214, 120, 0)),
    "rules and borders": Colour("grey", (140, 140, 150)),
    "print": Colour("green", (0, 140, 110)),
    "printed digits": Colour("light blue", (0, 170, 200)),
    "struck out": Colour("red", (200, 30, 60)),
}
OPACITY = 0.75  # of a class's colour over the picture
LIGHTEST = 90  # grey level of the picture's darkest ink: the colours stay visible over it


def colour_classes(
    picture: Image.Image, classes: np.ndarray, to_picture: np.ndarray
) -> Image.Image:
    """Return a pale copy of a picture with each pixel's class as a colour.

    Parameters
    ----------
    picture : RGB or grey
    classes : class of each pixel of the maps, uint8, shape (h, w); 0 is paper
    to_picture : homography from px of the maps to px of `picture`, shape (3, 3)
    """
    grey = np.asarray(picture.convert("L"), np.float32)
    pale = np.repeat((LIGHTEST + grey * (255 - LIGHTEST) / 255)[..., None], 3, axis=2)
    seen = cv2.warpPerspective(
        classes, to_picture, (picture.width, picture.height), flags=cv2.INTER_NEAREST
    )
    palette = np.array([(0, 0, 0), *(colour.rgb for colour in COLOURS.values())], np.float32)
    coloured = np.where((seen > 0)[..., None], OPACITY * palette[seen] + (1 - OPACITY) * pale, pale)
    return Image.fromarray(np.rint(coloured).astype(np.uint8))


def legend() -> str:
    """Return the colours' meanings as one line of text."""
    return ", ".join(f"{colour.name}: {what}" for what, colour in COLOURS.items())
