"""A file is opened once, and each of its pages decoded once."""

import io
import subprocess

import numpy as np
import pytest
from PIL import Image

from digits.errors import NotAPictureError, PictureError
from digits.io import image as pixels
from digits.io import sandbox
from digits.io.document import Document, load_picture
from digits.types import Box


def encoded(form, mode="RGB", size=(120, 80), **options):
    rng = np.random.default_rng(5)
    rough = Image.fromarray(rng.integers(0, 256, (8, 12, 3), np.uint8))
    smooth = rough.resize(size, Image.Resampling.BICUBIC)
    deep = np.asarray(smooth.convert("L"), np.uint16) * 257
    file = io.BytesIO()
    (Image.fromarray(deep) if mode == "I;16" else smooth.convert(mode)).save(file, form, **options)
    return file.getvalue()


def pdf(n_pages):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    sheets = [Image.new("L", (200 + 10 * i, 100), 230) for i in range(n_pages)]
    file = io.BytesIO()
    sheets[0].save(file, "PDF", resolution=100, save_all=True, append_images=sheets[1:])
    return file.getvalue()


FORMS = [
    ("PNG", "RGB"),
    ("PNG", "L"),
    ("PNG", "P"),
    ("PNG", "RGBA"),
    ("PNG", "I;16"),
    ("JPEG", "RGB"),
    ("JPEG", "L"),
    ("JPEG", "CMYK"),
    ("WEBP", "RGB"),
    ("TIFF", "LAB"),
    ("GIF", "P"),
]


@pytest.mark.parametrize(("form", "mode"), FORMS)
@pytest.mark.parametrize("working", [3_000_000, 2_000])
def test_the_grey_that_is_read_does_not_depend_on_the_colours(form, mode, working, monkeypatch):
    monkeypatch.setattr(pixels, "WORKING_PIXELS", working)
    content = encoded(form, mode, quality=90)
    with Document.open(content, colour=False) as plain, Document.open(content) as coloured:
        without, with_colour = plain.page(), coloured.page()
    assert without.colour is None
    np.testing.assert_array_equal(with_colour.picture.grey, without.picture.grey)
    assert with_colour.colour.mode == "RGB"
    assert with_colour.colour.size == without.picture.grey.shape[::-1]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_colours_are_turned_with_the_grey(orientation):
    exif = Image.Exif()
    exif[pixels.ORIENTATION] = orientation
    content = encoded("JPEG", quality=95, exif=exif)
    with Document.open(content, colour=True) as document:
        page = document.page()
    luma = np.asarray(page.colour.convert("L"), np.int16)
    assert np.abs(luma - page.picture.grey).max() <= 3  # rounding on the way through RGB


def test_a_picture_is_decoded_once_for_reading_and_showing(monkeypatch):
    opened = []
    real = Image.open
    monkeypatch.setattr(Image, "open", lambda *a, **k: opened.append(1) or real(*a, **k))
    with Document.open(encoded("JPEG"), colour=True) as document:
        page = document.page()
        page.crop(Box(10, 10, 20, 20))
    assert len(opened) == 1


def test_a_crop_is_measured_in_the_original(monkeypatch):
    grey = np.full((400, 600), 255, np.uint8)
    grey[100:140, 200:260] = 0
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    monkeypatch.setattr(pixels, "WORKING_PIXELS", 60_000)  # reduced by two
    with Document.open(file.getvalue(), colour=True) as document:
        page = document.page()
    assert page.colour.size == (300, 200)
    assert np.asarray(page.crop(Box(204, 104, 52, 32))).max() == 0
    assert page.crop(Box(590, 390, 40, 40)).size == (5, 5)  # what lies in the page


def test_a_page_without_colour_cannot_be_cropped():
    with (
        Document.open(encoded("PNG"), colour=False) as document,
        pytest.raises(ValueError, match="colour"),
    ):
        document.page().crop(Box(0, 0, 5, 5))


def test_one_process_serves_all_pages_of_a_pdf(monkeypatch):
    started = []
    real = subprocess.Popen

    def popen(*arguments, **options):
        started.append(real(*arguments, **options))
        return started[-1]

    content = pdf(4)
    monkeypatch.setattr(sandbox.subprocess, "Popen", popen)
    with Document.open(content, colour=True) as document:
        assert len(document) == 4
        widths = [page.colour.width for page in document]
        assert document.page(2).picture.width == widths[1]
    assert widths == [3 * (200 + 10 * i) for i in range(4)]
    (worker,) = started
    assert worker.poll() is not None, "the worker outlived its document"


def test_pages_are_those_of_load_picture():
    content = pdf(3)
    with Document.open(content) as document:
        pages = list(document)
    assert [page.number for page in pages] == [1, 2, 3]
    for page in pages:
        alone = load_picture(content, page.number)
        assert alone.sha256 == page.picture.sha256
        np.testing.assert_array_equal(alone.grey, page.picture.grey)


def test_a_missing_page_leaves_the_others():
    with Document.open(pdf(2)) as document:
        with pytest.raises(PictureError, match="has no page 3: it has 2"):
            document.page(3)
        assert document.page(2).picture.width == 630


def test_the_worker_ends_when_the_file_is_damaged(monkeypatch):
    started = []
    real = subprocess.Popen
    content = pdf(1)[:300]
    monkeypatch.setattr(
        sandbox.subprocess, "Popen", lambda *a, **k: started.append(real(*a, **k)) or started[-1]
    )
    with pytest.raises(NotAPictureError, match="damaged"):
        Document.open(content)
    assert started[0].poll() is not None


def test_a_worker_that_crashes_is_reported(monkeypatch, tmp_path):
    crash = tmp_path / "crash.py"
    crash.write_text("import os, sys; sys.stdin.buffer.readline(); os.abort()")
    content = pdf(1)
    monkeypatch.setattr(sandbox, "WORKER", crash)
    with pytest.raises(PictureError, match="damaged, or made to take more time"):
        Document.open(content)
