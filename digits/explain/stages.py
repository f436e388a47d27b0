"""Show the steps of a reading as pictures: upright, ink, segmentation, boxes, frames."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from digits.image.page_segmentation import open_page
from digits.inference.segmenter import Segmenter, segment_page
from digits.render.overlay import outline, sized_to_see
from digits.render.segmentation import colour_classes, legend
from digits.types import FRAME, Picture, Reading

WHITE = 255  # grey level of bare paper
ENLARGED = 3  # px of the montage for each of a frame's
GAP = 2  # px between two frames, before they are enlarged
ACROSS = 10  # frames in a row; as many as a line of ten digits has
GREY = 128  # grey level between the frames


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a reading."""

    name: str
    text: str  # description
    picture: Image.Image


def show_stages(
    picture: Picture,
    upright: Image.Image,
    reading: Reading,
    segmenter: Segmenter | None = None,
) -> list[Stage]:
    """Return the steps of a reading, in order.

    Parameters
    ----------
    picture, upright : the same picture, for the reader and for display
    reading : of the picture
    segmenter : the page network, whose classes are shown too

    Returns
    -------
    list[Stage]
        Upright and ink always; the segmentation with a page network; boxes and frames where
        digits were found.
    """
    page, sheet = open_page(picture, reading.paper)
    ink = np.rint(WHITE * (1 - page.ink)).astype(np.uint8)
    stages = [
        Stage("Upright", "Turned upright by its metadata, and reduced.", sized_to_see(upright)),
        Stage(
            "Ink",
            "Paper, shadow and ruling are separated from the writing.",
            sized_to_see(Image.fromarray(ink)),
        ),
    ]
    if segmenter is not None:
        stages.append(
            Stage(
                "Segmentation",
                f"The page network says what each pixel is ({legend()}).",
                sized_to_see(_segmentation(sheet, segmenter)),
            )
        )
    if reading.digits:
        found = outline(upright, reading)
        frames = montage([digit.frame for digit in reading.digits])
        stages += [
            Stage("Boxes", "One network finds how many digits there are, and where.", found),
            Stage(
                "Frames",
                "Each digit is cut out, sized and centred like MNIST: 28 x 28 pixels, which the "
                "other network names.",
                frames,
            ),
        ]
    return stages


def _segmentation(sheet: Picture, segmenter: Segmenter) -> Image.Image:
    """Return a page with the class of each pixel as a colour."""
    view = segment_page(segmenter, sheet.colours)
    return colour_classes(Image.fromarray(sheet.colours), view.classes, view.to_picture)


def montage(frames: list[np.ndarray]) -> Image.Image:
    """Return the frames side by side, ten in a row, enlarged so that their pixels are seen.

    Parameters
    ----------
    frames : at least one, float32, shape (28, 28), 0.0 paper to 1.0 ink

    Returns
    -------
    PIL.Image.Image
        Grey, the ink white, as the network sees it.
    """
    step = FRAME + GAP
    rows, columns = math.ceil(len(frames) / ACROSS), min(len(frames), ACROSS)
    sheet = np.full((rows * step - GAP, columns * step - GAP), GREY, np.uint8)
    for i, frame in enumerate(frames):
        y, x = (i // ACROSS) * step, (i % ACROSS) * step
        sheet[y : y + FRAME, x : x + FRAME] = np.rint(WHITE * frame)
    size = (sheet.shape[1] * ENLARGED, sheet.shape[0] * ENLARGED)
    return Image.fromarray(sheet).resize(size, Image.Resampling.NEAREST)
