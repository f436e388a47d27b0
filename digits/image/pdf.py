"""Pages of a PDF as pictures, through PDFium; nothing here knows what is read on them."""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from digits.core import MissingLibraryError, NotAPictureError, PictureError, TooLargeError

if TYPE_CHECKING:
    import pypdfium2

MAX_PAGES = 200  # of one PDF; a class of pupils with room to spare
POINTS = 72  # PDF units per inch (ISO 32000-1, 8.3.2.3)
RESOLUTION = 300  # dpi, what office scanners give; small paper is drawn no finer than this
MAX_SIDE = 14_400  # points, 200 inches: the largest page that Acrobat makes (ISO 32000-1, annex C)
MAX_RATIO = 50  # of a page's sides; no paper is a longer strip, and a side has at least one pixel
SLACK = 1e-3  # px; PDFium measures paper in single precision
SECONDS = 10.0  # for drawing one page
WHITE = (255, 255, 255, 255)  # RGBA
HEADER = 1024  # bytes within which a PDF says that it is one (ISO 32000-1, annex H.3.4.1)
DAMAGED = "the PDF is damaged or cut off: save or scan it again"
LOCKED = "the PDF is locked with a password: save it without one, or photograph the page"
MISSING = (
    "reading a PDF needs pypdfium2, which is not installed: pip install pypdfium2, "
    "or save the page as a PNG or JPEG picture"
)

_lock = threading.Lock()  # PDFium must not be entered by two threads at once


def is_pdf(content: bytes) -> bool:
    """Say whether these bytes claim to be a PDF."""
    return b"%PDF-" in content[:HEADER]


def count_pdf_pages(content: bytes) -> int:
    """Return how many pages a PDF has.

    Raises
    ------
    PictureError
        It is damaged, locked, or has more than `MAX_PAGES`.
    MissingLibraryError
        pypdfium2 is not installed.
    """
    with _document(content) as document:
        return len(document)


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
        There is no such page, its paper has an absurd size, it takes longer than `SECONDS` to
        draw, or as `count_pdf_pages`.
    """
    with _document(content) as document:
        if not 1 <= page <= len(document):
            raise PictureError(f"the PDF has no page {page}: it has {len(document)}")
        sheet = document[page - 1]
        width, height = sheet.get_size()
        _check_paper(width, height)
        scale = min(RESOLUTION / POINTS, (max_pixels / (width * height)) ** 0.5)
        pixels = [max(1, int(side * scale + SLACK)) for side in (width, height)]
        return _draw(sheet, *pixels)


@contextmanager
def _document(content: bytes) -> Iterator["pypdfium2.PdfDocument"]:
    """Open a PDF, alone, and turn what PDFium complains of into a sentence."""
    try:
        import pypdfium2
    except ImportError:
        raise MissingLibraryError(MISSING) from None
    with _lock:
        try:
            document = pypdfium2.PdfDocument(content)
            try:
                if len(document) > MAX_PAGES:
                    raise TooLargeError(
                        f"the PDF has {len(document)} pages, and at most {MAX_PAGES} are read: "
                        "split it"
                    )
                yield document
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
            raise NotAPictureError(LOCKED if locked else DAMAGED) from error


def _check_paper(width: float, height: float) -> None:
    shorter, longer = sorted((width, height))
    if not 0 < shorter <= longer <= min(MAX_SIDE, MAX_RATIO * shorter):
        raise TooLargeError(
            f"a page of {width:.0f} x {height:.0f} points is no sheet of paper: "
            "save it as a PNG or JPEG picture"
        )


def _draw(sheet: "pypdfium2.PdfPage", width: int, height: int) -> Image.Image:
    """Draw in steps, so that a page made to keep us busy is left when its time is over."""
    import pypdfium2
    from pypdfium2 import raw

    bitmap = pypdfium2.PdfBitmap.new_native(width, height, raw.FPDFBitmap_BGRx)
    bitmap.fill_rect(WHITE, 0, 0, width, height)
    until = time.monotonic() + SECONDS
    pause = raw.IFSDK_PAUSE(version=1)
    is_late = type(pause.NeedToPauseNow)(lambda _: time.monotonic() > until)
    pause.NeedToPauseNow = is_late
    whole_page = (0, 0, width, height, 0)  # from left, top; unturned beyond its own turn
    state = raw.FPDF_RenderPageBitmap_Start(
        bitmap, sheet, *whole_page, raw.FPDF_ANNOT, ctypes.byref(pause)
    )
    raw.FPDF_RenderPage_Close(sheet)
    if state == raw.FPDF_RENDER_TOBECONTINUED:
        raise TooLargeError(
            f"the page takes more than {SECONDS:.0f} seconds to draw: save it as a picture"
        )
    if state != raw.FPDF_RENDER_DONE:
        raise NotAPictureError(DAMAGED)
    return bitmap.to_pil().convert("RGB")
