"""What must hold of any reading, whatever was read and however it is given."""

import json
import math
import re
from itertools import groupby
from typing import Any

from digits.types import Reading

SEPARATORS = re.compile(r"[.\-/]")
STATUSES = {"read", "doubtful", "blank", "refused", "failed"}

Plain = dict[str, Any]  # a reading, or a part of one, as JSON


def agrees_with_itself(reading: Reading | Plain) -> None:
    """Raise AssertionError where a reading, or its JSON, contradicts itself."""
    given = reading.to_json() if isinstance(reading, Reading) else reading
    plain: Plain = json.loads(json.dumps(given, allow_nan=False))
    assert plain["status"] in STATUSES, plain["status"]
    _texts_agree(plain)
    _status_agrees(plain)
    for line in plain["lines"]:
        _line_agrees(line, plain["size"])
    if plain["cells"]:
        _cells_agree(plain)
    for box in plain["unread"]:
        _lies_inside(box, plain["size"])
    for note in plain["notes"]:
        assert note.endswith(".") and note[0].isupper(), note
    assert len(set(plain["notes"])) == len(plain["notes"]), plain["notes"]


def _texts_agree(plain: Plain) -> None:
    """Text and what is written are those of the lines, if there is a digit at all."""
    has_digits = any(line["digits"] for line in plain["lines"])
    for name in ("text", "written"):
        whole = "\n".join(line[name] for line in plain["lines"]) if has_digits else ""
        assert plain[name] == whole, (name, plain[name], whole)
    assert 0 <= plain["confidence"] <= 1, plain["confidence"]
    if has_digits:
        sure = math.prod(line["confidence"] for line in plain["lines"] if line["digits"])
        assert math.isclose(plain["confidence"], sure, abs_tol=1e-6), (plain["confidence"], sure)


def _status_agrees(plain: Plain) -> None:
    """Nothing that is doubtful is called read, and nothing is refused without a trace."""
    status = plain["status"]
    values = [digit["value"] for line in plain["lines"] for digit in line["digits"]]
    is_named = any(value is not None for value in values)
    assert is_named == (status in ("read", "doubtful")), (status, values)
    assert bool(plain["error"]) == (status == "failed"), plain["error"]
    if status == "read":
        assert None not in values, plain["text"]
        assert not plain["unread"], plain["unread"]
        assert all(cell["kind"] != "other" for cell in plain["cells"]), plain["cells"]
    if status == "doubtful" and plain["unread"]:
        assert plain["notes"], "a doubt without a reason"
    if status == "blank":
        assert not (plain["unread"] or values), plain


def _line_agrees(line: Plain, size: list[int]) -> None:
    values = ["?" if digit["value"] is None else str(digit["value"]) for digit in line["digits"]]
    assert line["text"].replace("\t", "") == "".join(values), line["text"]
    _written_agrees(line)
    _lies_inside(line["box"], size)
    assert 0 <= line["confidence"] <= 1, line["confidence"]
    assert "?" not in line["text"] or line["confidence"] == 0, line["confidence"]
    for mark in line["marks"]:
        _lies_inside(mark["box"], size)
    for digit in line["digits"]:
        _lies_inside(digit["box"], size)
        shares = digit["probabilities"]
        assert len(shares) == 10, shares
        assert math.isclose(sum(shares), 1, abs_tol=1e-4), shares
        assert math.isclose(max(shares), digit["confidence"], abs_tol=1e-6), digit
        if digit["value"] is not None:
            assert shares[digit["value"]] == max(shares), digit


def _written_agrees(part: Plain) -> None:
    """What is written is the text with spaces and separators; each separator is a mark."""
    digits = SEPARATORS.sub("", part["written"]).replace(" ", "")  # as in 2 1/2
    assert digits == part["text"], (part["written"], part["text"])
    assert len(SEPARATORS.findall(part["written"])) <= len(part["marks"]), part


def _cells_agree(plain: Plain) -> None:
    """A table's cells are its lines, row by row; one without a digit has no lines."""
    cells = sorted(plain["cells"], key=lambda cell: (cell["row"], cell["column"]))
    places = [(cell["row"], cell["column"]) for cell in cells]
    assert len(set(places)) == len(places), places
    for cell in cells:
        _written_agrees(cell)
        _lies_inside(cell["box"], plain["size"])
        assert 0 <= cell["confidence"] <= 1, cell["confidence"]
        assert (cell["kind"] == "number") == bool(cell["text"]), cell
        assert cell["kind"] != "empty" or not (cell["marks"] or cell["written"]), cell
    if not plain["lines"]:
        assert not any(cell["text"] for cell in cells), cells
        return
    lines = iter(plain["lines"])  # those of a table's rows, and of what stands beside tables
    for _, row in groupby(cells, key=lambda cell: cell["row"]):
        mine = list(row)
        assert any(_is_row(line, mine) for line in lines), (mine, plain["lines"])


def _is_row(line: Plain, cells: list[Plain]) -> bool:
    """Return whether a line is a row of a table: its cells apart, or boxes of one number."""
    for between in ("\t", ""):
        if line["text"] == between.join(cell["text"] for cell in cells):
            sure = math.prod(cell["confidence"] for cell in cells)
            return (
                line["written"] == between.join(cell["written"] for cell in cells)
                and line["marks"] == [mark for cell in cells for mark in cell["marks"]]
                and math.isclose(line["confidence"], sure, abs_tol=1e-6)
            )
    return False


def _lies_inside(box: list[int], size: list[int]) -> None:
    x, y, width, height = box
    assert x >= 0 and y >= 0 and width > 0 and height > 0, box
    assert x + width <= size[0] and y + height <= size[1], (box, size)
