"""Render the pages of a PDF, in one sandboxed process for each document."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from PIL import Image

from digits.errors import MissingLibraryError, NotAPictureError, PictureError, TooLargeError
from digits.io.sandbox import Sandbox, open_sandbox

MAX_PAGES = 200  # of one PDF
HEADER = 1024  # bytes that contain the signature of a PDF (ISO 32000-1, annex H.3.4.1)
DAMAGED = "the PDF is damaged or cut off: save or scan it again"
LOCKED = "the PDF is locked with a password: save it without one, or photograph the page"
MISSING = (
    "reading a PDF needs pypdfium2, which is not installed: pip install pypdfium2, "
    "or save the page as a PNG or JPEG picture"
)


def is_pdf(content: bytes) -> bool:
    """Return whether bytes have the signature of a PDF."""
    return b"%PDF-" in content[:HEADER]


class Pdf:
    """An open PDF, held by a separate process."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.n_pages = int(self._ask(0, 0)[0]["pages"])

    def draw(self, page: int, max_pixels: int) -> Image.Image:
        """Render one page with its annotations: RGB, at most 300 dpi.

        Parameters
        ----------
        page : from 1
        max_pixels : limits the resolution of large pages

        Raises
        ------
        PictureError
            There is no such page, its paper has an implausible size, or it takes too much time or
            memory.
        """
        report, pixels = self._ask(max(0, page), max_pixels)
        if "paper" not in report:
            raise PictureError(f"the PDF has no page {page}: it has {report['pages']}")
        if "size" not in report:
            width, height = report["paper"]
            raise TooLargeError(
                f"a page of {width:.0f} x {height:.0f} points is not a sheet of paper: "
                "save it as a PNG or JPEG picture"
            )
        return Image.frombytes("RGB", report["size"], pixels, "raw", "BGRX", report["stride"])

    def _ask(self, page: int, max_pixels: int) -> tuple[dict[str, Any], bytes]:
        report, pixels = self._sandbox.ask(page, max_pixels)
        if "fault" in report:
            raise NotAPictureError(LOCKED if report["fault"] == "locked" else DAMAGED)
        if report["pages"] > MAX_PAGES:
            raise TooLargeError(
                f"the PDF has {report['pages']} pages, and at most {MAX_PAGES} are read: split it"
            )
        return report, pixels


@contextmanager
def open_pdf(content: bytes) -> Iterator[Pdf]:
    """Open a PDF in a separate process, which ends with the context.

    Raises
    ------
    PictureError
        It is damaged, locked, has more than `MAX_PAGES`, or takes too much time or memory.
    MissingLibraryError
        pypdfium2 is not installed.
    """
    with ExitStack() as stack:
        try:
            sandbox = stack.enter_context(open_sandbox("pdf", content))
        except MissingLibraryError:
            raise MissingLibraryError(MISSING) from None
        yield Pdf(sandbox)
