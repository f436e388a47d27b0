"""The pages of a form as a table to check."""

import io

import numpy as np
from PIL import Image

from digits.forms.checks import Check
from digits.forms.results import FieldReading, FormReading
from digits.forms.sheet import audit_form_sheet, build_form_sheet, read_form_scan
from digits.forms.template import Field, Form
from digits.marksheet.scan import Scan
from digits.types import Box, Digit, Line, ModelName

BOX = Box(10, 10, 20, 20)
FORM = Form(
    "Cards",
    (
        Field("part", "number", BOX),
        Field("total", "number", Box(40, 10, 20, 20), checks=(Check("sum", of=("part",)),)),
    ),
    np.full((90, 120), 240, np.uint8),
)


def field(name, value, reason):
    frame = np.zeros((28, 28), np.float32)
    digit = Digit(int(value), 0.9, BOX, tuple(np.eye(10)[int(value)]), 0.05, frame)
    line = Line(value, 0.9, BOX, (digit,))
    return FieldReading(name, "number", value, "doubtful", 0.9, BOX, value, (reason,), line=line)


def test_a_doubtful_field_shows_its_reason_and_a_total_is_checked_again(reader, monkeypatch):
    fields = field("part", "7", "May be written over"), field("total", "9", "The parts add up to 7")
    found = FormReading("id", "Cards", "doubtful", ModelName("m", ""), (120, 90), fields)
    monkeypatch.setattr("digits.forms.sheet.read_form", lambda *_: found)
    png = io.BytesIO()
    Image.new("L", (120, 90), 255).save(png, "PNG")
    scan = read_form_scan(FORM, reader, Scan("a.png", png.getvalue()))

    def doubts(**edits):
        sheet = build_form_sheet(FORM, [scan], edits)
        (cells,) = audit_form_sheet(FORM, sheet).cells
        return [[doubt.text for doubt in cell.doubts] for cell in cells]

    assert doubts() == [["May be written over"], ["Unsure", "The parts add up to 7"]]
    assert doubts(**{"cell 0 0 0": {"text": "9"}}) == [[], ["Unsure"]]
