"""Decode pictures upright, in grey and in colour, with limits on their size."""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from digits.errors import (
    MissingLibraryError,
    NotAPictureError,
    PictureError,
    TooLargeError,
    how_to_install,
    reason_of,
)
from digits.io.pdf import is_pdf
from digits.io.sandbox import open_sandbox
from digits.types import Pixels

FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF")  # Pillow's names
EXTENSIONS = (
    "png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "heic", "heif", "pdf",
)  # fmt: skip
WORKING_PIXELS = 3_000_000  # px; on a page of this size digits are large enough to read
MAX_BYTES = 64_000_000  # of one file
MAX_PIXELS = 100_000_000  # px; at four bytes a pixel this fits in the memory of a small machine
MAX_COSTLY_PIXELS = 50_000_000  # px; the decoders of WebP and HEIC hold four copies of each
MAX_SIDE = 30_000  # px; OpenCV counts some coordinates in 16 bits
LARGE_PIXELS = 24_000_000  # px; copies of larger pictures would not fit in 1 GB of memory
PIECE_PIXELS = 4_000_000  # px of such a picture that are copied at once
SAMPLE_PIXELS = 1_000_000  # px; enough to tell paper from ink
WHITE = 255  # grey level
MIDDLE = 128  # grey level between dark and light ink
BYTE = 8  # bits of a grey level
WORD = 1 << 16  # one more than the largest 16-bit level
HALF, NEARLY_ALL = 0.5, 0.9  # share of a picture that is opaque
PLAIN = 10  # grey levels; ink of one colour has less spread, ink on paper more
ORIENTATION = 0x0112  # EXIF tag of the orientation
UPRIGHTING = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # transposition that undoes each orientation
QUARTER_TURNS = (5, 6, 7, 8)  # orientations that swap width and height
SIGNATURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"II*\0",
    b"MM\0*",
    b"GIF8",
)  # first bytes of the formats
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
DAMAGED = "the picture is damaged or cut off: save or photograph it again"
HEIC_MISSING = (
    "this is a HEIC photograph, which needs pi-heif to be opened: save it as JPEG, or "
    + how_to_install("heic")
)
DECODER_FAULTS = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError, TypeError,
    OverflowError, ZeroDivisionError, MemoryError, AttributeError, RuntimeError,
)  # fmt: skip  # errors of Pillow's decoders on damaged files


@dataclass(frozen=True, slots=True)
class DecodedImage:
    """A decoded picture, upright and possibly reduced."""

    grey: Pixels
    colour: Image.Image | None  # RGB of the same size; None if not decoded
    width: int  # px of the upright original
    height: int  # px of the upright original


def decode_image(content: bytes, *, colour: bool = False) -> DecodedImage:
    """Decode a picture other than a PDF: upright, of at most `WORKING_PIXELS`.

    Parameters
    ----------
    content : the bytes of the file
    colour : decode the colours too; transparent pictures get a contrasting background

    Raises
    ------
    PictureError
        It is not an image, damaged, or too large.
    """
    with _opened(content) as image:
        width, height = image.size
        if image.format in ("JPEG", "MPO"):  # MPO: a JPEG followed by a second one
            # The decoder reduces by a power of two at a fraction of the cost. The grey picture is
            # the luma, with and without colours.
            shrink = max(1.0, (width * height / WORKING_PIXELS) ** 0.5)
            mode = "YCbCr" if colour else "L"
            image.draft(mode, (int(width / shrink), int(height / shrink)))
        orientation = _orientation(image)
        if orientation in QUARTER_TURNS:
            width, height = height, width
        whole = _in_pieces(image)
        grey: Pixels = np.array(_turned(_reduced(_grey(whole)), orientation), np.uint8)
        shown = _turned(_reduced(_colour(whole)), orientation) if colour else None
    return DecodedImage(grey, shown, width, height)


def from_rgb(image: Image.Image, *, colour: bool = False) -> DecodedImage:
    """Return an upright RGB page as `decode_image` returns a picture."""
    grey: Pixels = np.array(_reduced(_grey(image)), np.uint8)
    return DecodedImage(grey, _reduced(image) if colour else None, image.width, image.height)


def load_bytes(source: bytes | str | Path) -> bytes:
    """Return the content of a file, or the bytes themselves.

    Raises
    ------
    PictureError
        There is no such file, it cannot be read, it is empty, or it is too large.
    """
    if isinstance(source, bytes):
        content, name = source, "the picture"
    else:
        path, name = Path(source), str(source)
        try:
            with path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            raise PictureError(f"there is no file {name}: check the name") from None
        except (IsADirectoryError, PermissionError) as error:
            if path.is_dir():
                raise PictureError(f"{name} is a folder: name a picture inside it") from error
            raise PictureError(f"{name} may not be read: check its permissions") from error
        except (OSError, ValueError) as error:
            raise PictureError(
                f"{name} cannot be read ({reason_of(error)}): check the name"
            ) from error
    if not content:
        raise NotAPictureError(f"{name} is empty: save or photograph it again")
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB: save it smaller")
    return content


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """Open the first frame, and turn whatever the decoder raises into a sentence."""
    file = _from_heic(content) if is_heic(content) else content
    try:
        with warnings.catch_warnings():
            # About odd metadata, where the picture is what counts; and about pictures of more
            # than 89 million pixels, where Pillow warns, our own limit decides and Pillow's
            # harder one, at twice as many, stays.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(file), formats=FORMATS) as image:
                _check_size(image)
                yield image
    except Image.DecompressionBombError:
        raise TooLargeError(_too_many_pixels()) from None
    except UnidentifiedImageError:
        raise NotAPictureError(_what_it_is(content)) from None
    except DECODER_FAULTS as error:
        raise NotAPictureError(DAMAGED) from error


def _check_size(image: Image.Image) -> None:
    """Reject pictures that would not fit in memory, before decoding."""
    limit = MAX_COSTLY_PIXELS if image.format == "WEBP" else MAX_PIXELS
    if image.width * image.height > limit or max(image.size) > MAX_SIDE:
        raise TooLargeError(_too_many_pixels(limit))


def _too_many_pixels(limit: int = MAX_PIXELS) -> str:
    return (
        f"the picture has more than {limit // 1_000_000} million pixels "
        f"or a side of more than {MAX_SIDE}: save it smaller"
    )


def _what_it_is(content: bytes) -> str:
    """Return why bytes cannot be opened as an image."""
    if content.startswith(SIGNATURES) or content[8:12] == b"WEBP" or is_heic(content):
        return DAMAGED
    return "this is not an image we can open: use PNG, JPEG, WebP, TIFF, BMP, GIF, HEIC or PDF"


def is_pdf_file(content: bytes) -> bool:
    """Return whether bytes are a PDF, and not a picture whose metadata mention PDF."""
    return is_pdf(content) and not content.startswith(SIGNATURES) and not is_heic(content)


def is_heic(content: bytes) -> bool:
    """Return whether bytes have the signature of HEIC."""
    return content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS


def _from_heic(content: bytes) -> bytes:
    """Convert HEIC to JPEG or PNG in a sandbox."""
    try:
        with open_sandbox("heic", content) as sandbox:
            report, file = sandbox.ask(MAX_COSTLY_PIXELS)
    except MissingLibraryError:
        raise NotAPictureError(HEIC_MISSING) from None
    if "fault" in report:
        raise NotAPictureError(DAMAGED)
    if not file:
        raise TooLargeError(_too_many_pixels(MAX_COSTLY_PIXELS))
    return file


def _orientation(image: Image.Image) -> int:
    """Decode the picture and return its EXIF orientation; 1 is upright."""
    # After decoding: Pillow turns a TIFF while decoding it, and then drops the tag.
    image.load()
    try:
        return int(image.getexif().get(ORIENTATION, 1))
    except DECODER_FAULTS:  # damaged metadata do not damage the picture
        return 1


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return the picture upright."""
    method = UPRIGHTING.get(orientation)
    return image if method is None else image.transpose(method)


def _in_pieces(image: Image.Image) -> Image.Image:
    """Reduce a very large picture by a whole factor, some rows at a time."""
    if image.width * image.height <= LARGE_PIXELS or image.mode.startswith("I;16"):
        return image
    factor = int((image.width * image.height / WORKING_PIXELS) ** 0.5)
    mode = {"1": "L", "P": "RGB"}.get(image.mode, image.mode)
    if image.has_transparency_data:
        mode = "RGBA"
    size = (math.ceil(image.width / factor), math.ceil(image.height / factor))
    small = Image.new(mode, size)
    rows = factor * max(1, PIECE_PIXELS // (image.width * factor))
    for top, piece in _pieces(image, rows):
        small.paste(piece.convert(mode).reduce(factor), (0, top // factor))
    return small


def _pieces(image: Image.Image, rows: int) -> Iterator[tuple[int, Image.Image]]:
    """Yield strips of the picture and their first rows."""
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(top + rows, image.height)))


def _grey(image: Image.Image) -> Image.Image:
    """Return 8-bit grey, whatever the mode."""
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(_to_bytes(np.asarray(image)))
    if image.mode == "LAB":
        return image.getchannel("L")
    if image.mode == "YCbCr":
        return image.getchannel("Y")
    if image.mode == "L" and not image.has_transparency_data:
        return image
    return _on_paper(image).convert("L")


def _colour(image: Image.Image) -> Image.Image:
    """Return RGB, whatever the mode."""
    many_levels = image.mode.startswith(("I", "F", "LAB"))
    flat = _grey(image) if many_levels else _on_paper(image)
    return flat if flat.mode == "RGB" else flat.convert("RGB")


def _to_bytes(levels: np.ndarray) -> np.ndarray:
    """Scale integer or float levels of any range to 0..255: (h, w) -> (h, w)."""
    known = levels if levels.dtype.kind in "ui" else levels[np.isfinite(levels)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
    if levels.dtype.kind in "ui" and low >= 0 and high < WORD:
        # Drop low bits so that one byte is left: 8 of 16, or 4 of a scanner's 12.
        return (levels >> max(0, int(high).bit_length() - BYTE)).astype(np.uint8)
    bounded = np.nan_to_num(levels.astype(np.float64), nan=low, posinf=high, neginf=low)
    span = (high - low) or 1.0
    return np.rint((bounded - low) / span * WHITE).astype(np.uint8)


def _on_paper(image: Image.Image) -> Image.Image:
    """Put a transparent picture on a contrasting background."""
    if not image.has_transparency_data:
        return image
    shade = _paper_shade(_in_pieces(image).convert("RGBA"))
    flat = Image.new("RGB", image.size)
    for top, piece in _pieces(image, max(1, PIECE_PIXELS // image.width)):
        paper = Image.new("RGBA", piece.size, (shade, shade, shade, WHITE))
        paper.alpha_composite(piece.convert("RGBA"))
        flat.paste(paper.convert("RGB"), (0, top))
    return flat


def _paper_shade(layered: Image.Image) -> int:
    """Return the grey level of the background of a transparent picture: 0 or 255."""
    excess = (layered.width * layered.height / SAMPLE_PIXELS) ** 0.5
    sample = layered.reduce(math.ceil(excess)) if excess > 1 else layered
    opacity = np.asarray(sample.getchannel("A"), np.float64) / WHITE
    if not opacity.any():
        return WHITE
    grey = np.asarray(sample.convert("RGB").convert("L"), np.float64)
    level = np.average(grey, weights=opacity)
    spread = np.average((grey - level) ** 2, weights=opacity) ** 0.5
    share = opacity.mean()
    # A picture with its own paper and a transparent rim is continued in that paper's tone. Ink
    # without paper needs a background of the opposite tone.
    has_own_paper = share > NEARLY_ALL or (share > HALF and spread > PLAIN)
    return WHITE if (level > MIDDLE) == has_own_paper else 0


def _reduced(image: Image.Image) -> Image.Image:
    """Reduce to at most the working size."""
    excess = (image.width * image.height / WORKING_PIXELS) ** 0.5
    if excess <= 1:
        return image
    size = (max(1, round(image.width / excess)), max(1, round(image.height / excess)))
    return image.resize(size, Image.Resampling.BOX)
