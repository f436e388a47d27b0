"""A mark sheet as people fill it in: names, letters, ticks, fractions, struck-out marks."""

import cv2
import numpy as np
import pytest
from composed import Page, paper

from digits.marksheet.audit import audit_sheet
from digits.marksheet.scan import list_scans, read_scan
from digits.marksheet.sheet import build_sheet
from digits.registry import shipped_reader
from digits.synthesis.page_ink import print_text

COLUMNS = ((40, 220), (260, 200), (460, 200), (660, 160))  # px, left edge and width
ROW = 84  # px
HEADS = ("Name", "Test 1", "Test 2", "Sum")
# A cell: digits with separators, or letters, a tick, dash or slash, or "-12" struck out.
ROWS = (
    ("Abel, Ruth", "14", "9", "23"),
    ("Braun, Ida", "8", "12", "20"),
    ("Cole, Sam", "A", "8", "8"),
    ("Evans, Jo", "16", "tick", "16"),
    ("Fox, Lea", "AB", "AB", "dash"),
    ("Grau, Tim", "-12", "18", "18"),
    ("Ito, Ken", "17/20", "7.5", "24.5"),
    ("Jung, Ute", "B+", "10", "10"),
    ("Kurz, Ian", "slash", "10", "10"),
)


def write(page, x, y, text):
    """Write what stands in a cell whose corner is at (x, y)."""
    x += 18
    if text == "tick":
        points = np.array([[x + 10, y + 45], [x + 25, y + 65], [x + 65, y + 18]])
        cv2.polylines(page.ink, [points], False, 0.95, 4, cv2.LINE_AA)
    elif text == "slash":
        cv2.line(page.ink, (x + 58, y + 16), (x + 34, y + 66), 0.95, 4, cv2.LINE_AA)
    elif text == "dash":
        cv2.line(page.ink, (x + 15, y + 44), (x + 50, y + 42), 0.95, 4, cv2.LINE_AA)
    elif text[0].isalpha():
        letters(page, x, y + 20, text, "DejaVuSans-Oblique", 34)
    else:
        start = x
        for sign in text.lstrip("-"):
            if sign == ".":
                cv2.circle(page.ink, (x + 8, y + 60), 4, 0.95, -1, cv2.LINE_AA)
            elif sign == "/":
                cv2.line(page.ink, (x + 26, y + 16), (x + 6, y + 66), 0.95, 4, cv2.LINE_AA)
            else:
                page.digit(x - 8, y + 14, int(sign))
            x += {".": 20, "/": 30}.get(sign, 38)
        if text.startswith("-"):
            cv2.line(page.ink, (start - 6, y + 48), (x + 4, y + 38), 0.95, 4, cv2.LINE_AA)


def letters(page, x, y, text, font, size):
    printed = print_text(text, font, size)
    height, width = printed.shape
    part = page.ink[y : y + height, x : x + width]
    np.maximum(part, printed / np.float32(255), out=part)


@pytest.fixture(scope="module")
def sheet(validation):
    """The sheet that the composed page becomes."""
    page = Page(validation, 3, (120 + ROW * (1 + len(ROWS)), 860))
    for row, texts in enumerate((HEADS, *ROWS)):
        y = 60 + ROW * row
        for column, ((x, width), text) in enumerate(zip(COLUMNS, texts, strict=True)):
            cv2.rectangle(page.ink, (x, y), (x + width, y + ROW), 0.9, 2)
            if not row or not column:
                letters(page, x + 14, y + 28, text, "DejaVuSans", 26)
            else:
                write(page, x, y, text)
    png = cv2.imencode(".png", paper(page.ink).astype(np.uint8))[1].tobytes()
    return build_sheet([read_scan(shipped_reader().read, s) for s in list_scans("a.png", png)])


def test_names_and_headings_are_left_out_and_everybody_is_a_row(sheet):
    assert [row.kind for row in sheet.rows] == ["heading"] + ["data"] * len(ROWS)
    assert sheet.columns[0].kind == "name"


def test_every_wrong_cell_has_a_doubt(sheet):
    cells = audit_sheet(sheet).cells[1:]
    for row, (found, texts) in enumerate(zip(cells, ROWS, strict=True)):
        for cell, text in zip(found[1:], texts[1:], strict=True):
            is_number = text[0].isdigit()
            assert cell.doubts or (is_number and cell.text == text), (row, text, cell)
            if text[0].isalpha():
                assert not any(sign.isdigit() for sign in cell.text), (row, text, cell)


def test_fractions_and_halves_stay_as_they_are_written(sheet):
    cells = audit_sheet(sheet).cells[1:]
    assert (cells[6][1].text, cells[6][2].text) == ("17/20", "7.5")
