"""State of the Read page for one visitor: files, pages, readings and answers."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from PIL import Image

from digits.errors import DigitsError
from digits.io.document import Document, PageImage, page_numbers
from digits.io.heap import trim_heap
from digits.types import Box, Hint, Paper, Reading
from digits.ui.acts import AnswerKind
from digits.ui.numbers import Numbers, split_numbers
from digits.ui.session_files import SessionFiles, StoredFile

if TYPE_CHECKING:  # avoid importing the networks for the first page
    from digits.reader import Reader

PREVIEW_SIDE = 2000  # px, longer side of the picture in the browser
THUMBNAIL_SIDE = 160  # px, longer side of a thumbnail
QUALITY, THUMBNAIL_QUALITY = 82, 70  # of their JPEGs
MAX_PREVIEWS = 8  # in memory; others are decoded again on demand


@dataclass(frozen=True, slots=True)
class OpenedPage:
    """A picture, or one page of a PDF."""

    id: str
    name: str  # of the file
    file: StoredFile | None = field(repr=False)  # None if it cannot be kept
    page: int | None = None  # of a PDF, from 1
    error: str = ""  # why the file cannot be opened

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        return b"" if self.file is None else self.file.read()

    @property
    def title(self) -> str:
        """The title of its thumbnail."""
        return self.name if self.page is None else f"{self.name}, page {self.page}"


@dataclass(frozen=True, slots=True)
class Preview:
    """A page for display in the browser, without its decoded pixels."""

    jpeg: bytes = field(repr=False)
    width: int  # px of the upright original
    height: int  # px of the upright original


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The parameters of a reading; a page is read again only if they change."""

    model: str | None
    versions: str  # of the networks
    hint: Hint


@dataclass(slots=True)
class PageResult:
    """The reading of a page, and the user's answers."""

    request: ReadRequest
    numbers: Numbers | None  # None if reading failed
    reading: Reading | None
    error: str = ""
    truths: dict[str, str] = field(default_factory=dict)  # id of a number to its truth
    pending: dict[str, AnswerKind] = field(default_factory=dict)  # not stored yet, by id
    is_confirmed: bool = False


@dataclass(slots=True)
class ReadSession:
    """State that is kept only in the session."""

    items: list[OpenedPage] = field(default_factory=list)
    chosen: str = ""  # id of the current item
    n_files: int = 0  # number of files so far, for unique ids
    previews: dict[str, Preview] = field(default_factory=dict)  # the most recent ones
    thumbnails: dict[str, bytes] = field(default_factory=dict)  # id to a small JPEG
    results: dict[str, PageResult] = field(default_factory=dict)
    regions: dict[str, Box] = field(default_factory=dict)  # "Read only here"; px of the original
    papers: dict[str, Paper | None] = field(default_factory=dict)  # None: whole picture
    adjusting: set[str] = field(default_factory=set)  # ids of those whose corners are moved
    files: SessionFiles = field(default_factory=SessionFiles)
    _opened: tuple[str, PageImage] | None = None  # decoded and not read yet

    def take(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Add files, page by page; the first new page becomes the current one."""
        for name, content in files:
            self.n_files += 1
            file = None
            try:
                file = self.files.add(content)
                pages = page_numbers(content)
                new = [OpenedPage(f"{self.n_files}-{p or 0}", name, file, p) for p in pages]
            except DigitsError as error:
                new = [OpenedPage(f"{self.n_files}-0", name, file, error=str(error))]
            if (name, content) == files[0]:
                self.chosen = new[0].id
            self.items += new

    @property
    def item(self) -> OpenedPage:
        """The current item."""
        return next(item for item in self.items if item.id == self.chosen)

    def hint(self, item: OpenedPage, hint: Hint) -> Hint:
        """Return the hint for an item, with the region and the corners set by the user."""
        region = self.regions.get(item.id)
        if region is not None:
            hint = Hint(boxes=(region,))
        if item.id in self.papers:
            paper = self.papers[item.id]
            hint = replace(hint, paper=paper, whole_picture=paper is None)
        return hint

    def choices(self, item: OpenedPage) -> tuple[object, ...]:
        """Return what was chosen of an item's picture, to tell whether it changed."""
        papers = self.papers.get(item.id), item.id in self.papers
        return (self.regions.get(item.id), *papers, item.id in self.adjusting)

    def result(self, item: OpenedPage, request: ReadRequest) -> PageResult | None:
        """Return the result of an item for these parameters, or None."""
        found = self.results.get(item.id)
        return found if found is not None and found.request == request else None

    def open(self, item: OpenedPage) -> None:
        """Decode an item for display and reading; its pixels are dropped after reading.

        Raises
        ------
        PictureError
            It is not an image, damaged, or too large.
        """
        if self._opened is not None and self._opened[0] == item.id:
            return
        with Document.open(item.content, colour=True) as document:
            page = document.page(item.page)
        assert page.colour is not None  # noqa: S101  # it was asked for
        self.previews.pop(item.id, None)
        while len(self.previews) >= MAX_PREVIEWS:
            self.previews.pop(next(iter(self.previews)))
        shown = _jpeg(page.colour, PREVIEW_SIDE, QUALITY)
        self.previews[item.id] = Preview(shown, page.picture.width, page.picture.height)
        self.thumbnails[item.id] = _jpeg(page.colour, THUMBNAIL_SIDE, THUMBNAIL_QUALITY)
        self._opened = (item.id, page)

    def drop(self) -> None:
        """Drop the pixels of an item that was read before."""
        self._opened = None

    def read(self, item: OpenedPage, request: ReadRequest, reader: "Reader") -> None:
        """Read an item and store the result."""
        try:
            self.open(item)
            assert self._opened is not None  # noqa: S101  # it was opened
            picture = self._opened[1].picture
            self._opened = None
            reading = reader.read(picture, request.hint)
            del picture
            trim_heap()
        except DigitsError as error:
            self.fail(item, request, item.error or str(error))
            return
        self.results[item.id] = PageResult(
            request, split_numbers(reading), reading, reading.error or ""
        )

    def fail(self, item: OpenedPage, request: ReadRequest, error: str) -> None:
        """Store the reason why an item cannot be read."""
        self.results[item.id] = PageResult(request, None, None, error)


def _jpeg(image: Image.Image, longest: int, quality: int) -> bytes:
    """Return an RGB picture as a JPEG of at most this longer side."""
    small = image.copy()
    small.thumbnail((longest, longest), reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=quality)
    return file.getvalue()
