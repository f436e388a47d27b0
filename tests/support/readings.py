"""Made-up readings: every shape that the reader can give, for property tests.

Strategies give plain numbers, and `reading_of` builds the reading: beartype checks classes by
chance, which Hypothesis does not allow while it makes up examples.
"""

import numpy as np
from hypothesis import strategies as st

from digits.types import Box, Cell, Digit, Line, Mark, ModelName, Reading

SIZE = (900, 600)  # px, width and height of the picture that was read
PITCH = 26  # px from digit to digit
FRAME = np.zeros((28, 28), np.float32)
MODEL = ModelName("made-up", "0" * 64)

texts = st.text("0123456789?", max_size=3)
confidences = st.sampled_from([0.2, 0.3, 0.9, 0.999])  # of a digit: the largest of ten shares
kinds = st.sampled_from(["dot", "dash", "stroke", "other"])
marks = st.lists(st.tuples(kinds, st.integers(-8, 70), st.integers(0, 26)), max_size=2)
numbers = st.tuples(texts, confidences, marks)


def tables(number=numbers, *, rows=4):
    """A ruled table as its cells by row; None is one merged with another cell."""
    row = st.integers(1, 4).flatmap(
        lambda n: st.lists(number | st.none() if n > 1 else number, min_size=n, max_size=n)
    )
    return st.tuples(st.just("table"), st.lists(row.filter(any), min_size=1, max_size=rows))


def any_reading():
    """Any reading of a whole picture."""
    dash = st.tuples(st.just(""), st.just(0.0) | confidences, marks)
    box = st.tuples(st.text("0123456789?", max_size=1), confidences, marks)
    shift = st.integers(-9, 9)
    group = st.tuples(texts.filter(bool), confidences, marks, shift)
    page = st.lists(st.lists(group, min_size=1, max_size=4), min_size=1, max_size=4)
    nothing = st.tuples(st.just("nothing"), st.sampled_from(["blank", "refused", "failed"]))
    return st.one_of(
        tables(), tables(dash), tables(box, rows=1), st.tuples(st.just("page"), page), nothing
    )


def reading_of(made_up):
    """Build what a strategy made up."""
    kind, content = made_up
    if kind == "nothing":
        return whole(status=content, error="it is damaged" if content == "failed" else None)
    return _page(content) if kind == "page" else _table(content)


def line_of(text, x, y, confidence, placed=()):
    """Return a number of digits of 20 x 30 px from (x, y), and marks of (kind, dx, dy)."""
    digits = []
    for i, character in enumerate(text):
        value = None if character == "?" else int(character)
        probabilities = [(1 - confidence) / 9] * 10
        probabilities[value or 0] = confidence
        box = Box(x + PITCH * i, y, 20, 30)
        digits.append(Digit(value, confidence, box, tuple(probabilities), None, FRAME))
    box = Box.around(digit.box for digit in digits) if digits else Box(x, y, 20, 30)
    sure = 0.0 if "?" in text else confidence ** max(1, len(text))
    found = tuple(Mark(kind, Box(max(0, x + dx), y + dy, 4, 4)) for kind, dx, dy in placed)
    return Line(text, sure, box, tuple(digits), found)


def whole(lines=(), cells=(), status=None, error=None):
    """Return a reading of these lines and cells; its status is what their content says."""
    read = [line for line in lines if line.digits]
    confidence = float(np.prod([line.confidence for line in read])) if read else 0.0
    text = "\n".join(line.text for line in lines) if read else ""
    if status is None:
        values = [digit.value for line in lines for digit in line.digits]
        is_sure = None not in values and all(cell.kind != "other" for cell in cells)
        is_named = any(value is not None for value in values)
        status = ("read" if is_sure else "doubtful") if is_named else "refused"
    return Reading("0" * 64, SIZE, status, MODEL, text, confidence, lines, cells, error=error)


def _table(rows):
    """A table without a digit in it has cells and no lines, as the reader gives it."""
    cells, lines = [], []
    for down, row in enumerate(rows):
        mine = []
        for column, given in enumerate(row):
            if given is None:
                continue
            box = Box(20 + 200 * column, 20 + 120 * down, 200, 120)
            number = line_of(given[0], box.x + 20, box.y + 30, *given[1:])
            sure = number.confidence if number.digits or number.marks else 1.0
            mine.append(Cell(down, column, number.text, sure, box, number.marks))
            lines.append((down, number))
        cells += mine
    joined = tuple(
        Line(
            "\t".join(cell.text for cell in cells if cell.row == down),
            float(np.prod([cell.confidence for cell in cells if cell.row == down])),
            Box.around(cell.box for cell in cells if cell.row == down),
            tuple(digit for row, number in lines if row == down for digit in number.digits),
            tuple(mark for row, number in lines if row == down for mark in number.marks),
        )
        for down in range(len(rows))
    )
    if not any(line.digits for line in joined):
        return whole((), tuple(cells), "refused")
    return whole(joined, tuple(cells))


def _page(rows):
    """Numbers of a page without rules: those of a row are one line."""
    lines = []
    for down, row in enumerate(rows):
        y = 60 + 120 * down
        parts = [
            line_of(text, 40 + 200 * column + shift, y, sure, placed)
            for column, (text, sure, placed, shift) in enumerate(row)
        ]
        digits = tuple(digit for part in parts for digit in part.digits)
        lines.append(
            Line(
                "".join(part.text for part in parts),
                float(np.prod([part.confidence for part in parts])),
                Box.around(digit.box for digit in digits),
                digits,
                tuple(mark for part in parts for mark in part.marks),
            )
        )
    return whole(tuple(lines))
