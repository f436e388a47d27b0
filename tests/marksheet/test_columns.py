"""Numbers find their rows and columns, with rules and without."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sheets import FRAME, blank_reading, digit, number

from digits.marksheet.columns import missing_places, place_numbers, split_line, split_written
from digits.marksheet.scan import Scan, read_scan
from digits.types import Box, Cell, Digit, Line, Mark


def as_png(grey):
    return cv2.imencode(".png", np.clip(grey, 0, 255).astype(np.uint8))[1].tobytes()


def upright_line(numbers, y, angle=0.0, pinch=0.0):
    """A line of digits at (x, y), the page turned and drawn together towards its top."""
    digits = []
    for x, text in numbers:
        for i, c in enumerate(text):
            dx, dy = (x + 26 * i - 450) * (1 - pinch * (1 - y / 900)), y - 450
            turn = np.deg2rad(angle)
            px, py = (
                450 + dx * np.cos(turn) - dy * np.sin(turn),
                450 + dx * np.sin(turn) + dy * np.cos(turn),
            )
            digits.append(
                Digit(int(c), 0.99, Box(round(px), round(py), 20, 30), (0.1,) * 10, None, FRAME)
            )
    text = "".join(text for _, text in numbers)
    return Line(text, 0.9, Box.around([d.box for d in digits]), tuple(digits))


WRITTEN = [
    [(60, "123"), (330, "7"), (520, "14"), (760, "21")],
    [(60, "124"), (330, "8"), (760, "9")],
    [(60, "125"), (340, "9"), (515, "3"), (755, "12")],
    [(330, "5"), (520, "11"), (760, "16")],
    [(60, "127"), (328, "10"), (522, "3"), (762, "13")],
    [(60, "128"), (330, "10"), (520, "3"), (760, "13")],
]


@given(angle=st.floats(-20, 20), pinch=st.floats(0, 0.25))
@settings(deadline=None)
def test_numbers_without_rules_stand_in_columns(angle, pinch):
    lines = tuple(upright_line(row, 80 + 110 * i, angle, pinch) for i, row in enumerate(WRITTEN))
    placed = place_numbers(blank_reading(lines))
    found = [["" for _ in range(4)] for _ in WRITTEN]
    for placed_number in placed:
        found[placed_number.row][placed_number.column] = placed_number.line.text
    columns = [60, 330, 520, 760]
    expected = [["" for _ in range(4)] for _ in WRITTEN]
    for row, numbers in enumerate(WRITTEN):
        for x, text in numbers:
            expected[row][int(np.argmin([abs(x - c) for c in columns]))] = text
    assert found == expected


def test_a_gap_in_a_column_without_rules_is_looked_at_again():
    lines = tuple(upright_line(row, 80 + 110 * i, 5) for i, row in enumerate(WRITTEN))
    first = blank_reading(lines)
    found = missing_places(place_numbers(first), (900, 900))
    assert [(row, column) for row, column, _ in found] == [(1, 2), (3, 0)]
    turn, asked = np.deg2rad(5), []
    for (row, _, box), x in zip(found, (520, 60), strict=True):
        dx, dy = x + 20 - 450, 80 + 110 * row + 15 - 450
        px, py = (
            450 + dx * np.cos(turn) - dy * np.sin(turn),
            450 + dx * np.sin(turn) + dy * np.cos(turn),
        )
        assert box.x < px < box.right
        assert box.y < py < box.bottom

    def read(picture, hint):
        asked.append(hint.boxes)
        again = tuple(Line(str(i), 0.9, box, (digit(i),)) for i, box in enumerate(hint.boxes))
        return blank_reading(again) if hint.boxes else first

    scan = read_scan(read, Scan("s.png", as_png(np.full((900, 900), 200.0))))
    assert asked == [(), tuple(box for _, _, box in found)]
    assert (scan.rows[1][2].line.text, scan.rows[3][0].line.text) == ("0", "1")
    assert scan.reading.lines[scan.rows[3][0].index].text == "1"


def test_a_lone_line_is_parted_only_where_a_gap_is_wider_than_its_others():
    def texts(*numbers):
        line = upright_line(numbers, 450)
        return [placed.line.text for placed in place_numbers(blank_reading((line,)))]

    assert texts((60, "12"), (300, "34"), (600, "5")) == ["12", "34", "5"]
    assert texts(*((100 * i, str(i)) for i in range(6))) == ["012345"]  # spaced widely
    assert texts((60, "7")) == ["7"]


def test_boxes_of_one_number_are_one_number():
    cells = tuple(Cell(0, i, str(i), 0.9, Box(30 * i, 0, 30, 30)) for i in range(4))
    whole = number("0123")
    assert [each.line for each in place_numbers(blank_reading((whole,), cells))] == [whole]


def test_cells_keep_their_own_digits_and_marks_beside_a_line_above_the_table():
    above = replace(number("123"), box=Box(0, -300, 90, 30))
    row = Line("12\t3", 0.9, Box(0, 0, 90, 30), number("123", sure=0.9).digits, ())
    mark = Mark("dot", Box(1, 2, 3, 4))
    cells = (
        Cell(0, 0, "12", 0.9, Box(0, 0, 60, 30)),
        Cell(0, 1, "3", 0.8, Box(60, 0, 30, 30), (mark,)),
        Cell(1, 0, "", 1.0, Box(0, 30, 60, 30)),
        Cell(1, 1, "", 0.0, Box(60, 30, 30, 30)),
    )
    empty = Line("\t", 0.0, Box(0, 30, 90, 30), ())
    placed = place_numbers(blank_reading((above, row, empty), cells))
    assert [each.line.digits for each in placed[:2]] == [row.digits[:2], row.digits[2:]]
    assert [
        (each.row, each.column, each.line.text, len(each.line.digits), len(each.line.marks))
        for each in placed
    ] == [
        (0, 0, "12", 2, 0), (0, 1, "3", 1, 1), (1, 0, "", 0, 0), (1, 1, "", 0, 0),
    ]  # fmt: skip


# Parts of a line.


def spread(*numbers, sure=0.99, confidence=None):
    """A line of numbers 200 px apart; a number with "*" has a digit that is not sure."""
    digits = []
    for place, text in enumerate(numbers):
        for i, c in enumerate(text.rstrip("*")):
            own = 0.5 if text.endswith("*") and i == 0 else sure
            digits.append(digit(int(c), 200 * place + 26 * i, own))
    text = "".join(each.text for each in digits)
    whole = float(np.prod([each.confidence for each in digits]))
    box = Box.around(each.box for each in digits)
    return Line(text, whole if confidence is None else confidence, box, tuple(digits))


def test_one_doubtful_digit_makes_its_own_number_doubtful_and_no_other():
    parts = split_line(spread("123", "7*", "14", "21"), 60.0)
    assert [part.text for part in parts] == ["123", "7", "14", "21"]
    assert [part.confidence < 0.95 for part in parts] == [False, True, False, False]


def test_a_rejected_digit_makes_its_own_number_doubtful_and_no_other():
    line = spread("123", "7", "14")
    digits = list(line.digits)
    digits[3] = replace(digits[3], value=None)
    line = replace(line, text="123?14", confidence=0.0, digits=tuple(digits), written="123?14")
    parts = split_line(line, 60.0)
    assert [part.confidence for part in parts] == pytest.approx([0.99**3, 0.0, 0.99**2])


@given(st.floats(0.01, 1))
def test_a_doubt_about_the_line_as_a_whole_is_shared(confidence):
    line = spread("123", "7", "14", sure=1.0, confidence=confidence)
    parts = split_line(line, 60.0)
    assert np.prod([part.confidence for part in parts]) == pytest.approx(confidence)
    assert parts[0].confidence <= parts[1].confidence


@pytest.mark.parametrize(
    ("written", "lengths", "parts"),
    [
        ("127.514", [2, 2, 2], ["12", "7.5", "14"]),
        ("12-4", [2, 1], ["12", "-4"]),
        ("17/20 9", [4, 1], ["17/20", "9"]),
        ("7.9", [1, 1], ["7.", "9"]),
        ("12?", [1, 2], ["1", "2?"]),
    ],
)
def test_separators_stay_with_their_numbers(written, lengths, parts):
    text = "".join(c for c in written if c.isdigit() or c == "?")
    line = Line(text, 0.9, Box(0, 0, 9, 9), (), written=written)
    assert split_written(line, lengths) == parts


@given(st.lists(st.text("0123456789?.,/-", min_size=1, max_size=5), min_size=1, max_size=4))
def test_no_sign_is_lost_when_a_line_is_split(numbers):
    texts = ["".join(c for c in n if c.isdigit() or c == "?") for n in numbers]
    if not all(texts) or any("-" in n[1:] or n[-1] == "-" for n in numbers):
        return  # a minus stands before its number
    line = Line("".join(texts), 0.9, Box(0, 0, 9, 9), (), written="".join(numbers))
    parts = split_written(line, [len(text) for text in texts])
    assert "".join(parts) == "".join(numbers)
    assert ["".join(c for c in part if c.isdigit() or c == "?") for part in parts] == texts
