"""A reader and labelled pictures become a report; the one module that opens MNIST's test digits."""

import csv
import datetime
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from digits.core import DataError, DigitsError, Hint, Reading
from digits.data import MNIST_FILE, Labelled, open_arrays
from digits.image.pixels import load_picture, load_upright
from digits.metrics import calibration_error, interval
from digits.model.classifier import load_card, load_classifier
from digits.model.judging import judge
from digits.reader import Reader

LOOKS = Path(__file__).parent.parent / "docs" / "test-looks.csv"
LOOKS_HEADER = "date,commit,recipe,seed,accuracy,wrong\n"
TILE = 160  # px, side of a picture on the contact sheet
TILES_ACROSS = 6


def judge_on_test(model: Path, path: Path | None = None) -> dict[str, Any]:
    """Judge on MNIST's 10,000 test digits, and write down that they were looked at.

    Each opening of the repository's own file appends a line to ``docs/test-looks.csv``: what is
    published of a recipe is its first look, so nobody may forget one.

    Parameters
    ----------
    model : the ``.onnx`` to judge, with its card beside it
    path : another file than the repository's MNIST; looking at it is not written down
    """
    classifier, card = load_classifier(model), load_card(model)
    pictures, labels = open_arrays(path or MNIST_FILE, "test")
    figures = judge(classifier, Labelled(pictures, labels).frames, labels)
    if path is None and LOOKS.parent.is_dir():
        new = not LOOKS.exists()
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        with LOOKS.open("a", encoding="utf-8", newline="\n") as looks:
            looks.write(LOOKS_HEADER if new else "")
            looks.write(
                f"{today},{card['versions']['commit']},{_recipe(card)},{card['recipe']['seed']},"
                f"{figures['accuracy']:.4f},{figures['wrong']}\n"
            )
    return figures


def _recipe(card: dict[str, Any]) -> str:
    """Return a recipe's name: the network and its epochs."""
    return f"{card['recipe']['network']}-{card['recipe']['epochs']}"


@dataclass(frozen=True, slots=True)
class Answer:
    """One labelled picture and what was read in it."""

    file: Path
    truth: str
    reading: Reading | None  # None where the picture could not be opened
    error: str | None = None

    @property
    def text(self) -> str:
        """What was read; nothing where reading failed."""
        return self.reading.text if self.reading else ""

    @property
    def right(self) -> bool:
        """Whether the whole text is right."""
        return self.text == self.truth


@dataclass(frozen=True, slots=True)
class FolderReport:
    """How a reader did on a folder."""

    directory: Path
    answers: tuple[Answer, ...]
    seconds: float

    @property
    def wrong(self) -> tuple[Answer, ...]:
        """The answers that differ from their labels."""
        return tuple(answer for answer in self.answers if not answer.right)

    def to_text(self) -> str:
        """Return the report as lines for a terminal."""
        n, right = len(self.answers), len(self.answers) - len(self.wrong)
        low, high = interval(right, n)
        lines = [
            f"exact match {right} of {n}: {right / n:.1%} "
            f"(95 % interval {low:.1%} to {high:.1%}), {1000 * self.seconds / n:.1f} ms a picture"
        ]
        if any(
            a.truth.isdigit() and a.text.isdigit() and len(a.truth) == len(a.text) == 1
            for a in self.answers
        ):
            confidence = np.array([a.reading.confidence for a in self.answers if a.reading])
            correct = np.array([a.right for a in self.answers if a.reading])
            lines.append(f"calibration error {calibration_error(confidence, correct):.1%}")
        lines += [
            f"  {answer.file.name}: {answer.truth!r} was read as {answer.text!r}"
            + (f" ({answer.error})" if answer.error else "")
            for answer in self.wrong
        ]
        return "\n".join(lines)


def evaluate_folder(reader: Reader, directory: Path, hint: Hint) -> FolderReport:
    """Read each picture that ``labels.csv`` in `directory` names, and compare.

    Raises
    ------
    DataError
        There is no such file, it lacks the columns file and text, or it names no picture.
    """
    try:
        with (directory / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        labels = [(directory / row["file"], row["text"]) for row in rows]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"{directory} needs a file labels.csv with the columns file and text ({error})"
        ) from error
    if not labels:
        raise DataError(f"{directory / 'labels.csv'} names no picture")
    start = time.perf_counter()
    answers = tuple(_answer(reader, file, truth, hint) for file, truth in labels)
    return FolderReport(directory, answers, time.perf_counter() - start)


def _answer(reader: Reader, file: Path, truth: str, hint: Hint) -> Answer:
    try:
        return Answer(file, truth, reader.read(load_picture(file), hint))
    except DigitsError as error:
        return Answer(file, truth, None, str(error))


def write_wrong_ones(report: FolderReport, out: Path) -> Path:
    """Draw each wrong picture beside the frames that the network saw; return the image's path."""
    out.mkdir(parents=True, exist_ok=True)
    tiles = [_tile(answer) for answer in report.wrong if answer.reading]
    rows = max(1, -(-len(tiles) // TILES_ACROSS))
    sheet = Image.new("RGB", (TILES_ACROSS * TILE * 2, rows * (TILE + 16)), "white")
    for index, tile in enumerate(tiles):
        across, down = index % TILES_ACROSS, index // TILES_ACROSS
        sheet.paste(tile, (across * TILE * 2, down * (TILE + 16)))
    path = out / f"{report.directory.name}-wrong.png"
    sheet.save(path)
    return path


def _tile(answer: Answer) -> Image.Image:
    """Return picture, first frame, and what was expected and read."""
    tile = Image.new("RGB", (TILE * 2, TILE + 16), "mistyrose")
    tile.paste(ImageOps.contain(load_upright(answer.file), (TILE - 4, TILE - 4)), (2, 2))
    if answer.reading and answer.reading.digits:
        frame = (255 - 255 * answer.reading.digits[0].frame).astype(np.uint8)
        seen = Image.fromarray(frame).resize((TILE - 4, TILE - 4), Image.Resampling.NEAREST)
        tile.paste(seen, (TILE + 2, 2))
    sentence = f"{answer.file.name}: {answer.truth} read as {answer.text or 'nothing'}"
    ImageDraw.Draw(tile).text((3, TILE), sentence.replace("\n", " "), fill="black")
    return tile
