"""Opens PDFs and HEIC photographs in a process of its own, for such files can end or hold it.

Forms that show forms keep PDFium busy for days while it only takes them in, and it cannot be told
to stop; a HEIC file of 611 bytes makes libheif's binding touch memory that is not its own.
`digits.io.sandbox` runs this file, with limits to time and memory; whatever happens in here, the
reader goes on. Nothing of this package is imported, so that it starts at once.

    python decoders.py pdf SECONDS PAGE MAX_PIXELS < some.pdf
    python decoders.py heic SECONDS MAX_PIXELS < some.heic

Written to stdout: one line of JSON, and after it the pixels (BGRx), or a JPEG or PNG.
"""

import io
import json
import sys
from typing import Any

POINTS = 72  # PDF units per inch (ISO 32000-1, 8.3.2.3)
RESOLUTION = 300  # dpi, what office scanners give; small paper is drawn no finer than this
MAX_SIDE = 14_400  # points, 200 inches: the largest page that Acrobat makes (ISO 32000-1, annex C)
MAX_RATIO = 50  # of a page's sides; no paper is a longer strip, and a side has at least one pixel
SLACK = 1e-3  # px; PDFium measures paper in single precision
QUALITY = 95  # of 100: a JPEG from which nobody tells what it was made of
# Bytes of address space. Scans of 140 megapixels are drawn in less, and so are telephones' pictures
# of 48; libheif's threads have some of their own.
MEMORY = {"pdf": 600_000_000, "heic": 1_200_000_000}
WHITE = (255, 255, 255, 255)  # RGBA


def draw_pdf(content: bytes, page: int, max_pixels: int) -> tuple[dict[str, Any], bytes]:
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


def convert_heic(content: bytes, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    """Return a HEIC photograph as JPEG, or as PNG where it has holes; its note how it was held too.

    Returns
    -------
    ``size`` in pixels, or ``fault``; then the file, empty where there are more than `max_pixels`
    """
    import pi_heif
    from PIL import Image

    pi_heif.register_heif_opener()
    try:
        with Image.open(io.BytesIO(content), formats=("HEIF",)) as image:
            told = {"size": image.size}
            if image.width * image.height > max_pixels:
                return told, b""
            image.load()
            kind = "PNG" if image.has_transparency_data else "JPEG"
            file = io.BytesIO()
            options = {"quality": QUALITY, "subsampling": 0} if kind == "JPEG" else {}
            image.save(file, kind, exif=image.getexif(), **options)
            return told, file.getvalue()
    except Exception:  # whatever the bytes make it raise
        return {"fault": "damaged"}, b""


def is_paper(width: float, height: float) -> bool:
    """Say whether a page has sides, in points, that a sheet of paper could have."""
    shorter, longer = sorted((width, height))
    return 0 < shorter <= longer <= min(MAX_SIDE, MAX_RATIO * shorter)


def limit(seconds: int, memory: int) -> None:
    """Have this process ended where it takes more processor time, and refused more memory."""
    try:
        import resource
    except ImportError:  # Windows; there only the caller's patience ends
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    kind, (seconds, *numbers) = sys.argv[1], map(int, sys.argv[2:])
    limit(seconds, MEMORY[kind])
    content = sys.stdin.buffer.read()
    told, decoded = (draw_pdf if kind == "pdf" else convert_heic)(content, *numbers)
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n")
    sys.stdout.buffer.write(decoded)
