"""Pages of a PDF as pictures, drawn in a process of its own; nothing here knows what they hold."""

from typing import Any

from PIL import Image

from digits.errors import MissingLibraryError, NotAPictureError, PictureError, TooLargeError
from digits.io.sandbox import decode

MAX_PAGES = 200  # of one PDF; a class of pupils with room to spare
HEADER = 1024  # bytes within which a PDF says that it is one (ISO 32000-1, annex H.3.4.1)
DAMAGED = "the PDF is damaged or cut off: save or scan it again"
LOCKED = "the PDF is locked with a password: save it without one, or photograph the page"
MISSING = (
    "reading a PDF needs pypdfium2, which is not installed: pip install pypdfium2, "
    "or save the page as a PNG or JPEG picture"
)


def is_pdf(content: bytes) -> bool:
    """Say whether these bytes claim to be a PDF."""
    return b"%PDF-" in content[:HEADER]


def count_pdf_pages(content: bytes) -> int:
    """Return how many pages a PDF has.

    Raises
    ------
    PictureError
        It is damaged, locked, has more than `MAX_PAGES`, or takes too much time or memory.
    MissingLibraryError
        pypdfium2 is not installed.
    """
    told, _ = _drawn(content, 0, 0)
    return int(told["pages"])


def draw_pdf_page(content: bytes, page: int, max_pixels: int) -> Image.Image:
    """Draw one page as a person sees it, its annotations too: RGB, at most 300 dpi.

    Parameters
    ----------
    content : the bytes of a PDF
    page : from 1
    max_pixels : the page is drawn coarser where 300 dpi would make more

    Raises
    ------
    PictureError
        There is no such page, its paper has an absurd size, or as `count_pdf_pages`.
    """
    told, pixels = _drawn(content, max(0, page), max_pixels)
    if "paper" not in told:
        raise PictureError(f"the PDF has no page {page}: it has {told['pages']}")
    if "size" not in told:
        width, height = told["paper"]
        raise TooLargeError(
            f"a page of {width:.0f} x {height:.0f} points is no sheet of paper: "
            "save it as a PNG or JPEG picture"
        )
    return Image.frombytes("RGB", told["size"], pixels, "raw", "BGRX", told["stride"])


def _drawn(content: bytes, page: int, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    """Have a page drawn elsewhere, and turn what went wrong into a sentence."""
    try:
        told, pixels = decode("pdf", content, page, max_pixels)
    except MissingLibraryError:
        raise MissingLibraryError(MISSING) from None
    if "fault" in told:
        raise NotAPictureError(LOCKED if told["fault"] == "locked" else DAMAGED)
    if told["pages"] > MAX_PAGES:
        raise TooLargeError(
            f"the PDF has {told['pages']} pages, and at most {MAX_PAGES} are read: split it"
        )
    return told, pixels
