"""Draws a page of a PDF in a process of its own, for there is no end to what a PDF can ask for.

Forms that show forms keep PDFium busy for days while it only reads them, and it cannot be told to
stop. `digits.image.pdf` runs this file, with a limit on time and memory; whatever happens in here,
the reader goes on. Nothing of this package is imported, so that it starts at once.

    python pdfium.py PAGE MAX_PIXELS SECONDS < some.pdf

Written to stdout: one line of JSON, and after it the page's pixels, four bytes each (BGRx).
"""

import json
import sys
from typing import Any

POINTS = 72  # PDF units per inch (ISO 32000-1, 8.3.2.3)
RESOLUTION = 300  # dpi, what office scanners give; small paper is drawn no finer than this
MAX_SIDE = 14_400  # points, 200 inches: the largest page that Acrobat makes (ISO 32000-1, annex C)
MAX_RATIO = 50  # of a page's sides; no paper is a longer strip, and a side has at least one pixel
SLACK = 1e-3  # px; PDFium measures paper in single precision
MEMORY = 600_000_000  # bytes of address space; scans of 140 megapixels are drawn in less
WHITE = (255, 255, 255, 255)  # RGBA


def draw(content: bytes, page: int, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    """Return what a PDF says of itself, and one page as a person sees it, its annotations too.

    Parameters
    ----------
    content : the bytes of a PDF
    page : from 1; 0 to draw none
    max_pixels : the page is drawn coarser where 300 dpi would make more

    Returns
    -------
    ``pages``, ``paper`` in points, ``size`` in pixels and ``stride`` in bytes as far as they are
    known, and ``fault``, "locked" or "damaged", where it is; then the pixels, if any were drawn
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
        told: dict[str, Any] = {"pages": len(document)}
        if not 1 <= page <= len(document):
            return told, b""
        sheet = document[page - 1]
        width, height = told["paper"] = sheet.get_size()
        if not is_paper(width, height):
            return told, b""
        scale = min(RESOLUTION / POINTS, (max_pixels / (width * height)) ** 0.5)
        size = [max(1, int(side * scale + SLACK)) for side in (width, height)]
        bitmap = pypdfium2.PdfBitmap.new_native(*size, pypdfium2.raw.FPDFBitmap_BGRx)
        bitmap.fill_rect(WHITE, 0, 0, *size)
        # From left, top; unturned beyond its own turn.
        drawing = (0, 0, *size, 0, pypdfium2.raw.FPDF_ANNOT)
        pypdfium2.raw.FPDF_RenderPageBitmap(bitmap, sheet, *drawing)
        return {**told, "size": size, "stride": bitmap.stride}, bytes(bitmap.buffer)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
        return {"fault": "locked" if locked else "damaged"}, b""


def is_paper(width: float, height: float) -> bool:
    """Say whether a page has sides, in points, that a sheet of paper could have."""
    shorter, longer = sorted((width, height))
    return 0 < shorter <= longer <= min(MAX_SIDE, MAX_RATIO * shorter)


def limit(seconds: int) -> None:
    """Have this process ended where it takes more processor time, and refused more memory."""
    try:
        import resource
    except ImportError:  # Windows; there only the caller's patience ends
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    page, max_pixels, seconds = map(int, sys.argv[1:])
    limit(seconds)
    told, pixels = draw(sys.stdin.buffer.read(), page, max_pixels)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    sys.stdout.buffer.write(pixels)
