"""Read photographs and PDF pages into numbers with their positions in the page's table."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PIL import Image

from digits.errors import DigitsError
from digits.io.document import Document, page_numbers
from digits.marksheet.columns import PlacedNumber, missing_places, place_numbers
from digits.types import ANY, Box, CellKind, Hint, Line, Paper, Picture, Reading

VIEW_SIDE = 2_000  # px, longest side of the picture next to the table
QUALITY = 80  # of a JPEG for display
THUMBNAIL = (220, 72)  # px, largest width and height of a cell's picture in a file


@dataclass(frozen=True, slots=True)
class Entry:
    """The number in one cell of the table."""

    line: Line
    index: int  # of the line in its scan's reading
    box: Box  # px of the upright original
    kind: CellKind = "number"
    reason: str = ""  # for doubt, where the line does not show it


@dataclass(frozen=True, slots=True)
class Scan:
    """One picture or page: waiting, read, or failed with a reason."""

    file: str
    content: bytes = field(repr=False)  # empty if it is in the store
    page: int | None = None  # of a PDF, from 1
    reading: Reading | None = None  # a line for each number or cell
    rows: tuple[tuple[Entry | None, ...], ...] = ()
    view: bytes = field(default=b"", repr=False)  # JPEG of the upright page, for display
    error: str = ""

    @property
    def is_waiting(self) -> bool:
        """Whether it has not been read yet."""
        return self.reading is None and not self.error

    @property
    def label(self) -> str:
        """The file, and the page of a PDF."""
        return self.file if self.page is None else f"{self.file}, page {self.page}"


def list_scans(file: str, content: bytes) -> list[Scan]:
    """Return the unread pages of a file; if it cannot be opened, one page with the reason.

    Parameters
    ----------
    file : name, shown next to the rows
    content : the bytes of a picture or a PDF
    """
    try:
        return [Scan(file, content, page) for page in page_numbers(content)]
    except DigitsError as error:
        return [Scan(file, content, error=str(error))]


def read_scan(read: Callable[[Picture, Hint], Reading], scan: Scan) -> Scan:
    """Read a page; return it with its numbers, or with the reason why it cannot be read.

    Parameters
    ----------
    read : `Reader.read`
    """
    try:
        with Document.open(scan.content, colour=True) as document:
            page = document.page(scan.page)
        reading = read(page.picture, ANY)
        placed = [] if reading.error else place_numbers(reading)
        if placed and not reading.cells:
            gaps = missing_places(placed, reading.size)
            placed += _read_again(read, page.picture, gaps, reading.paper)
    except DigitsError as error:
        return replace(scan, error=str(error))
    view = b"" if page.colour is None else to_view(page.colour)
    if not placed:
        return replace(scan, error=reading.error or _reason(reading), view=view)
    numbers = tuple(number.line for number in placed)
    return replace(
        scan,
        reading=replace(reading, lines=numbers, page=scan.page),
        rows=to_rows(placed),
        view=view,
    )


def _read_again(
    read: Callable[[Picture, Hint], Reading],
    picture: Picture,
    gaps: list[tuple[int, int, Box]],
    paper: Paper | None,
) -> list[PlacedNumber]:
    """Read the gaps of a table without rules on its page, for single digits that were missed."""
    if not gaps:
        return []
    boxes = tuple(box for _, _, box in gaps)
    again = read(picture, Hint(boxes=boxes, paper=paper, whole_picture=paper is None))
    return [  # a rejected picture has no lines
        PlacedNumber(row, column, line, box)
        for (row, column, box), line in zip(gaps, again.lines, strict=False)
    ]


def to_rows(placed: list[PlacedNumber]) -> tuple[tuple[Entry | None, ...], ...]:
    """Return the numbers of a page as a table; None where there is no cell."""
    entries = {
        (number.row, number.column): Entry(
            number.line, index, number.box, number.kind, number.reason
        )
        for index, number in enumerate(placed)
    }
    n_rows = 1 + max((row for row, _ in entries), default=-1)
    n_columns = 1 + max((column for _, column in entries), default=-1)
    return tuple(
        tuple(entries.get((row, column)) for column in range(n_columns)) for row in range(n_rows)
    )


def _reason(reading: Reading) -> str:
    """Return why a picture has no numbers."""
    found = "it is blank" if reading.status == "blank" else "no numbers were found"
    return ". ".join([found, *(note.rstrip(".") for note in reading.notes)])


def to_view(upright: Image.Image) -> bytes:
    """Return a page as a JPEG of at most `VIEW_SIDE` px."""
    shown = upright.copy()
    shown.thumbnail((VIEW_SIDE, VIEW_SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return _jpeg(shown)


def to_thumbnail(view: Image.Image, box: Box, size: tuple[int, int]) -> bytes:
    """Return the part of a page inside a box as a small JPEG.

    Parameters
    ----------
    view : the page at any size
    box : px of the upright original
    size : px, width and height of the original
    """
    across, down = view.width / size[0], view.height / size[1]
    left, top = round(box.x * across), round(box.y * down)
    right = max(left + 1, min(view.width, round(box.right * across)))
    bottom = max(top + 1, min(view.height, round(box.bottom * down)))
    crop = view.crop((left, top, right, bottom))
    crop.thumbnail(THUMBNAIL)
    return _jpeg(crop)


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
