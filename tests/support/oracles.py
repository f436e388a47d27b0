"""What must hold of any reading, whatever was read."""

import math

from digits.types import Reading


def agrees_with_itself(reading: Reading) -> None:
    """Raise AssertionError where a reading contradicts itself."""
    width, height = reading.size
    assert 0 <= reading.confidence <= 1, reading
    if not reading.cells:
        assert reading.text == "\n".join(line.text for line in reading.lines), reading
    else:
        _cells_agree_with_lines(reading)
    for line in reading.lines:
        values = "".join(digit.text for digit in line.digits)
        assert line.text.replace("\t", "") == values, line  # a table's row has its cells apart
        assert 0 <= line.confidence <= 1, line
        for digit in line.digits:
            assert 0 <= digit.box.x < digit.box.right <= width, digit
            assert 0 <= digit.box.y < digit.box.bottom <= height, digit
            assert math.isclose(sum(digit.probabilities), 1, abs_tol=1e-4), digit


def _cells_agree_with_lines(reading: Reading) -> None:
    """Raise AssertionError where a table's cells are not its lines, or no place has two."""
    width, height = reading.size
    places = [(cell.row, cell.column) for cell in reading.cells]
    assert len(set(places)) == len(places), places
    rows = sorted({cell.row for cell in reading.cells})
    inside: dict[int, list[str]] = {row: [] for row in rows}
    for cell in sorted(reading.cells, key=lambda cell: (cell.row, cell.column)):
        inside[cell.row].append(cell.text)
        assert 0 <= cell.confidence <= 1, cell
        assert 0 <= cell.box.x < cell.box.right <= width, cell
        assert 0 <= cell.box.y < cell.box.bottom <= height, cell
    texts = ["".join(row) for row in inside.values()]
    if reading.lines:  # one for each row, whether or not something is written in it
        assert [line.text.replace("\t", "") for line in reading.lines] == texts, reading
    else:
        assert not any(texts), reading
