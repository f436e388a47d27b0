"""Export and import corrections as a folder or ZIP with ``labels.csv``, as for `digits evaluate`.

An evaluation uses the columns file, text and kind; the others restore a correction completely. A
folder that was labelled manually has only the first two: its pictures are read again.
"""

import csv
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import get_args

from digits.corrections.from_reading import (
    LONGEST_TRUTH,
    as_truth,
    to_corrections,
    with_separators,
)
from digits.corrections.labels_csv import (
    LABELS,
    LARGEST,
    Open,
    escape_cell,
    read_rows,
)
from digits.corrections.store import Act, Correction, Source
from digits.errors import CorrectionsError, DigitsError
from digits.io.document import load_picture
from digits.reader import Reader
from digits.types import FRAME, Box, ModelName

COLUMNS = (
    *("file", "text", "kind", "read", "reading", "line", "digit", "x", "y", "width", "height"),
    *("frame", "model_name", "model_sha256", "source", "name", "made"),
)
LATER = ("act", "written")  # columns that exports of earlier versions lack
LARGEST_ALL = 500_000_000  # bytes of a ZIP, and of all pictures together
PNG = b"\x89PNG\r\n\x1a\n"  # first bytes of a PNG
SOURCES: tuple[Source, ...] = get_args(Source)
ACTS: tuple[Act, ...] = get_args(Act)
YEARS = range(1970, 9999)  # beyond, a time zone may leave the calendar
WHOLE = re.compile(r"[0-9]{1,9}")  # the largest 32-bit integer of the databases
SHA256 = re.compile(r"[0-9a-f]{64}")
DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of an import."""

    corrections: tuple[Correction, ...]
    faults: tuple[str, ...]  # a message for each row that could not be imported


def to_files(corrections: Iterable[Correction]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of an export, ``labels.csv`` last."""
    table = io.StringIO()
    writer = csv.DictWriter(table, (*COLUMNS, *LATER), lineterminator="\n")
    writer.writeheader()
    for correction in corrections:
        name, frame = f"{correction.id}.png", ""
        yield name, correction.crop
        if correction.frame is not None:
            frame = f"frames/{correction.id}.png"
            yield frame, correction.frame
        writer.writerow(
            {column: escape_cell(v) for column, v in _row(correction, name, frame).items()}
        )
    yield LABELS, table.getvalue().encode()


def export_zip(corrections: Iterable[Correction]) -> bytes:
    """Return an export as one ZIP file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:  # PNG are compressed already
        for name, content in to_files(corrections):
            archive.writestr(name, content)
    return packed.getvalue()


def import_zip(content: bytes, reader: Reader) -> Imported:
    """Return the corrections of a ZIP file, without unpacking it to the disk.

    Raises
    ------
    CorrectionsError
        There is no table, or it is not one, or the file is not a ZIP or too large.
    """
    if len(content) > LARGEST_ALL:
        raise CorrectionsError(f"the ZIP file is larger than {LARGEST_ALL // 10**6} MB")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        # A folder that was zipped manually has its name before each file's.
        tables = [name for name in archive.namelist() if name.split("/")[-1] == LABELS]
    except (*DAMAGED, ValueError) as error:
        raise CorrectionsError(
            "this is not a ZIP file: choose one that was exported here"
        ) from error
    folder = min(tables, key=len, default=LABELS).removesuffix(LABELS)

    def read(name: str) -> bytes:
        try:
            member = archive.getinfo(folder + name)
            content = archive.read(member) if member.file_size <= LARGEST else None
        except (*DAMAGED, KeyError, ValueError) as error:
            raise CorrectionsError(f"{name} is missing in the ZIP file or damaged") from error
        if content is None:
            raise CorrectionsError(f"{name} is larger than {LARGEST // 10**6} MB")
        return content

    with archive:
        return _imported(read, reader)


def _imported(read: Open, reader: Reader) -> Imported:
    found: list[Correction] = []
    faults = []
    read = _limited(read)
    for cells in read_rows(read):
        try:
            found += _corrections(cells, read, reader)
        except (DigitsError, ValueError) as error:
            faults.append(f"{cells['file'] or 'a row without a file'}: {error}")
    return Imported(tuple(found), tuple(faults))


def _limited(read: Open) -> Open:
    """Read up to `LARGEST_ALL` bytes: a small ZIP may list one large picture many times."""
    taken = 0

    def limited(name: str) -> bytes:
        nonlocal taken
        if taken > LARGEST_ALL:
            raise CorrectionsError(f"the pictures are larger than {LARGEST_ALL // 10**6} MB")
        content = read(name)
        taken += len(content)
        return content

    return limited


def _corrections(cells: dict[str, str], read: Open, reader: Reader) -> tuple[Correction, ...]:
    """Return the correction of a row, or those made by reading its picture."""
    content = read(cells["file"])
    picture = load_picture(content)  # check that it is a picture
    if cells.get("reading") and cells.keys() >= set(COLUMNS):
        return (_exported(cells, content, read),)
    reading = reader.read(picture)
    if len(reading.lines) != 1:
        raise CorrectionsError(f"one line is wanted and {len(reading.lines)} were found")
    return to_corrections(
        picture, reading, cells["text"], source="import", act="imported", file=cells["file"]
    )


def _exported(cells: dict[str, str], crop: bytes, read: Open) -> Correction:
    """Return the correction of an exported row."""
    frame = read(cells["frame"]) if cells["frame"] else None
    if not crop.startswith(PNG) or (frame is not None and not _is_frame(frame)):
        raise CorrectionsError("its pictures are not those of an export")
    digit = cells["digit"]
    sides = (_whole(cells, side) for side in ("x", "y", "width", "height"))
    source: Source = next((source for source in SOURCES if source == cells["source"]), "import")
    return Correction(
        reading=_matching(SHA256, cells, "reading"),
        line=_whole(cells, "line"),
        digit=_whole(cells, "digit") if digit else None,
        box=Box(*sides),
        crop=crop,
        frame=frame,
        read=cells["read"],
        model=ModelName(cells["model_name"], _matching(SHA256, cells, "model_sha256")),
        truth=as_truth(cells["text"], cells["read"]),
        source=source,
        file=cells["name"] or None,
        made=_made(cells),
        act=_act(cells, source),
        written=with_separators(cells.get("written", "")[:LONGEST_TRUTH]),
    )


def _made(cells: dict[str, str]) -> datetime:
    made = datetime.fromisoformat(cells["made"])
    if made.year not in YEARS:
        raise CorrectionsError(f"{made.year} is not a plausible year of a correction")
    return made if made.tzinfo else made.replace(tzinfo=UTC)


def _act(cells: dict[str, str], source: Source) -> Act | None:
    """Return how the correction was made; earlier versions did not record it."""
    if "act" in cells:
        return next((act for act in ACTS if act == cells["act"]), None)
    return None if source in ("read", "draw") else "imported"


def _whole(cells: dict[str, str], column: str) -> int:
    return int(_matching(WHOLE, cells, column))


def _matching(pattern: re.Pattern[str], cells: dict[str, str], column: str) -> str:
    """Return a cell if it has the format of an export."""
    if not pattern.fullmatch(cells[column]):
        raise CorrectionsError(f"{column} cannot be {cells[column][:LONGEST_TRUTH]!r}")
    return cells[column]


def _is_frame(content: bytes) -> bool:
    return content.startswith(PNG) and load_picture(content).grey.shape == (FRAME, FRAME)


def _row(correction: Correction, name: str, frame: str) -> dict[str, str]:
    box = correction.box
    return {
        "file": name,
        "text": correction.truth,
        "kind": "line" if correction.digit is None else "digit",
        "read": correction.read,
        "reading": correction.reading,
        "line": str(correction.line),
        "digit": "" if correction.digit is None else str(correction.digit),
        **{side: str(getattr(box, side)) for side in ("x", "y", "width", "height")},
        "frame": frame,
        "model_name": correction.model.name,
        "model_sha256": correction.model.sha256,
        "source": correction.source,
        "name": correction.file or "",
        "made": correction.made.isoformat(),
        "act": correction.act or "",
        "written": correction.written or "",
    }
