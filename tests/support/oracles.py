"""What must hold of any reading, whatever was read."""

import math

from digits.types import Reading


def agrees_with_itself(reading: Reading) -> None:
    """Raise AssertionError where a reading contradicts itself."""
    width, height = reading.size
    assert 0 <= reading.confidence <= 1, reading
    if not reading.cells:
        assert reading.text == "\n".join(line.text for line in reading.lines), reading
    for line in reading.lines:
        values = "".join(digit.text for digit in line.digits)
        assert line.text.replace("\t", "") == values, line  # a table's row has its cells apart
        assert 0 <= line.confidence <= 1, line
        for digit in line.digits:
            assert 0 <= digit.box.x < digit.box.right <= width, digit
            assert 0 <= digit.box.y < digit.box.bottom <= height, digit
            assert math.isclose(sum(digit.probabilities), 1, abs_tol=1e-4), digit
