"""Photographs become tables; a file that fails says why."""

import io

import cv2
import numpy as np
import pytest
from composed import Page, paper, turned
from PIL import Image

from digits.marksheet.audit import audit_sheet
from digits.marksheet.cell import POINTS
from digits.marksheet.scan import VIEW_SIDE, list_scans, read_scan, to_thumbnail, to_view
from digits.marksheet.sheet import build_sheet
from digits.registry import current_reader
from digits.types import Box


def as_png(grey):
    return cv2.imencode(".png", np.clip(grey, 0, 255).astype(np.uint8))[1].tobytes()


def read_files(*files):
    return [
        read_scan(current_reader().read, s)
        for name, content in files
        for s in list_scans(name, content)
    ]


def tilted(grey, degrees):
    """See a sheet under a camera that is tilted up, two sheet heights away."""
    height, width = grey.shape
    tilt, away = np.deg2rad(degrees), 2.0 * height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = []
    for x, y in corners:
        u, v = x - width / 2, y - height / 2
        depth = away - v * np.sin(tilt)
        seen.append([width / 2 + u * away / depth, height / 2 + v * np.cos(tilt) * away / depth])
    seen = np.array(seen, np.float32)
    seen -= seen.min(axis=0) - 20
    size = (int(seen[:, 0].max()) + 20, int(seen[:, 1].max()) + 20)
    view = cv2.getPerspectiveTransform(corners, seen)
    return cv2.warpPerspective(grey, view, size, borderMode=cv2.BORDER_REPLICATE)


@pytest.mark.slow
@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "not ruled"])
@pytest.mark.parametrize("degrees", [0, 25], ids=["from above", "tilted by 25 degrees"])
def test_a_photographed_table_becomes_its_rows_and_columns(ruled, degrees, held_out):
    right = whole = 0
    for seed in range(3):
        page = Page(held_out, seed, (760, 1150))
        expected = []
        for row in range(7):
            texts = []
            for x, n in ((60, 5), (400, 2), (640, 1), (880, 2)):
                texts.append(page.number(x + 20, 60 + 90 * row + 17, n, pitch=46))
                if ruled:
                    right_edge = {60: 400, 400: 640, 640: 880, 880: 1080}[x]
                    cv2.rectangle(
                        page.ink, (x, 60 + 90 * row), (right_edge, 150 + 90 * row), 0.9, 2
                    )
            expected.append(texts)
        grey = tilted(paper(page.ink), degrees) if degrees else turned(paper(page.ink), 2)
        (scan,) = read_files(("sheet.png", as_png(grey)))
        sheet = build_sheet([scan])
        assert [len(row.entries) for row in sheet.rows] == [4] * 7
        for row, wanted in enumerate(expected):
            cells = audit_sheet(sheet).cells[row]
            right += sum(cell.text == text for cell, text in zip(cells, wanted, strict=True))
        whole += 28
        assert sheet.columns[0].kind == "identifier"
    assert right >= 0.9 * whole


def test_many_pictures_are_a_row_each_and_a_bad_one_is_a_row_with_its_reason(held_out):
    files, expected = [], []
    for seed in range(4):
        page = Page(held_out, seed, (160, 400))
        expected.append(page.number(60, 50, 3))
        files.append((f"{seed}.png", as_png(paper(page.ink))))
    files.insert(2, ("letter.png", b"Dear Sir"))
    files.insert(3, ("blank.png", as_png(np.full((200, 300), 220.0))))
    sheet = build_sheet(read_files(*files))
    assert [row.label for row in sheet.rows] == [name for name, _ in files]
    assert "not an image" in sheet.rows[2].error
    assert "blank" in sheet.rows[3].error
    assert audit_sheet(sheet).n_failed == 2
    texts = [row.entries[0].line.text for row in sheet.rows if not row.error]
    assert sum(a == b for a, b in zip(texts, expected, strict=True)) >= 3


def test_7_5_in_a_photographed_table_never_comes_out_as_an_unmarked_75(held_out):
    seen = 0
    for seed in range(6):
        page = Page(held_out, seed, (420, 520))
        for row in range(3):
            for column in range(2):
                x, y = 60 + 200 * column, 60 + 90 * row
                cv2.rectangle(page.ink, (x, y), (x + 200, y + 90), 0.9, 2)
                page.digit(x + 30, y + 17, 7)
                page.digit(x + 110, y + 17, 5)
                if column:
                    cv2.circle(page.ink, (x + 98, y + 66), 4, 1, -1)
        png = cv2.imencode(".png", paper(page.ink).astype(np.uint8))[1].tobytes()
        sheet = build_sheet([read_scan(current_reader().read, s) for s in list_scans("t.png", png)])
        for row in range(3):
            with_point = audit_sheet(sheet).cells[row][1]
            assert with_point.text != "75"
            assert with_point.doubts or sheet.columns[1].kind == "decimal"
            seen += with_point.text == "7.5"
    assert seen >= 15


def test_a_page_is_shown_with_the_side_that_a_person_needs():
    view = Image.open(io.BytesIO(to_view(Image.new("RGB", (3000, 1500), "white"))))
    assert view.size == (VIEW_SIDE, VIEW_SIDE // 2)
    small = Image.open(io.BytesIO(to_view(Image.new("RGB", (300, 200), "white"))))
    assert small.size == (300, 200)


def test_a_thumbnail_is_cut_from_the_shown_page_by_px_of_the_original():
    page = Image.new("RGB", (200, 100), "white")
    page.paste("black", (100, 50, 200, 100))
    crop = to_thumbnail(page, Box(2000, 1000, 1000, 500), (4000, 2000))
    assert np.asarray(Image.open(io.BytesIO(crop))).max() < 40
    beyond = Image.open(io.BytesIO(to_thumbnail(page, Box(3990, 1990, 500, 500), (4000, 2000))))
    assert min(beyond.size) >= 1


def test_each_page_of_a_pdf_is_a_scan_of_its_own(held_out):
    pdfs = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    assert pdfs
    pages = []
    for seed in range(3):
        page = Page(held_out, seed, (400, 600))
        page.number(60, 50, 3)
        pages.append(Image.fromarray(paper(page.ink).astype(np.uint8)))
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    scans = list_scans("class.pdf", file.getvalue())
    assert [scan.label for scan in scans] == [f"class.pdf, page {n}" for n in (1, 2, 3)]
    read = [read_scan(current_reader().read, scan) for scan in scans]
    assert not any(scan.error for scan in read)
    assert len({scan.reading.id for scan in read}) == 3
    sheet = build_sheet(read)
    assert len(sheet.rows) == 3
    assert sheet.columns[0].kind in (*POINTS, "identifier")
