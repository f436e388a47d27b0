"""The one door from bytes to pixels: every format, upright, grey, and not too large."""

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from digits.core import NotAPictureError, Picture, PictureError, Pixels, TooLargeError

FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF")  # Pillow's names; MPO: phones
EXTENSIONS = ("png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif")
WORKING_PIXELS = 3_000_000  # px; digits on a page of this size are large enough to read
MAX_BYTES = 64_000_000  # of one file
MAX_PIXELS = 100_000_000  # px; a phone's largest photograph has 50 to 108 million
MAX_SIDE = 30_000  # px
HIGH_BYTE = 8  # bits dropped when 16 become 8
WHITE = 255  # grey level
MIDDLE = 128  # grey level that parts dark ink from light ink
DECODER_FAULTS = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError, TypeError,
    OverflowError, ZeroDivisionError, MemoryError, AttributeError, RuntimeError,
)  # fmt: skip  # Pillow's decoders raise what the bytes make them raise


def load_picture(source: bytes | str | Path) -> Picture:
    """Return the picture that the reader looks at: grey, upright, of at most ~3 megapixels.

    Parameters
    ----------
    source : the bytes of a picture, or the path of one; the content decides, not the ending

    Raises
    ------
    PictureError
        The file cannot be read, is no picture, is damaged, or is too large.
    """
    content = load_bytes(source)
    with _opened(content) as image:
        turned = _is_turned(image)
        width, height = image.size[::-1] if turned else image.size
        if image.format == "JPEG":
            # The decoder reduces by a power of two at a fraction of the cost.
            shrink = max(1.0, (width * height / WORKING_PIXELS) ** 0.5)
            image.draft("L", (int(image.width / shrink), int(image.height / shrink)))
        grey = _reduced(_upright(_grey(image)))
        pixels: Pixels = np.array(grey, np.uint8)
    return Picture(pixels, width, height, hashlib.sha256(content).hexdigest())


def load_upright(source: bytes | str | Path) -> Image.Image:
    """Return the picture as a person should see it: RGB, upright, transparency on its paper.

    Raises
    ------
    PictureError
        As `load_picture`.
    """
    with _opened(load_bytes(source)) as image:
        grey = image.mode == "1" or image.mode.startswith(("I", "F"))
        flat = _grey(image) if grey else _on_paper(image)
        return _upright(flat.convert("RGB"))


def load_bytes(source: bytes | str | Path) -> bytes:
    """Return the content of a file, or the bytes as they are.

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
            if path.stat().st_size > MAX_BYTES:
                raise TooLargeError(
                    f"{name} is larger than {MAX_BYTES // 1_000_000} MB: save it smaller"
                )
            content = path.read_bytes()
        except FileNotFoundError:
            raise PictureError(f"there is no file {name}: check the name") from None
        except (IsADirectoryError, PermissionError) as error:
            if path.is_dir():
                raise PictureError(f"{name} is a folder: name a picture inside it") from error
            raise PictureError(f"{name} may not be read: check its permissions") from error
        except (OSError, ValueError) as error:
            raise PictureError(f"{name} cannot be read ({error}): check the name") from error
    if not content:
        raise NotAPictureError(f"{name} is empty: save or photograph it again")
    if len(content) > MAX_BYTES:
        raise TooLargeError(f"{name} is larger than {MAX_BYTES // 1_000_000} MB: save it smaller")
    return content


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    """Open the first frame and turn whatever the decoder raises into a sentence."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata; the picture is what counts
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                _check_size(image)
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooLargeError(_too_many_pixels()) from None
    except Image.UnidentifiedImageError:
        raise NotAPictureError(_what_it_is(content)) from None
    except DECODER_FAULTS as error:
        raise NotAPictureError(
            "the picture is damaged or cut off: save or photograph it again"
        ) from error


def _check_size(image: Image.Image) -> None:
    """Refuse what would not fit in memory, before any of it is decoded."""
    if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
        raise TooLargeError(_too_many_pixels())


def _too_many_pixels() -> str:
    return (
        f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels "
        f"or a side of more than {MAX_SIDE}: save it smaller"
    )


def _what_it_is(content: bytes) -> str:
    """Say what to do about bytes that are no picture we open."""
    if content[4:8] == b"ftyp" and content[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return "this is a HEIC photograph: save it as JPEG and try again"
    if content.startswith(b"%PDF"):
        return "this is a PDF: save its page as a PNG or JPEG picture and try again"
    return "this is no picture that can be opened: use PNG, JPEG, WebP, TIFF, BMP or GIF"


def _is_turned(image: Image.Image) -> bool:
    """Say whether the camera's note turns the picture onto its side."""
    return image.getexif().get(0x0112, 1) in (5, 6, 7, 8)  # EXIF orientation, a quarter turn


def _upright(image: Image.Image) -> Image.Image:
    return ImageOps.exif_transpose(image)


def _grey(image: Image.Image) -> Image.Image:
    """Return 8-bit grey, whatever the mode; the camera's note on orientation is kept."""
    exif = image.getexif()
    if image.mode.startswith("I;16"):
        deep = np.asarray(image).astype(np.uint16)
        grey = Image.fromarray((deep >> HIGH_BYTE).astype(np.uint8))
    elif image.mode in ("I", "F"):
        grey = Image.fromarray(_stretched(np.asarray(image, np.float64)))
    elif image.mode == "L" and "transparency" not in image.info:
        grey = image
    else:
        grey = _on_paper(image).convert("L")
    grey.getexif().update(exif)
    return grey


def _stretched(values: np.ndarray) -> np.ndarray:
    """Bring values of unknown range to 0..255; 16 bits in a wider mode keep their own range."""
    values = np.nan_to_num(values)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and WHITE < high < 1 << 16:
        return (values / (1 << HIGH_BYTE)).astype(np.uint8)
    if low >= 0 and 1 < high <= WHITE:
        return values.astype(np.uint8)
    return ((values - low) * (WHITE / max(high - low, np.finfo(float).tiny))).astype(np.uint8)


def _on_paper(image: Image.Image) -> Image.Image:
    """Put a transparent picture on paper that its ink stands out from."""
    if not image.has_transparency_data:
        return image
    layered = image.convert("RGBA")
    opacity = np.asarray(layered.getchannel("A"), np.float64)
    if opacity.min() == WHITE:
        return image
    ink = np.asarray(layered.convert("RGB").convert("L"), np.float64)
    level = np.average(ink, weights=opacity) if opacity.any() else 0.0
    # Light ink on nothing was drawn for a dark page. A picture with much opaque paper of its own
    # is light too, and its missing rim is then best left as light as that paper.
    shade = 0 if level > MIDDLE and (opacity > MIDDLE).mean() < 0.5 else WHITE  # noqa: PLR2004
    paper = Image.new("RGBA", layered.size, (shade, shade, shade, WHITE))
    paper.alpha_composite(layered)
    paper.getexif().update(image.getexif())
    return paper.convert("RGB")


def _reduced(image: Image.Image) -> Image.Image:
    """Average down to at most the working size."""
    excess = (image.width * image.height / WORKING_PIXELS) ** 0.5
    if excess <= 1:
        return image
    size = (max(1, round(image.width / excess)), max(1, round(image.height / excess)))
    return image.resize(size, Image.Resampling.BOX)
