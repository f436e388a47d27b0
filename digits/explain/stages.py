"""Show the steps of a reading as pictures: upright, ink, segmentation, boxes, frames."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from digits.image.page_segmentation import open_page
from digits.inference.segmenter import Segmenter, segment_page
from digits.render.overlay import outline, sized_to_see
from digits.render.segmentation import COLOURS, colour_classes, legend
from digits.types import FRAME, Frame, Page, Picture, Reading

WHITE = 255  # grey level of bare paper
ENLARGED = 3  # px of the montage for each of a frame's
GAP = 2  # px between two frames, before they are enlarged
ACROSS = 10  # frames in a row; as many as a line of ten digits has
GREY = 128  # grey level between the frames
HALF = 0.5  # of full ink


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a reading."""

    name: str
    text: str  # description
    picture: Image.Image
    facts: tuple[tuple[str, str], ...]  # what was measured, and its value in words


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
    stages = [_upright(picture, upright), _ink(page)]
    if segmenter is not None:
        stages.append(_segmentation(sheet, segmenter))
    if reading.digits:
        stages += [_boxes(upright, reading), _frames(reading)]
    return stages


def _upright(picture: Picture, upright: Image.Image) -> Stage:
    height, width = picture.grey.shape
    facts = (
        ("size of the original", f"{picture.width} × {picture.height} px"),
        ("size that is read", f"{width} × {height} px"),
        ("grey levels", f"{picture.grey.min()} to {picture.grey.max()}"),
    )
    text = "Turned upright by its metadata, and reduced."
    return Stage("Upright", text, sized_to_see(upright), facts)


def _ink(page: Page) -> Stage:
    ink = np.rint(WHITE * (1 - page.ink)).astype(np.uint8)
    facts = (
        ("bare paper", f"{np.mean(page.ink == 0):.1%} of the picture"),
        ("more than half of full ink", f"{np.mean(page.ink > HALF):.1%} of the picture"),
    )
    text = "Paper, shadow and ruling are separated from the writing."
    return Stage("Ink", text, sized_to_see(Image.fromarray(ink)), facts)


def _segmentation(sheet: Picture, segmenter: Segmenter) -> Stage:
    """Return a page with the class of each pixel as a colour."""
    view = segment_page(segmenter, sheet.colours)
    coloured = colour_classes(Image.fromarray(sheet.colours), view.classes, view.to_picture)
    counts = np.bincount(view.classes.ravel(), minlength=1 + len(COLOURS))
    facts = tuple(
        (name, f"{count / view.classes.size:.2%} of the pixels")
        for name, count in zip(("paper", *COLOURS), counts, strict=True)
    )
    text = f"The page network says what each pixel is ({legend()})."
    return Stage("Segmentation", text, sized_to_see(coloured), facts)


def _boxes(upright: Image.Image, reading: Reading) -> Stage:
    facts = tuple(
        (
            f"digit {i}: {digit.text}",
            f"{digit.box.width} × {digit.box.height} px at {digit.box.x}, {digit.box.y}",
        )
        for i, digit in enumerate(reading.digits, start=1)
    )
    text = "One network finds how many digits there are, and where."
    return Stage("Boxes", text, outline(upright, reading), facts)


def _frames(reading: Reading) -> Stage:
    facts = tuple(
        (f"digit {i}: {digit.text}", f"centre of mass {_centre(digit.frame)} px")
        for i, digit in enumerate(reading.digits, start=1)
    )
    text = (
        "Each digit is cut out, sized and centred like MNIST: 28 x 28 pixels, which the "
        "other network names."
    )
    return Stage("Frames", text, montage([digit.frame for digit in reading.digits]), facts)


def _centre(frame: Frame) -> str:
    """Return the centre of mass in words; a pixel's middle lies half a px from its edge."""
    mass = float(frame.sum())
    if not mass:
        return "none: 0"
    places = np.arange(FRAME) + 0.5
    across, down = frame.sum(axis=0) @ places / mass, frame.sum(axis=1) @ places / mass
    return f"{across:.1f}, {down:.1f}"


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
