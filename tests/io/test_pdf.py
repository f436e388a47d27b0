"""PDFs named by what is awkward about them; each is made here, none is stored."""

import io
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")

from pdfs import count_processes, drawn, forms

from digits import read_pages
from digits.errors import (
    DigitsError,
    MissingLibraryError,
    NotAPictureError,
    PictureError,
    TooLargeError,
)
from digits.io import pdf, sandbox
from digits.io.document import load_picture, load_upright, page_numbers
from digits.io.image import WORKING_PIXELS
from digits.io.sources import Source
from digits.reader import read_source
from digits.registry import current_reader
from digits.types import ANY

PAPER, INK = 230, 30  # grey levels


def scan(*sheets, resolution=100):
    """Return a PDF as a scanner makes it: a picture on every page."""
    file = io.BytesIO()
    first, *others = sheets
    first.save(file, "PDF", resolution=resolution, save_all=True, append_images=others)
    return file.getvalue()


def sheet(size=(200, 100)):
    image = Image.new("L", size, PAPER)
    ImageDraw.Draw(image).rectangle((20, 10, 39, 79), fill=INK)
    return image


def explained(content, kind, page=None):
    with pytest.raises(kind) as caught:
        load_picture(content, page)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def mark(picture):
    """Return left, top, right and bottom of what is dark, as shares of the picture."""
    rows, columns = np.nonzero(picture.grey < (PAPER + INK) / 2)
    height, width = picture.grey.shape
    return (
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )


def test_each_page_is_its_own_picture():
    content = scan(sheet(), sheet((300, 100)))
    assert page_numbers(content) == (1, 2)
    first, second = (load_picture(content, page) for page in (1, 2))
    assert mark(first) == pytest.approx((0.1, 0.1, 0.2, 0.8), abs=0.01)
    assert mark(second) == pytest.approx((20 / 300, 0.1, 40 / 300, 0.8), abs=0.01)
    assert first.sha256 != second.sha256
    assert load_picture(content).sha256 == first.sha256
    assert load_upright(content, 2).size == (second.width, second.height)


def test_paper_is_drawn_at_300_dpi_or_as_coarse_as_the_reader_works():
    small = load_picture(scan(sheet()))  # 200 x 100 px at 100 dpi: 2 inches by 1
    assert (small.width, small.height) == (600, 300)
    large = load_picture(drawn(b"", "0 0 595 842"))
    assert WORKING_PIXELS * 0.99 < large.width * large.height <= WORKING_PIXELS
    assert large.width / large.height == pytest.approx(595 / 842, rel=1e-3)


def test_a_page_that_is_turned_is_seen_upright():
    turned = drawn(b"0.1 g 0 742 100 100 re f", more="/Rotate 90")  # was at the top left
    assert mark(load_picture(turned)) == pytest.approx((742 / 842, 0, 1, 100 / 595), abs=0.01)


def test_paper_without_a_background_is_white_and_colours_keep_their_order():
    page = load_upright(drawn(b"1 0 0 rg 0 0 300 842 re f"))
    assert page.getpixel((10, 10)) == (255, 0, 0)
    assert page.getpixel((page.width - 10, 10)) == (255, 255, 255)


def test_all_pages_are_read(tmp_path, validation):
    chosen = [int(np.flatnonzero(validation.labels == value)[0]) for value in (3, 8)]
    sheets = []
    for index in chosen:
        image = Image.new("L", (168, 168), 255)
        image.paste(Image.fromarray(255 - validation.pictures[index]).resize((112, 112)), (28, 28))
        sheets.append(image)
    path = tmp_path / "two.pdf"
    path.write_bytes(scan(*sheets))
    readings = read_pages(path)
    assert [(reading.page, reading.text) for reading in readings] == [(1, "3"), (2, "8")]
    assert len({reading.id for reading in readings}) == 2
    file = io.BytesIO()
    sheets[0].save(file, "PNG")
    assert [(reading.page, reading.text) for reading in read_pages(file.getvalue())] == [
        (None, "3")
    ]


def test_ten_pages_are_decoded_by_one_process(monkeypatch):
    started = count_processes(monkeypatch)
    content = scan(*[Image.new("L", (200, 100), PAPER)] * 10)
    assert [reading.status for reading in read_pages(content)] == ["blank"] * 10
    assert len(started) == 1
    readings = list(read_source(current_reader(), Source("ten.pdf"), ANY, content))
    assert [reading.page for reading in readings] == list(range(1, 11))
    assert len(started) == 2


@pytest.mark.parametrize("page", [0, -1, 3])
def test_no_such_page(page):
    content = scan(sheet(), sheet())
    assert f"has no page {page}: it has 2" in explained(content, PictureError, page)


def test_a_page_of_what_is_no_pdf():
    file = io.BytesIO()
    sheet().save(file, "PNG")
    assert page_numbers(file.getvalue()) == (None,)
    assert "not a PDF" in explained(file.getvalue(), PictureError, 2)


def test_a_picture_with_a_pdf_named_in_its_notes_is_a_picture():
    file = io.BytesIO()
    sheet().save(file, "JPEG", comment=b"made from %PDF-1.4")
    assert b"%PDF-" in file.getvalue()[:1024]
    assert load_picture(file.getvalue()).width == 200


def test_a_pdf_behind_a_mail_header():
    assert load_picture(b"Content-Type: application/pdf\r\n\r\n" + scan(sheet())).width == 600


@pytest.mark.parametrize("kept", [9, 200, 1500])
def test_cut_off(kept):
    assert "damaged or cut off" in explained(scan(sheet())[:kept], NotAPictureError)


def test_locked():
    # Standard security, revision 2 (ISO 32000-1, 7.6.3), with keys of no password that we try.
    keys = "/O<" + "00" * 32 + ">/U<" + "11" * 32 + ">"
    lock = f"/Encrypt<</Filter/Standard/V 1/R 2/P -4{keys}>>/ID[<00><00>]".encode()
    content = drawn(b"").replace(b"/Root 1 0 R>>", b"/Root 1 0 R" + lock + b">>")
    assert "locked with a password" in explained(content, NotAPictureError)


def test_more_pages_than_accepted(monkeypatch):
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    assert "has 3 pages, and at most 2" in explained(scan(*[sheet()] * 3), TooLargeError)


@pytest.mark.parametrize("box", ["0 0 100000 100000", "0 0 14000 1", "0 0 1 200"])
def test_no_sheet_of_paper(box):
    assert "not a sheet of paper" in explained(drawn(b"", box), TooLargeError)


def test_a_form_within_a_form_is_drawn():
    assert mark(load_picture(forms(3, 2))) == pytest.approx((0, 0, 300 / 595, 1), abs=0.01)


def test_a_page_that_takes_too_long(monkeypatch):
    monkeypatch.setattr(sandbox, "CPU_SECONDS", 1)
    monkeypatch.setattr(sandbox, "TIMEOUT", 5.0)  # where processor time is not limited
    assert "more time or memory" in explained(forms(12, 10), TooLargeError)
    monkeypatch.undo()
    assert load_picture(drawn(b"0 0 9 9 re f")).width > 1000  # and the next one is drawn


def test_without_the_library(monkeypatch):
    content = scan(sheet())
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    assert "pip install pypdfium2" in explained(content, MissingLibraryError)


def test_two_at_once():
    contents = [scan(sheet((200 + 20 * i, 100))) for i in range(4)]
    widths = [[] for _ in contents]

    def work(i):
        for _ in range(5):
            widths[i].append(load_picture(contents[i]).width)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert widths == [[3 * (200 + 20 * i)] * 5 for i in range(4)]


SCAN = scan(sheet())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_are_read_or_explained(data):
    damaged = bytearray(SCAN)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = load_picture(bytes(damaged))
    except DigitsError as error:
        assert str(error)
    else:
        assert picture.grey.ndim == 2
