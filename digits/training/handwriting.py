"""Load public handwriting data sets into one form, split by writer.

A folder may hold the data sets as they are published, or the
compact ``.npz`` files; docs/handwriting.md lists where they come from. None
of them is part of the project.

>>> side_of("uji", "W01") == side_of("uji", "W01")
True
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zipfile import BadZipFile

import numpy as np

from digits.arrays import UInt8
from digits.errors import DataError, DigitsError
from digits.image.components import find_components, tight_box
from digits.io.document import load_picture
from digits.synthesis.strokes import Handwritten, smooth

Side = Literal["train", "validation", "calibration"]

DIGITS = "0123456789"
# Letters that writers use for digits, or digits for them; they are not shown as "not a digit".
LIKE_DIGITS = frozenset("oOlIzZsSbgqijQy")
INKED = 30  # of 255; paler pixels of a scan are paper
FRAGMENT = 0.15  # of a scan's ink: a smaller piece that touches the edge belongs to a neighbour
SCANNED_EDGE = 2  # px from the edge of a scan that count as touching it

# Shares of writers, by the hash of source and writer: a writer stays on one side whatever else is
# in the folder.
SALT = "2210"  # leaves each source at least one validation writer
VALIDATION, CALIBRATION = 0.15, 0.12


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where a data set comes from, as a model card must say."""

    title: str
    authors: str
    licence: str
    address: str


SOURCES = {
    "pendigits": DataSource(
        "Pen-Based Recognition of Handwritten Digits (UCI 1998)",
        "E. Alpaydin, F. Alimoglu",
        "CC BY 4.0",
        "https://doi.org/10.24432/C5MG6K",
    ),
    "uji": DataSource(
        "UJI Pen Characters, versions 1 and 2 (UCI 2007, 2009)",
        "F. Prat, M. J. Castro, D. Llorens, A. Marzal, J. M. Vilar",
        "CC BY 4.0",
        "https://doi.org/10.24432/C5FG8S",
    ),
    "swiss": DataSource(
        "Numbers",
        "A. Schroeder and contributors",
        "CC0 1.0",
        "https://github.com/kensanata/numbers",
    ),
    "optdigits": DataSource(
        "Optical Recognition of Handwritten Digits (UCI 1998)",
        "E. Alpaydin, C. Kaynak",
        "CC BY 4.0",
        "https://doi.org/10.24432/C50P49",
    ),
    "german": DataSource(
        "handwritten-digits-corpus",
        "S. Kahl",
        "Apache-2.0",
        "https://github.com/skahl/handwritten-digits-corpus",
    ),
    "numberpad": DataSource(
        "NumberPad", "B. Maxwell", "Apache-2.0", "https://github.com/bridger/NumberPad"
    ),
}


@dataclass(frozen=True, slots=True)
class Handwriting:
    """Characters by writers of one or several data sets."""

    characters: tuple[Handwritten, ...]

    def __len__(self) -> int:
        """Return the number of characters."""
        return len(self.characters)

    @property
    def digits(self) -> "Handwriting":
        """The digits among them."""
        return Handwriting(tuple(c for c in self.characters if c.label in DIGITS))

    @property
    def letters(self) -> "Handwriting":
        """The letters among them that do not resemble digits."""
        chosen = (c for c in self.characters if c.label.isalpha() and c.label not in LIKE_DIGITS)
        return Handwriting(tuple(chosen))

    @property
    def signs(self) -> "Handwriting":
        """What is neither a digit nor a letter: + - / and others."""
        return Handwriting(tuple(c for c in self.characters if not c.label.isalnum()))

    @property
    def labels(self) -> UInt8[np.ndarray, " n"]:
        """The values of the characters, all of which are digits."""
        return np.array([int(character.label) for character in self.characters], np.uint8)

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the data sets, in the order of their first character."""
        return tuple(dict.fromkeys(character.source for character in self.characters))

    def side(self, side: Side) -> "Handwriting":
        """Return the characters by the writers of one side."""
        chosen = (c for c in self.characters if side_of(c.source, c.writer) == side)
        return Handwriting(tuple(chosen))

    def source(self, source: str) -> "Handwriting":
        """Return the characters of one data set."""
        return Handwriting(tuple(c for c in self.characters if c.source == source))

    def writer_groups(self) -> dict[tuple[str, str], "Handwriting"]:
        """Return each writer's characters, by source and writer."""
        groups: dict[tuple[str, str], list[Handwritten]] = {}
        for character in self.characters:
            groups.setdefault((character.source, character.writer), []).append(character)
        return {writer: Handwriting(tuple(group)) for writer, group in groups.items()}


def side_of(source: str, writer: str) -> Side:
    """Return whether a writer trains, validates or calibrates; without a name, trains."""
    if not writer:
        return "train"
    digest = hashlib.sha256(f"{SALT}/{source}/{writer}".encode()).digest()
    share = int.from_bytes(digest[:4]) / 2**32
    if share < VALIDATION:
        return "validation"
    return "calibration" if share < VALIDATION + CALIBRATION else "train"


def load_handwriting(folder: Path) -> Handwriting:
    """Load every known data set in a folder and its subfolders.

    Parameters
    ----------
    folder : holds ``pendigits-orig.tra`` or ``.tes``, ``ujipenchars2.txt``, ``optdigits-orig.*``,
        a checkout of kensanata/numbers, a ``.json`` of skahl/handwritten-digits-corpus, or the
        compact ``.npz`` files

    Raises
    ------
    DataError
        The folder is missing, holds none of them, or one is damaged.
    """
    if not folder.is_dir():
        raise DataError(f"the handwriting folder {folder} is missing: name an existing folder")
    characters: list[Handwritten] = []
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        reader = _reader(file)
        if reader is None:
            continue
        try:
            characters.extend(reader(file))
        except (DigitsError, OSError, ValueError, KeyError, IndexError, BadZipFile) as error:
            raise DataError(
                f"{file} is not a handwriting file that can be read ({error}): download it again"
            ) from error
    if not characters:
        raise DataError(
            f"{folder} holds no known handwriting data set; docs/handwriting.md lists them"
        )
    return Handwriting(tuple(characters))


def _reader(file: Path) -> Callable[[Path], Iterator[Handwritten]] | None:
    """Return what reads a file, or None if it belongs to no known data set."""
    for pattern, reader in READERS.items():
        if re.fullmatch(pattern, "/".join(file.parts[-3:])):
            return reader
    return None


def _from_strokes(
    label: str, source: str, writer: str, strokes: Sequence[np.ndarray]
) -> Iterator[Handwritten]:
    if any(len(stroke) for stroke in strokes):
        yield Handwritten(label, source, writer, smooth(strokes))


def _from_scan(
    label: str, source: str, writer: str, ink: UInt8[np.ndarray, "h w"]
) -> Iterator[Handwritten]:
    """Cut a scan to its ink, without what comes in from a neighbour."""
    whole = np.where(ink < INKED, 0, ink).astype(np.uint8)
    pieces = find_components(whole > 0)
    mass, boxes = pieces.sums(whole), pieces.boxes
    far = np.array([ink.shape[1], ink.shape[0]]) - SCANNED_EDGE
    at_edge = (boxes[:, :2] < SCANNED_EDGE).any(axis=1) | (boxes[:, 2:] > far).any(axis=1)
    fragments = 1 + np.flatnonzero(at_edge & (mass < FRAGMENT * mass.sum()))
    whole[np.isin(pieces.labels, fragments)] = 0
    box = tight_box(whole > 0)
    if box is not None:
        scan = np.ascontiguousarray(whole[box.rows_and_columns()])
        yield Handwritten(label, source, writer, scan=scan)


def _read_pendigits(file: Path) -> Iterator[Handwritten]:
    """Read UCI's UNIPEN file: y points up, the comment names digit, writer and number."""
    part = file.suffix[1:]
    label, writer, strokes = "", "", list[list[list[int]]]()
    for line in [*file.read_text("ascii").splitlines(), ".SEGMENT"]:
        words = line.split()
        if not words:
            continue
        if words[0] == ".SEGMENT":
            yield from _from_strokes(label, "pendigits", writer, [np.array(s) for s in strokes])
            label, writer, strokes = words[-1].strip('"'), "", []
        elif words[0] == ".COMMENT" and len(words) == 4 and label:  # noqa: PLR2004
            writer = f"{part}-{int(words[2]):02d}"
        elif words[0] == ".PEN_DOWN":
            strokes.append([])
        elif not words[0].startswith(".") and strokes:
            x, y = (int(word) for word in words)
            strokes[-1].append([x, -y])


def _read_uji(file: Path) -> Iterator[Handwritten]:
    """Read ``ujipenchars2.txt``: WORD character writer-session, NUMSTROKES, POINTS n # x y ..."""
    label, writer, strokes = "", "", list[np.ndarray]()
    for line in [*file.read_text("utf-8").splitlines(), "WORD - -"]:
        words = line.split()
        if words[:1] == ["WORD"]:
            yield from _from_strokes(label, "uji", writer, strokes)
            label, strokes = words[1], []
            writer = words[2].split("_")[-1].split("-")[0]
        elif words[:1] == ["POINTS"]:
            points = np.array([int(word) for word in words[3:]]).reshape(-1, 2)
            if len(points) != int(words[1]):
                raise ValueError(f"{words[1]} points announced, {len(points)} found")
            strokes.append(points)


def _read_swiss(file: Path) -> Iterator[Handwritten]:
    """Read a picture of kensanata/numbers: WRITER/DIGIT/number-N.png, dark on light."""
    yield from _from_scan(file.parts[-2], "swiss", file.parts[-3], 255 - load_picture(file).grey)


def _read_optdigits(file: Path) -> Iterator[Handwritten]:
    """Read UCI's bitmaps: 32 lines of 32 characters 0 or 1, then a line with the digit."""
    rows: list[list[int]] = []
    for line in file.read_text("ascii").splitlines():
        text = line.strip()
        if re.fullmatch("[01]{32}", text):
            rows.append([int(character) for character in text])
        elif re.fullmatch("[0-9]", text) and rows:
            ink = (255 * np.array(rows)).astype(np.uint8)
            yield from _from_scan(text, "optdigits", "", ink)
            rows = []


def _read_german(file: Path) -> Iterator[Handwritten]:
    """Read the JSON of skahl/handwritten-digits-corpus: digit, writer, repetition, movements."""
    for label, writers in json.loads(file.read_text("utf-8")).items():
        for writer, repetitions in writers.items():
            for movements in repetitions.values():
                strokes: list[list[tuple[float, float]]] = []
                for movement in movements:
                    start, end = (
                        (movement[way]["x"], movement[way]["y"]) for way in ("start", "end")
                    )
                    if not strokes or strokes[-1][-1] != start:  # the pen was lifted
                        strokes.append([start])
                    strokes[-1].append(end)
                yield from _from_strokes(
                    label, "german", f"u{writer}", [np.array(stroke) for stroke in strokes]
                )


COMPACT = {  # what a compact file is called, and its source
    "pendigits": "pendigits",
    "uji_digits": "uji",
    "uji_letters": "uji",
    "german_digits": "german",
    "pen_symbols": "numberpad",
    "swiss_numbers": "swiss",
    "optdigits": "optdigits",
}


def _read_compact(file: Path) -> Iterator[Handwritten]:
    """Read a compact file: scans as ``img``, or strokes as ``pts`` cut by two lists of starts."""
    source = COMPACT[file.stem]
    with np.load(file, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    labels = [str(label) for label in arrays["label"]]
    writers = _compact_writers(arrays, len(labels))
    if "img" in arrays:
        for label, writer, scan in zip(labels, writers, arrays["img"], strict=True):
            yield from _from_scan(label, source, writer, scan)
        return
    strokes = np.split(arrays["pts"], arrays["stroke_start"][1:-1])
    starts = arrays["sample_start"]
    for i, (label, writer) in enumerate(zip(labels, writers, strict=True)):
        yield from _from_strokes(label, source, writer, strokes[starts[i] : starts[i + 1]])


def _compact_writers(arrays: dict[str, np.ndarray], n: int) -> list[str]:
    """Return each character's writer as the published files name them; empty if unknown."""
    if "writer" not in arrays:
        return [""] * n
    if "writer_name" not in arrays:
        return [str(writer) for writer in arrays["writer"]]
    names = [str(name).replace("w", "W") for name in arrays["writer_name"]]
    return [names[writer] for writer in arrays["writer"]]


READERS: dict[str, Callable[[Path], Iterator[Handwritten]]] = {
    r"(.*/)?pendigits-orig\.(tra|tes)": _read_pendigits,
    r"(.*/)?ujipenchars2\.txt": _read_uji,
    r"(.*/)?\d{4}_[A-Z]{2}\w+/\d/[^/]+\.png": _read_swiss,
    r"(.*/)?optdigits-orig\.(tra|cv|wdep|windep)": _read_optdigits,
    r"(.*/)?\w*corpus\w*\.json": _read_german,
    rf"(.*/)?({'|'.join(COMPACT)})\.npz": _read_compact,
}
