"""Draw the wrong pictures of a report with their boxes and frames, as contact sheets."""

import textwrap
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from digits.evaluation.folder import EvaluatedPicture, FolderReport, Pair
from digits.inference.segmenter import Segmenter, segment_page
from digits.io.document import load_upright
from digits.render.overlay import outline
from digits.render.segmentation import colour_classes
from digits.types import Digit, Reading

SHEET = 1720  # px, width that a screen shows whole
PER_SHEET = 40  # answers; more would make one picture too large to open
PICTURE = (400, 150)  # px, width of a picture's place and its least height
FRAME_SHOWN = 42  # px, side of a frame
STEP = (54, 62)  # px from one frame to the next, across and down: words stand below each
FRAMES_ACROSS = 9
GAP = 8  # px
CAPTION = 18  # px, height of a line of the caption
LETTER = (13.0, 7)  # px, height and usual width of the caption's letters
SMALL_LETTER = 11.0  # px, of the words below a frame
LARGEST_TEXT = 40  # characters; of longer texts the frames tell better
PAPER, ABSENT, RIGHT, WRONG = "mistyrose", "lightgrey", "dimgrey", "firebrick"

Character = tuple[Pair, Digit | None]  # what was meant and read, and the digit that was read


def write_sheets(report: FolderReport, out: Path, segmenter: Segmenter | None = None) -> list[Path]:
    """Draw each wrong picture with its boxes, next to all frames of the classifier.

    Parameters
    ----------
    report : its wrong pictures are drawn, at most `PER_SHEET` per image
    out : folder to write to; it need not exist
    segmenter : the page network, whose classes are drawn below each picture

    Returns
    -------
    paths of the images; empty if nothing was wrong
    """
    out.mkdir(parents=True, exist_ok=True)
    name, paths = report.directory.resolve().name, []
    for first in range(0, len(report.wrong), PER_SHEET):
        paths.append(out / f"{name}-wrong-{first // PER_SHEET + 1}.png")
        _sheet(report.wrong[first : first + PER_SHEET], segmenter).save(paths[-1])
    return paths


def _sheet(answers: tuple[EvaluatedPicture, ...], segmenter: Segmenter | None) -> Image.Image:
    """Return the pictures in rows, as many side by side as the longest number allows."""
    seen = [_characters(answer) for answer in answers]
    longest = max(len(row) for rows in seen for row in rows)
    width = PICTURE[0] + longest * STEP[0] + 3 * GAP
    columns = max(1, SHEET // (width + GAP))
    tiles = [
        _tile(answer, rows, width, segmenter) for answer, rows in zip(answers, seen, strict=True)
    ]
    lines = [tiles[first : first + columns] for first in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in line) + GAP for line in lines]
    sheet = Image.new("RGB", (columns * (width + GAP), sum(heights)), "white")
    for down, line in enumerate(lines):
        for across, tile in enumerate(line):
            sheet.paste(tile, (across * (width + GAP), sum(heights[:down])))
    return sheet


def _characters(answer: EvaluatedPicture) -> list[list[Character]]:
    """Return rows of frames: one for each line of text; long lines are wrapped."""
    digits = iter(answer.reading.digits if answer.reading else ())
    rows: list[list[Character]] = []
    for line in answer.pairs():
        row = [(pair, None if pair[1] is None else next(digits, None)) for pair in line]
        starts = range(0, len(row), FRAMES_ACROSS)
        rows += [row[start : start + FRAMES_ACROSS] for start in starts]
    return rows or [[]]


def _tile(
    answer: EvaluatedPicture,
    rows: list[list[Character]],
    width: int,
    segmenter: Segmenter | None,
) -> Image.Image:
    """Return one picture with its boxes and frames; the truth and the text stand above."""
    caption = textwrap.wrap(_sentence(answer), width // LETTER[1])
    shown = [] if answer.reading is None else _pictures(answer.file, answer.reading, segmenter)
    top, height = len(caption) * CAPTION + GAP, max(PICTURE[1], len(rows) * STEP[1])
    pictures = [ImageOps.contain(picture, (PICTURE[0], height)) for picture in shown]
    height = max(height, sum(each.height + GAP for each in pictures))
    tile = Image.new("RGB", (width, top + height + GAP), PAPER)
    text = "\n".join(caption)
    ImageDraw.Draw(tile).text((GAP, 2), text, "black", ImageFont.load_default(LETTER[0]))
    below = top
    for picture in pictures:
        tile.paste(picture, (GAP, below))
        below += picture.height + GAP
    for down, row in enumerate(rows):
        for across, character in enumerate(row):
            place = 2 * GAP + PICTURE[0] + across * STEP[0], top + down * STEP[1]
            _draw(tile, place, *character)
    return tile


def _pictures(file: Path, reading: Reading, segmenter: Segmenter | None) -> list[Image.Image]:
    """Return a picture with its boxes and, where there is a page network, with its classes."""
    upright = load_upright(file)
    pictures = [outline(upright, reading)]
    if segmenter is not None:
        view = segment_page(segmenter, np.asarray(upright.convert("RGB")))
        pictures.append(colour_classes(upright, view.classes, view.to_picture))
    return pictures


def _sentence(answer: EvaluatedPicture) -> str:
    if answer.error is not None:
        return f"{answer.file.name}: {answer.error}"
    truth, text = (words.replace("\n", " / ") or "nothing" for words in (answer.truth, answer.text))
    confidence = f"confidence {answer.confidence:.2f}"
    if max(len(truth), len(text)) <= LARGEST_TEXT:
        return f"{answer.file.name}: {truth} was read as {text}, {confidence}"
    pairs = [pair for line in answer.pairs() for pair in line]
    return (
        f"{answer.file.name}: {sum(a != b for a, b in pairs)} of {len(pairs)} differ, {confidence}"
    )


def _draw(tile: Image.Image, place: tuple[int, int], pair: Pair, digit: Digit | None) -> None:
    """Draw a frame, and below it the digit that was read and, if wrong, the truth."""
    truth, read = pair
    side = FRAME_SHOWN
    frame = Image.new("RGB", (side, side), ABSENT)
    if digit is not None:
        frame = Image.fromarray((255 - 255 * digit.frame).astype(np.uint8)).resize((side, side))
    tile.paste(frame, place)
    words = f"{read} not {truth}" if truth != read else f"{read}"
    if truth is None or read is None:
        words = f"{read} extra" if truth is None else f"{truth} missed"
    below = (place[0], place[1] + side + 1)
    colour = RIGHT if truth == read else WRONG
    ImageDraw.Draw(tile).text(below, words, colour, ImageFont.load_default(SMALL_LETTER))
