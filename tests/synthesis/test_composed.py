"""Whole pages whose text is known, through the whole chain: light, lines, angles, tables, marks."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from composed import SIDE, Page, noisy, paper, ruled, shadowed, turned
from oracles import agrees_with_itself

from digits import read
from digits.registry import current_reader
from digits.types import Box, Hint

LENGTHS = (5, 10, 3, 7, 1)
CONDITIONS = {
    "as it is": lambda grey: grey,
    "white on black": lambda grey: 255 - grey,
    "in shadow": shadowed,
    "noisy": noisy,
    "ruled": ruled,
    "turned by 4 degrees": partial(turned, angle=4),
    "turned by -13 degrees": partial(turned, angle=-13),
    "turned, ruled, in shadow and noisy": lambda g: noisy(shadowed(turned(ruled(g), 6))),
}


def right_lines(reading, expected):
    return sum(
        text == wanted for text, wanted in zip(reading.text.split("\n"), expected, strict=False)
    )


@pytest.mark.parametrize("condition", CONDITIONS)
def test_lines_of_known_text_are_read(condition, held_out, as_picture):
    right = whole = 0
    for seed in range(2):
        page = Page(held_out, seed)
        expected = page.lines(LENGTHS)
        grey = CONDITIONS[condition](paper(page.ink))
        reading = current_reader().read(as_picture(np.clip(grey, 0, 255).astype(np.uint8)))
        assert not any("upright" in note for note in reading.notes)
        right += right_lines(reading, expected)
        whole += len(expected)
    assert right >= 0.85 * whole


def test_touching_digits_are_separated(held_out, as_picture):
    right = 0
    for seed in range(12):
        page = Page(held_out, seed, (160, 500))
        expected = page.number(60, 50, 5, pitch=38)  # MNIST's digits are some 40 px wide here
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        right += reading.text == expected
    assert right >= 9


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_page_that_does_not_stand_upright_is_turned(quarters, held_out, as_picture):
    right = 0
    for seed in range(2):
        page = Page(held_out, seed, (600, 900))
        expected = page.lines((8, 9, 7))
        grey = np.ascontiguousarray(np.rot90(paper(page.ink).astype(np.uint8), quarters))
        reading = current_reader().read(as_picture(grey))
        if reading.text.split("\n") == expected:
            right += 1
            assert any("upright" in note for note in reading.notes)
            boxes = [digit.box for digit in reading.digits]
            assert all(b.right <= grey.shape[1] and b.bottom <= grey.shape[0] for b in boxes)
            assert all((grey[b.rows_and_columns()] < 120).any() for b in boxes)
    assert right >= 1


def table(page, rows, columns, empty):
    """Draw a table of one digit a cell; return its cells' texts."""
    texts = {}
    for row in range(rows):
        for column in range(columns):
            x, y = 120 + 90 * column, 100 + 90 * row
            cv2.rectangle(page.ink, (x, y), (x + 90, y + 90), 0.9, 2)
            texts[row, column] = "" if (row, column) in empty else page.digit(x + 17, y + 17)
    return texts


def test_a_table_is_read_cell_by_cell_and_empty_cells_stay_empty(held_out, as_picture):
    empty = {(0, 1), (2, 3), (3, 0)}
    right = whole = 0
    for seed in range(3):
        page = Page(held_out, seed, (620, 900))
        texts = table(page, 5, 6, empty)
        grey = turned(shadowed(paper(page.ink)), 3)
        reading = current_reader().read(as_picture(grey.astype(np.uint8)))
        found = {(cell.row, cell.column): cell.text for cell in reading.cells}
        assert found.keys() == texts.keys()
        assert all(found[place] == "" for place in empty)
        right += sum(found[place] == text for place, text in texts.items())
        whole += len(texts)
        assert len(reading.text.split("\n")) == 5  # boxes of one digit each are one number a row
        assert reading.digits
    assert right >= 0.96 * whole


def test_ink_beside_a_table_is_read_or_makes_the_reading_doubtful(held_out, as_picture):
    page = Page(held_out, 1, (720, 900))
    table(page, 4, 5, set())
    alone = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
    assert alone.cells
    assert alone.unread == ()
    assert not any("beside" in note for note in alone.notes)
    page.digit(120, 600)
    both = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
    agrees_with_itself(both)
    if len(both.lines) == len(alone.lines):  # else it was read, by the page network's maps
        assert both.status == "doubtful"
        assert any("beside" in note for note in both.notes)
        (box,) = both.unread
        assert (box.x - 10 <= 120 + SIDE / 2 <= box.right) and (box.y <= 600 + SIDE / 2)
        assert box.bottom <= 600 + SIDE + 10


def test_a_line_of_letters_beside_numbers_makes_the_reading_doubtful(held_out, as_picture):
    for seed in range(3):
        page = Page(held_out, seed, (420, 900))
        page.number(80, 60, 6, pitch=60)
        letters = np.zeros(page.ink.shape, np.uint8)
        cv2.putText(letters, "WXKM", (80, 320), cv2.FONT_HERSHEY_SIMPLEX, 2.2, 255, 5)
        np.maximum(page.ink, letters / np.float32(255), out=page.ink)
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        agrees_with_itself(reading)
        assert reading.status != "read", reading.text


def test_cells_with_numbers_are_parted_by_tabs(held_out, as_picture):
    page = Page(held_out, 3, (420, 800))
    rows = []
    for row in range(3):
        texts = []
        for column in range(3):
            x, y = 80 + 200 * column, 60 + 90 * row
            cv2.rectangle(page.ink, (x, y), (x + 200, y + 90), 0.9, 2)
            texts.append(page.number(x + 30, y + 17, 3, pitch=46))
        rows.append("\t".join(texts))
    reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
    assert [line.count("\t") for line in reading.text.split("\n")] == [2, 2, 2]
    agree = sum(a == b for a, b in zip(reading.text, "\n".join(rows), strict=False))
    assert agree >= 0.9 * len("\n".join(rows))


@pytest.mark.parametrize(
    ("mark", "kind", "sign"),
    [(lambda i: cv2.circle(i, (181, 112), 4, 1, -1), "dot", "."),
     (lambda i: cv2.line(i, (170, 92), (192, 92), 1, 4), "dash", "-")],
    ids=["7.5", "7-5"],
)  # fmt: skip
def test_a_separator_between_digits_is_read_or_the_reading_is_doubtful(
    mark, kind, sign, held_out, as_picture
):
    result = 0
    for seed in range(12):
        page = Page(held_out, seed, (180, 400))
        page.digit(110, 60, 7)
        page.digit(200, 60, 5)
        mark(page.ink)
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        agrees_with_itself(reading)
        kinds = [found.kind for line in reading.lines for found in line.marks]
        is_told = kind in kinds and reading.written == f"7{sign}5"
        result += is_told
        assert kinds or reading.text != "75"
        assert is_told or reading.status != "read"
    assert result >= 10


def test_known_regions_are_each_a_result_and_blank_ones_stay(held_out, as_picture):
    page = Page(held_out, 5, (400, 900))
    first = page.number(60, 40, 4)
    last = page.number(400, 300, 3)
    boxes = (Box(40, 30, 260, 80), Box(40, 160, 260, 80), Box(380, 290, 220, 80))
    grey = paper(page.ink).astype(np.uint8)
    reading = current_reader().read(as_picture(grey), Hint(boxes=boxes))
    assert [line.text for line in reading.lines] == [first, "", last]
    assert reading.text.split("\n") == [first, "", last]


def test_a_length_hint_sets_the_number_of_digits(held_out, as_picture):
    page = Page(held_out, 8, (200, 700))
    page.number(60, 60, 6, pitch=60)
    picture = as_picture(paper(page.ink).astype(np.uint8))
    for length in (5, 6, 7):
        reading = current_reader().read(picture, Hint(length=length))
        assert len(reading.text) == length
        assert (reading.status == "read") == (length == 6)


def test_a_slash_between_numbers_is_never_read_as_a_confident_one(held_out, as_picture):
    for seed in range(12):
        page = Page(held_out, seed, (180, 560))
        left = page.number(60, 60, 2, pitch=60)
        right = page.number(240, 60, 2, pitch=60)
        cv2.line(page.ink, (192, 124), (222, 50), 1.0, 4)
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        agrees_with_itself(reading)
        expected = f"{left}/{right}"
        assert reading.status != "read" or reading.written == expected, reading.written


def test_the_marks_of_a_mark_sheet_are_not_read_as_whole_numbers():
    sheet = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a mark sheet.jpg"
    reading = read(sheet, Hint(boxes=(Box(330, 222, 150, 65),)))
    agrees_with_itself(reading)
    assert (reading.text, reading.written) == ("75", "7.5")
    whole = read(sheet)
    agrees_with_itself(whole)
    written = [cell.written for cell in whole.cells]
    assert {"7.5", "27.5", "5.5", "22.5"} <= set(written)
    assert whole.status == "doubtful"


def test_confidence_is_higher_where_more_is_right(held_out, as_picture):
    sure, right = [], []
    for seed in range(20):
        page = Page(held_out, seed, (160, 500))
        expected = page.number(60, 50, 5, pitch=30)
        reading = current_reader().read(
            as_picture(noisy(paper(page.ink)).clip(0, 255).astype(np.uint8))
        )
        sure.append(reading.confidence)
        right.append(reading.text == expected)
    sure, right = np.array(sure), np.array(right)
    assert sure[right].mean() > sure[~right].mean() + 0.1 if not right.all() else sure.mean() > 0.8


def test_paper_with_nothing_on_it_is_blank():
    grey = np.full((600, 800), 200.0)
    png = cv2.imencode(".png", noisy(shadowed(ruled(grey))).clip(0, 255).astype(np.uint8))[1]
    assert read(png.tobytes()).status in ("blank", "refused")
    assert read(png.tobytes()).text == ""


@pytest.mark.parametrize("values", [(1, 1), (4, 1, 1), (1, 1, 1)], ids=["11", "411", "111"])
def test_adjacent_ones_are_all_read(values, held_out, as_picture):
    right = 0
    for seed in range(12):
        page = Page(held_out, seed, (160, 400))
        expected = "".join(page.digit(60 + 46 * i, 50, value) for i, value in enumerate(values))
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        right += reading.text == expected
    assert right >= 11


def test_a_stroke_beside_a_number_is_never_read_as_a_confident_one(held_out, as_picture):
    for seed in range(12):
        page = Page(held_out, seed, (160, 460))
        expected = page.number(60, 50, 2)
        cv2.line(page.ink, (180, 106), (206, 46), 1.0, 4)  # a slanted stroke, as tall as digits
        reading = current_reader().read(as_picture(paper(page.ink).astype(np.uint8)))
        marked = [mark.kind for line in reading.lines for mark in line.marks]
        assert (reading.text == expected and marked) or reading.confidence < 0.95
