"""Open a file and decode its pages, each once for reading and display."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from PIL import Image

from digits.errors import PictureError
from digits.io.image import (
    WORKING_PIXELS,
    DecodedImage,
    decode_image,
    from_rgb,
    is_pdf_file,
    load_bytes,
)
from digits.io.pdf import Pdf, open_pdf
from digits.types import Box, Picture


@dataclass(frozen=True, slots=True)
class PageImage:
    """One page: the grey picture to read, and its colours to show."""

    number: int | None  # of a PDF, from 1; None for a picture
    picture: Picture
    colour: Image.Image | None  # RGB of the size of `picture.grey`; None if not decoded

    def crop(self, box: Box) -> Image.Image:
        """Return the part of the page inside `box`, in px of the upright original: RGB."""
        if self.colour is None:
            raise ValueError("this page was opened without colour")
        scaled = self.picture.from_original(box)
        width, height = self.colour.size
        right, bottom = min(scaled.right, width), min(scaled.bottom, height)
        return self.colour.crop((scaled.x, scaled.y, right, bottom))


class Document:
    """A file with one page or, if it is a PDF, several.

    Use it as a context manager: a PDF is held by a separate process until it is closed.

    Examples
    --------
    >>> from importlib.resources import files
    >>> photo = files("digits") / "ui" / "examples" / "a year.jpg"
    >>> with Document.open(str(photo)) as document:
    ...     [(page.number, page.picture.grey.shape) for page in document]
    [(None, (260, 900))]
    """

    def __init__(self, content: bytes, pdf: Pdf | None, stack: ExitStack, *, colour: bool) -> None:
        self.content = content
        self.numbers: tuple[int | None, ...] = (None,)
        if pdf is not None:
            self.numbers = tuple(range(1, pdf.n_pages + 1))
        self._pdf = pdf
        self._stack = stack
        self._colour = colour

    @classmethod
    def open(cls, source: bytes | str | Path, *, colour: bool = True) -> "Document":
        """Open a file; its format depends on the content, not on the name.

        Parameters
        ----------
        source : the bytes of a picture or PDF, or the path of one
        colour : decode the colours of each page too; the page network sees them, so that a page
            without them may be read differently

        Raises
        ------
        PictureError
            The file cannot be read, or is a PDF that is damaged, locked or too long.
        MissingLibraryError
            It is a PDF and pypdfium2 is not installed.
        """
        content = load_bytes(source)
        with ExitStack() as stack:
            pdf = stack.enter_context(open_pdf(content)) if is_pdf_file(content) else None
            return cls(content, pdf, stack.pop_all(), colour=colour)

    def page(self, number: int | None = None) -> PageImage:
        """Decode one page.

        Parameters
        ----------
        number : of a PDF, from 1; the first by default. Boxes are in pixels of the page as it is
            rendered for the reader

        Raises
        ------
        PictureError
            There is no such page, or it is not an image, damaged, or too large.
        """
        if self._pdf is not None:
            number = 1 if number is None else number
            decoded = from_rgb(self._pdf.draw(number, WORKING_PIXELS), colour=self._colour)
        elif number in (None, 1):
            number = None
            decoded = decode_image(self.content, colour=self._colour)
        else:
            raise PictureError(f"there is no page {number}: this picture is not a PDF")
        return PageImage(number, self._to_picture(decoded, number), decoded.colour)

    def _to_picture(self, decoded: DecodedImage, number: int | None) -> Picture:
        suffix = b"" if number in (None, 1) else f"page {number}".encode()
        checksum = hashlib.sha256(self.content + suffix).hexdigest()
        rgb = None if decoded.colour is None else np.asarray(decoded.colour)
        return Picture(decoded.grey, decoded.width, decoded.height, checksum, rgb)

    def __iter__(self) -> Iterator[PageImage]:
        """Yield the pages, each decoded on demand."""
        return (self.page(number) for number in self.numbers)

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self.numbers)

    def close(self) -> None:
        """End the process that holds a PDF."""
        self._stack.close()

    def __enter__(self) -> "Document":
        """Return the document itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process that holds a PDF."""
        self.close()


def load_picture(source: bytes | str | Path, page: int | None = None) -> Picture:
    """Return one page as input of the reader: grey, upright, of at most 3 megapixels.

    Raises
    ------
    PictureError
        The file cannot be read, is not an image, is damaged, or is too large.
    MissingLibraryError
        The library that opens this format is not installed.
    """
    with Document.open(source) as document:
        return document.page(page).picture


def load_upright(source: bytes | str | Path, page: int | None = None) -> Image.Image:
    """Return one page for display: RGB, upright, of at most 3 megapixels.

    Raises
    ------
    PictureError
        As `load_picture`.
    """
    with Document.open(source, colour=True) as document:
        colour = document.page(page).colour
    assert colour is not None  # noqa: S101  # it was asked for
    return colour


def page_numbers(source: bytes | str | Path) -> tuple[int | None, ...]:
    """Return the page numbers of a PDF, from 1; (None,) for other pictures."""
    with Document.open(source) as document:
        return document.numbers
