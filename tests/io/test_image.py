"""Pictures named by what is awkward about them; each is made here, none is stored."""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from heic import HEIC
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from digits.errors import DigitsError, NotAPictureError, PictureError, TooLargeError
from digits.io import image as pixels
from digits.io.document import load_picture, load_upright
from digits.types import Box

PAPER, INK = 220, 30  # grey levels of the page that most tests draw
MIDDLE_OF_PAGE = 125  # grey level between the two


def page(width=60, height=40):
    """Return a page with one mark, off the middle both ways."""
    image = Image.new("L", (width, height), PAPER)
    ImageDraw.Draw(image).rectangle((5, 4, 14, 23), fill=INK)
    return image


def saved(image, form="PNG", **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def assert_is_the_page(content, tolerance=0):
    picture = load_picture(content)
    assert (picture.width, picture.height) == (60, 40)
    assert picture.grey.dtype == np.uint8
    off = np.abs(picture.grey.astype(int) - np.asarray(page()).astype(int))
    assert off.max() <= tolerance
    upright = load_upright(content)
    assert upright.mode == "RGB"
    assert upright.size == (60, 40)
    assert np.abs(np.asarray(upright.convert("L")).astype(int) - picture.grey).max() <= tolerance


UNDOES = {  # what a camera does to the picture before it notes the orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UNDOES)
def test_every_way_to_hold_the_camera(orientation, form):
    method = UNDOES[orientation]
    held = page() if method is None else page().transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100}}.get(form, {})
    assert_is_the_page(saved(held, form, exif=exif, **options), tolerance=8)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF"])
def test_grey_comes_back_bit_for_bit(form):
    assert_is_the_page(saved(page(), form))


@pytest.mark.parametrize("form", ["PNG", "GIF", "TIFF", "BMP"])
def test_palette(form):
    assert_is_the_page(saved(page().convert("RGB").quantize(4), form))


def test_cmyk():
    for form, options in (("TIFF", {}), ("JPEG", {"quality": 100})):
        assert_is_the_page(saved(page().convert("RGB").convert("CMYK"), form, **options), 6)


def test_lab():
    picture = load_picture(saved(Image.merge("LAB", [page(), page(), page()]), "TIFF"))
    np.testing.assert_array_equal(picture.grey, np.asarray(page()))
    assert load_upright(saved(Image.merge("LAB", [page()] * 3), "TIFF")).mode == "RGB"


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bit(form):
    deep = Image.fromarray(np.asarray(page()).astype(np.uint16) * 256 + 77)
    assert deep.mode == "I;16"
    assert_is_the_page(saved(deep, form))


def test_12_bit_of_a_scanner_in_16():
    deep = Image.fromarray(np.asarray(page()).astype(np.uint16) * 16 + 9)
    assert_is_the_page(saved(deep, "TIFF"))


def test_32_bit_whole_numbers_of_any_range():
    wide = Image.fromarray(np.asarray(page()).astype(np.int32) * 1_000_000 - 99_000_000)
    grey = load_picture(saved(wide, "TIFF")).grey
    assert (grey.min(), grey.max()) == (0, 255)


def test_real_numbers_with_holes():
    levels = np.asarray(page()).astype(np.float32) / 255
    levels[0, :3] = np.nan, np.inf, -np.inf
    grey = load_picture(saved(Image.fromarray(levels), "TIFF")).grey
    assert (grey.min(), grey.max()) == (0, 255)
    assert grey[10, 10] == 0
    nothing = np.full((5, 5), np.nan, np.float32)
    assert not load_picture(saved(Image.fromarray(nothing), "TIFF")).grey.any()


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP"])
def test_1_bit(form):
    grey = load_picture(saved(page().convert("1", dither=Image.Dither.NONE), form)).grey
    np.testing.assert_array_equal(grey, np.where(np.asarray(page()) > 128, 255, 0))


def on_nothing(ink, *, hidden=0):
    """Return ink on transparent ground, whose invisible colour is `hidden`."""
    layered = Image.new("RGBA", (60, 40), (hidden, hidden, hidden, 0))
    ImageDraw.Draw(layered).rectangle((5, 4, 14, 23), fill=(ink, ink, ink, 255))
    return layered


@pytest.mark.parametrize("hidden", [0, 255])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (60, 255), (255, 0), (200, 0)])
def test_transparency_with_dark_and_with_light_ink(ink, paper, mode, hidden):
    content = saved(on_nothing(ink, hidden=hidden).convert(mode))
    for seen in (load_picture(content).grey, np.asarray(load_upright(content).convert("L"))):
        assert seen[10, 10] == ink
        assert seen[39, 59] == paper


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_transparency_around_a_tight_crop_of_ink(ink, paper):
    layered = on_nothing(ink).crop((4, 3, 16, 25))  # the ink fills three quarters of it
    grey = load_picture(saved(layered)).grey
    assert grey[5, 5] == ink
    assert grey[0, 0] == paper


@pytest.mark.parametrize(("paper", "ink", "rim"), [(PAPER, INK, 255), (INK, PAPER, 0)])
def test_transparency_only_at_the_rim_of_paper(paper, ink, rim):
    layered = Image.new("RGBA", (60, 40), (0, 0, 0, 0))
    draw = ImageDraw.Draw(layered)
    draw.rectangle((4, 4, 55, 35), fill=(paper, paper, paper, 255))
    draw.rectangle((10, 10, 14, 30), fill=(ink, ink, ink, 255))
    grey = load_picture(saved(layered)).grey
    assert (grey[0, 0], grey[20, 30], grey[20, 12]) == (rim, paper, ink)


def test_transparency_that_hides_nothing():
    layered = page().convert("RGBA")
    assert_is_the_page(saved(layered))


def test_transparency_that_hides_everything():
    assert load_picture(saved(Image.new("RGBA", (9, 9), (0, 0, 0, 0)))).grey.min() == 255


@pytest.mark.parametrize("form", ["PNG", "GIF"])
def test_transparent_palette_entry(form):
    image = Image.new("P", (60, 40), 0)
    image.putpalette([255, 0, 0, 0, 0, 0])
    ImageDraw.Draw(image).rectangle((5, 4, 14, 23), fill=1)
    grey = load_picture(saved(image, form, transparency=0)).grey
    assert (grey[10, 10], grey[39, 59]) == (0, 255)


def test_large_transparency_is_judged_on_a_sample(monkeypatch):
    monkeypatch.setattr(pixels, "SAMPLE_PIXELS", 500)
    assert load_picture(saved(on_nothing(255))).grey[39, 59] == 0
    assert load_picture(saved(on_nothing(0))).grey[39, 59] == 255


def test_gif_first_frame():
    second = Image.new("L", (60, 40), 0)
    assert_is_the_page(saved(page(), "GIF", save_all=True, append_images=[second]))


def test_jpeg_of_a_phone_with_a_second_picture_behind_it():
    two = saved(page(), "MPO", save_all=True, append_images=[Image.new("L", (9, 9))], quality=100)
    assert_is_the_page(two, tolerance=8)


def test_wrong_extension(tmp_path: Path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(saved(page(), "PNG"))
    assert_is_the_page(path)
    assert_is_the_page(str(path))


def test_one_pixel():
    picture = load_picture(saved(Image.new("L", (1, 1), 7)))
    assert picture.grey.tolist() == [[7]]
    assert picture.to_original(Box(0, 0, 1, 1)) == Box(0, 0, 1, 1)


def test_a_very_long_strip():
    picture = load_picture(saved(Image.new("L", (30_000, 1), 200)))
    assert picture.grey.shape == (1, 30_000)


@pytest.mark.parametrize("orientation", [1, 6])
def test_12_megapixels_are_reduced_and_boxes_scale_back(orientation):
    camera = Image.new("L", (4000, 3000), PAPER)
    ImageDraw.Draw(camera).rectangle((800, 600, 1199, 1799), fill=INK)
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = load_picture(saved(camera, "JPEG", exif=exif))
    truth = {1: Box(800, 600, 400, 1200), 6: Box(1200, 800, 1200, 400)}[orientation]
    assert (picture.width, picture.height) == ((4000, 3000) if orientation == 1 else (3000, 4000))
    assert picture.grey.size <= pixels.WORKING_PIXELS * 1.01
    rows, columns = np.nonzero(picture.grey < 128)
    found = Box(
        int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    )
    assert picture.to_original(found) == truth
    assert picture.from_original(truth) == found


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_what_no_decoder_reduces_is_averaged(form, monkeypatch):
    monkeypatch.setattr(pixels, "WORKING_PIXELS", 600)
    picture = load_picture(saved(page(), form))
    assert picture.grey.shape == (20, 30)
    assert (picture.width, picture.height) == (60, 40)


def test_sha256_is_of_the_bytes():
    one, two = saved(page()), saved(page(), "TIFF")
    assert load_picture(one).sha256 == load_picture(one).sha256 != load_picture(two).sha256


def explained(source, kind=PictureError):
    """Return the one sentence with which both doors refuse a source."""
    with pytest.raises(kind) as refusal:
        load_picture(source)
    with pytest.raises(kind) as refusal_to_show:
        load_upright(source)
    sentence = str(refusal.value)
    assert sentence == str(refusal_to_show.value)
    assert "\n" not in sentence
    return sentence


def test_missing_file(tmp_path: Path):
    assert "there is no file" in explained(tmp_path / "no.png")


def test_empty(tmp_path: Path):
    path = tmp_path / "empty.png"
    path.touch()
    assert "empty.png is empty" in explained(path, NotAPictureError)
    assert "is empty" in explained(b"", NotAPictureError)


def test_a_folder(tmp_path: Path):
    assert "is a folder" in explained(tmp_path)


def test_unreadable(tmp_path: Path, monkeypatch):
    path = tmp_path / "secret.png"
    path.write_bytes(saved(page()))

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert "secret.png may not be read" in explained(path)


def test_a_name_that_no_file_can_have():
    assert "check the name" in explained("a\0b.png")
    assert "check the name" in explained("n" * 5000)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("kept", [0.3, 0.7])
def test_truncated(form, kept):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = saved(Image.fromarray(noise), form)
    assert "damaged or cut off" in explained(content[: int(len(content) * kept)], NotAPictureError)


def test_cut_off_inside_its_header():
    assert "damaged or cut off" in explained(saved(page())[:20], NotAPictureError)


def test_damaged_note_does_not_damage_the_picture():
    assert_is_the_page(saved(page(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"))


@pytest.mark.parametrize("content", [b"\x00", b"hello, world", b"%!PS-Adobe", bytes(5000)])
def test_not_an_image(content):
    assert "use PNG, JPEG, WebP, TIFF, BMP, GIF, HEIC or PDF" in explained(
        content, NotAPictureError
    )


def test_heic_held_sideways():
    pytest.importorskip("pi_heif", reason="pi-heif is not installed")
    assert_is_the_page(HEIC, tolerance=8)


def test_heic_where_its_decoder_is_not_installed(monkeypatch):
    monkeypatch.setattr("digits.io.sandbox.importlib.util.find_spec", lambda _: None)
    sentence = explained(HEIC, NotAPictureError)
    assert "save it as JPEG, or run pip install" in sentence
    assert "[heic]" in sentence


def test_heic_cut_off():
    pytest.importorskip("pi_heif", reason="pi-heif is not installed")
    for kept in (12, 200, len(HEIC) - 40):
        assert "damaged or cut off" in explained(HEIC[:kept], NotAPictureError)


def test_heic_that_takes_its_decoder_down_is_explained():
    pytest.importorskip("pi_heif", reason="pi-heif is not installed")
    # One byte of an item's name is another, and libheif's binding reads what is not its own.
    deadly = HEIC.replace(b"Exif", b"Exi\xa7", 1)
    assert "HEIC is damaged, or made to" in explained(deadly, TooLargeError)


def test_heic_of_more_pixels_than_accepted(monkeypatch):
    pytest.importorskip("pi_heif", reason="pi-heif is not installed")
    monkeypatch.setattr(pixels, "MAX_COSTLY_PIXELS", 1000)
    assert "save it smaller" in explained(HEIC, TooLargeError)


def test_heic_without_the_library(monkeypatch):
    monkeypatch.setitem(sys.modules, "pi_heif", None)
    assert "save it as JPEG" in explained(HEIC, NotAPictureError)


def test_unsupported_formats_are_not_decoded():
    for form in ("PPM", "TGA", "ICO", "PCX"):
        assert "use PNG" in explained(saved(page().convert("RGB"), form), NotAPictureError)


def png_header(width, height):
    """Return a PNG that claims a size and has next to nothing in it."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.parametrize(
    "size", [(30_000, 30_000), (12_000, 12_000), (10_001, 10_000), (2_000_000_000, 1), (30_001, 1)]
)
def test_more_pixels_than_accepted(size):
    assert "100 million pixels" in explained(png_header(*size), TooLargeError)


def test_between_pillows_limit_and_ours():
    assert "damaged" in explained(png_header(9_990, 10_000), NotAPictureError)


def test_more_bytes_than_accepted(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(pixels, "MAX_BYTES", 100)
    path = tmp_path / "large.png"
    path.write_bytes(bytes(101))
    assert "large.png is larger than" in explained(path, TooLargeError)
    assert "is larger than" in explained(bytes(101), TooLargeError)


def test_a_webp_of_more_pixels_than_its_decoder_has_memory_for():
    size = (10_000, 5_001)
    bits = (size[0] - 1) | (size[1] - 1) << 14  # 14 bits of width and of height, less one
    body = b"\x2f" + struct.pack("<I", bits) + bytes(7)
    chunk = b"WEBPVP8L" + struct.pack("<I", len(body)) + body
    content = b"RIFF" + struct.pack("<I", len(chunk)) + chunk
    assert "50 million pixels" in explained(content, TooLargeError)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "I", "F"])
def test_a_very_large_picture_is_the_same_in_pieces(monkeypatch, mode):
    grey = page(601, 403)
    if mode in ("LA", "RGBA"):
        image = Image.merge("LA", (grey, grey.point(lambda level: 255 - level))).convert(mode)
    else:
        image = grey.convert(mode, dither=Image.Dither.NONE)
    content = saved(image, "TIFF" if mode in ("CMYK", "F", "I") else "PNG")
    monkeypatch.setattr(pixels, "WORKING_PIXELS", 20_000)
    whole = load_picture(content)
    monkeypatch.setattr(pixels, "LARGE_PIXELS", 100_000)
    monkeypatch.setattr(pixels, "PIECE_PIXELS", 10_000)
    pieces = load_picture(content)
    assert (pieces.width, pieces.height) == (601, 403)
    assert abs(pieces.grey.shape[0] - whole.grey.shape[0]) <= 1
    assert abs(pieces.grey.shape[1] - whole.grey.shape[1]) <= 1
    assert abs(float(pieces.grey.mean()) - float(whole.grey.mean())) < 1.0
    ink = np.argwhere(whole.grey < MIDDLE_OF_PAGE), np.argwhere(pieces.grey < MIDDLE_OF_PAGE)
    for before, after in zip(ink[0].mean(axis=0), ink[1].mean(axis=0), strict=True):
        assert abs(before - after) <= 1


SEEDS = [
    saved(page(), "PNG"),
    saved(page().convert("RGB"), "JPEG"),
    saved(page(), "TIFF", compression="tiff_lzw"),
    saved(on_nothing(0), "WEBP"),
    saved(page().convert("P"), "GIF"),
    saved(page(), "BMP"),
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_damaged_bytes_are_read_or_explained(content, data):
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = load_picture(bytes(damaged))
    except DigitsError as error:
        assert str(error)
    else:
        assert picture.grey.ndim == 2
