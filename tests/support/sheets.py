"""Made-up cells and sheets, for tests of mark sheets."""

import csv
import io

import cv2
import numpy as np

from digits.marksheet.cell import Column
from digits.marksheet.export import to_csv
from digits.marksheet.propose import Row
from digits.marksheet.scan import Entry
from digits.marksheet.sheet import Sheet
from digits.types import Box, Digit, Line, Mark, ModelName, Reading

FRAME = np.zeros((28, 28), np.float32)
SIZE = (900, 900)  # px, of the picture that was read
VIEW = cv2.imencode(".jpg", np.full((900, 900), 200, np.uint8))[1].tobytes()
POINT = ("dot", 23, 25)  # low between the first two digits
POINTS, DECIMAL = Column("Task"), Column("Task", "decimal")
NUMBER = Column("Pupil", "identifier")
TOTAL = Column("Total", "total")


def digit(value, x=0, sure=0.99, second=None, y=0):
    """A digit of 20 x 30 px; `second` has all the probability that is left."""
    rest = [(1 - sure) / 9] * 10
    if second is not None:
        rest = [0.0] * 10
        rest[second] = 1 - sure
    rest[value if value is not None else 0] = sure
    return Digit(value, sure, Box(x, y, 20, 30), tuple(rest), None, FRAME)


def number(text, *, marks=(), sure=0.99, second=None, written="", struck_out=False):
    """A line whose digits stand 30 px apart, and marks of (kind, x, y)."""
    digits = tuple(
        digit(None if c == "?" else int(c), 30 * i, sure, second) for i, c in enumerate(text)
    )
    box = Box(0, 0, max(20, 30 * len(text) - 10), 30)
    placed = tuple(Mark(kind, Box(x, y, 4, 4)) for kind, x, y in marks)
    confidence = 0.0 if "?" in text else sure ** max(1, len(text))
    return Line(text, confidence, box, digits, placed, written, struck_out)


def entry(text="", *, kind="number", **options):
    """A cell; without a text an empty one."""
    if text or options:
        return Entry(number(text, **options), 0, Box(0, 0, 90, 40), kind)
    return Entry(Line("", 1.0, Box(0, 0, 9, 9), ()), 0, Box(0, 0, 90, 40), "empty")


def dash():
    line = Line("", 0.0, Box(0, 0, 9, 9), (), (Mark("dash", Box(2, 15, 20, 3)),))
    return Entry(line, 0, Box(0, 0, 90, 40), "other")


def letters():
    return Entry(Line("", 0.0, Box(0, 0, 9, 9), ()), 0, Box(0, 0, 90, 40), "other")


def rows_of(*texts, kinds=()):
    """Rows of data, or of other kinds by their index; a cell is a text or an entry."""
    kinds = dict(kinds)
    return tuple(
        Row(
            0,
            index,
            tuple(entry(each) if isinstance(each, str) else each for each in row),
            "sheet.jpg",
            kind=kinds.get(index, "data"),
        )
        for index, row in enumerate(texts)
    )


def sheet_of(*texts, columns=None, kinds=(), **options):
    """A sheet of columns of points, if no others are given."""
    columns = columns or tuple(Column(f"Task {i}") for i in range(len(texts[0])))
    return Sheet(rows_of(*texts, kinds=kinds), tuple(columns), **options)


def blank_reading(lines=(), cells=()):
    return Reading("0" * 64, SIZE, "read", ModelName("x", ""), "", 1.0, lines, cells)


def table_file(sheet):
    """The rows of the CSV that a sheet becomes."""
    return list(csv.reader(io.StringIO(to_csv(sheet).decode("utf-8-sig"))))
