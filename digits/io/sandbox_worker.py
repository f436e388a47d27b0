"""Decode PDFs and HEIC photographs in a separate process, since they can crash or hang it.

Nested forms keep PDFium busy for days while it parses them, without a way to interrupt it; a HEIC
file of 611 bytes causes invalid memory access in libheif's binding. `digits.io.sandbox` runs this
file with limits on time and memory. It imports nothing of this package, so that it starts quickly.

    python sandbox_worker.py pdf|heic

Input: a line of JSON with the file's size in ``bytes`` and the ``seconds`` of CPU time for each
request, the file, and then one JSON list of numbers per line: ``[page, max_pixels]`` for a PDF,
``[max_pixels]`` for HEIC. Output for each: a line of JSON with the number of ``bytes`` that
follow, which are pixels (BGRx), or a JPEG or PNG.
"""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

POINTS = 72  # PDF units per inch (ISO 32000-1, 8.3.2.3)
RESOLUTION = 300  # dpi, as office scanners; the most at which a page is rendered
MAX_SIDE = 14_400  # points, 200 inches: Acrobat's largest page (ISO 32000-1, annex C)
MAX_RATIO = 50  # of a page's sides
SLACK = 1e-3  # px; PDFium uses single precision
QUALITY = 95  # of the JPEG of a HEIC photograph
# Bytes of address space, enough for scans of 140 and photographs of 48 megapixels; libheif's
# threads need more.
MEMORY = {"pdf": 600_000_000, "heic": 1_200_000_000}
WHITE = (255, 255, 255, 255)  # RGBA

Answer = tuple[dict[str, Any], bytes]


def open_pdf(content: bytes) -> Callable[[int, int], Answer]:
    """Return a function that renders a page of a PDF with its annotations.

    It takes the page, from 1, or 0 for none, and the maximum number of pixels. It returns
    ``pages``, ``paper`` in points, ``size`` in pixels and ``stride`` in bytes as far as they are
    known, or ``fault``, "locked" or "damaged"; then the pixels.
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(content)
        n_pages = len(document)
    except pypdfium2.PdfiumError as error:
        fault = _fault(error)
        return lambda *_: (fault, b"")

    def draw(page: int, max_pixels: int) -> Answer:
        report: dict[str, Any] = {"pages": n_pages}
        if not 1 <= page <= n_pages:
            return report, b""
        try:
            sheet = document[page - 1]
            width, height = report["paper"] = sheet.get_size()
            if not is_paper(width, height):
                return report, b""
            scale = min(RESOLUTION / POINTS, (max_pixels / (width * height)) ** 0.5)
            size = [max(1, int(side * scale + SLACK)) for side in (width, height)]
            bitmap = pypdfium2.PdfBitmap.new_native(*size, pypdfium2.raw.FPDFBitmap_BGRx)
            bitmap.fill_rect(WHITE, 0, 0, *size)
            # left, top, size, and no further rotation
            drawing = (0, 0, *size, 0, pypdfium2.raw.FPDF_ANNOT)
            pypdfium2.raw.FPDF_RenderPageBitmap(bitmap, sheet, *drawing)
            pixels = bytes(bitmap.buffer)
            bitmap.close()
            sheet.close()
        except pypdfium2.PdfiumError as error:
            return _fault(error), b""
        return {**report, "size": size, "stride": bitmap.stride}, pixels

    return draw


def _fault(error: Any) -> dict[str, Any]:  # noqa: ANN401  # pypdfium2 is imported only where it is used
    import pypdfium2

    locked = error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD
    return {"fault": "locked" if locked else "damaged"}


def convert_heic(content: bytes, max_pixels: int) -> Answer:
    """Convert a HEIC photograph to JPEG, or to PNG if it is transparent, with its orientation.

    Returns
    -------
    ``size`` in pixels, or ``fault``; then the file, empty if there are more than `max_pixels`
    """
    import pi_heif
    from PIL import Image

    pi_heif.register_heif_opener()
    try:
        with Image.open(io.BytesIO(content), formats=("HEIF",)) as image:
            report = {"size": image.size}
            if image.width * image.height > max_pixels:
                return report, b""
            image.load()
            kind = "PNG" if image.has_transparency_data else "JPEG"
            file = io.BytesIO()
            options = {"quality": QUALITY, "subsampling": 0} if kind == "JPEG" else {}
            image.save(file, kind, exif=image.getexif(), **options)
            return report, file.getvalue()
    except Exception:  # damaged files cause errors of any kind
        return {"fault": "damaged"}, b""


def is_paper(width: float, height: float) -> bool:
    """Return whether a page has plausible sides, in points."""
    shorter, longer = sorted((width, height))
    return 0 < shorter <= longer <= min(MAX_SIDE, MAX_RATIO * shorter)


def limit_memory(memory: int) -> None:
    """Limit the memory of this process."""
    try:
        import resource
    except ImportError:  # Windows: only the timeout of the parent ends this process
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: int) -> None:
    """Limit the CPU time of the next request."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used) + seconds + 1, hard))


def main(kind: str) -> None:
    """Receive the file, and answer requests until the input ends."""
    limit_memory(MEMORY[kind])
    source, out = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    content = source.read(head["bytes"])
    limit_time(head["seconds"])
    answer: Callable[..., Answer]
    answer = open_pdf(content) if kind == "pdf" else lambda most: convert_heic(content, most)
    for line in source:
        limit_time(head["seconds"])
        report, decoded = answer(*json.loads(line))
        out.write(json.dumps({**report, "bytes": len(decoded)}).encode() + b"\n" + decoded)
        out.flush()


if __name__ == "__main__":
    main(sys.argv[1])
