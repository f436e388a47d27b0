"""The results: their defaults, and their JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest

from digits.errors import HintError
from digits.types import MAX_LENGTH, Box, Cell, Digit, Hint, Line, Mark, ModelName, Reading

BOX = Box(1, 2, 3, 4)
DOT = Mark("dot", Box(2, 5, 1, 1))


def digit(value):
    return Digit(value, 0.9, BOX, (0.1,) * 10, None, np.zeros((28, 28), np.float32))


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (9, "9"), (None, "?")])
def test_a_digit_is_a_character(value, text):
    assert digit(value).text == text


def test_without_separators_what_is_written_is_the_text():
    assert Line("75", 0.9, BOX, ()).written == "75"
    assert Cell(0, 0, "75", 0.9, BOX).written == "75"
    assert Line("75", 0.9, BOX, (), (DOT,), "7.5").written == "7.5"


@pytest.mark.parametrize(
    ("text", "marks", "kind"),
    [("7", (), "number"), ("?", (), "number"), ("", (), "empty"), ("", (DOT,), "other")],
)
def test_a_cell_without_a_number_is_empty_or_holds_something_else(text, marks, kind):
    assert Cell(0, 0, text, 0.9, BOX, marks).kind == kind


@pytest.mark.parametrize(
    ("result", "word"),
    [
        ({"length": 0}, "length"),
        ({"length": -3}, "length"),
        ({"length": MAX_LENGTH + 1}, "length"),
        ({"length": 500_000}, str(MAX_LENGTH)),
        ({"single": True, "length": 2}, "single"),
        ({"accept": 2.0}, "accept"),
        ({"accept": float("nan")}, "accept"),
    ],
)
def test_a_hint_that_makes_no_sense_is_explained(result, word):
    with pytest.raises(HintError, match=word):
        Hint(**result)


def test_hints_at_their_limits():
    assert Hint(length=1).length == 1
    assert Hint(length=MAX_LENGTH, accept=1.0).length == MAX_LENGTH
    assert Hint(single=True, length=1, accept=0.0).single


def test_the_json_of_a_reading_has_every_field_and_no_frame():
    line = Line("75", 0.9, BOX, (digit(7), digit(5)), (DOT,), "7.5")
    cell = Cell(0, 0, "75", 0.9, BOX, (DOT,), "7.5")
    reading = Reading(
        "0" * 64,
        (9, 9),
        "doubtful",
        ModelName("m", "0"),
        "75",
        0.9,
        (line,),
        (cell,),
        written="7.5",
    )
    result = json.loads(json.dumps(replace(reading, unread=(BOX,)).to_json()))
    assert (result["schema"], result["written"], result["unread"]) == (1, "7.5", [[1, 2, 3, 4]])
    assert result["lines"][0].keys() == {
        "text", "written", "confidence", "box", "struck_out", "marks", "digits"
    }  # fmt: skip
    assert result["lines"][0]["digits"][0].keys() == {
        "value", "confidence", "box", "probabilities", "not_a_digit"
    }  # fmt: skip
    assert result["cells"][0].keys() == {
        "row", "column", "text", "written", "kind", "confidence", "box", "marks", "struck_out"
    }  # fmt: skip
    assert result["cells"][0]["kind"] == "number"
    assert "written='7.5'" in repr(reading)
