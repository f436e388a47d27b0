from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digits.forms.checks import Check
from digits.forms.template import Field
from digits.forms.values import find_fault, likely_values, offer, to_value
from digits.types import Box, Digit, Line

BOX = Box(0, 0, 90, 30)


def field(kind, **more):
    return Field("a", kind, BOX, **more)


def line(*probabilities, written=""):
    """Return a line whose digits have the given probabilities, by digit."""
    digits = []
    for shares in probabilities:
        every = tuple(shares.get(d, 0.0) for d in range(10))
        value = max(shares, key=shares.get)
        frame = np.zeros((28, 28), np.float32)
        digits.append(Digit(value, shares[value], BOX, every, None, frame))
    text = "".join(digit.text for digit in digits)
    return Line(text, 0.5, BOX, tuple(digits), written=written or text)


@given(
    st.dates(date(1850, 1, 1), date(2150, 12, 31)),
    st.sampled_from(["dmy", "mdy", "ymd"]),
    st.sampled_from("./-"),
)
def test_a_date_is_understood_in_its_order_with_and_without_separators(day, order, between):
    parts = {"d": f"{day.day:02d}", "m": f"{day.month:02d}", "y": f"{day.year:04d}"}
    written = [parts[each] for each in order]
    assert to_value(field("date", order=order), between.join(written)) == day.isoformat()
    assert to_value(field("date", order=order), "".join(written)) == day.isoformat()


@pytest.mark.parametrize(
    "written", ["31022024", "00012024", "1/2", "12345", "1.2.345", "?1012020", "11087022"]
)
def test_what_is_no_date_has_no_value(written):
    assert to_value(field("date"), written) is None


def test_each_kind_has_its_own_writing():
    assert to_value(field("identifier"), "007") == "007"
    assert to_value(field("identifier"), "0-7") is None
    assert to_value(field("number"), "-007") == "-7"
    assert to_value(field("number"), "7.5") is None
    assert to_value(field("decimal"), "7,50") == "7.50"
    assert to_value(field("digit"), "12") is None
    assert to_value(field("mark", maximum=Decimal(20)), "17/20") == "17"
    assert to_value(field("mark", maximum=Decimal(20)), "17/30") is None


def test_lengths_and_maxima_are_checked():
    assert find_fault(field("identifier", length=3), "12", 2) == "2 digits, not 3"
    assert find_fault(field("mark", maximum=Decimal(20)), "21", 2) == "More than 20"
    assert find_fault(field("mark", maximum=Decimal(20)), "20", 2) is None


def test_the_next_best_reading_that_passes_is_offered_and_not_taken():
    luhn = field("identifier", length=2, checks=(Check("luhn"),))  # 18 passes, 13 does not
    read = line({1: 1.0}, {3: 0.9, 8: 0.08, 5: 0.02})
    assert offer(luhn, read, "13") == ("18",)
    assert [value for value, _ in likely_values(luhn, read)] == ["18"]


def test_separators_stay_where_they_are_in_what_is_offered():
    read = line({7: 0.9, 1: 0.1}, {5: 1.0}, written="7.5")
    low = field("decimal", checks=(Check("range", maximum=Decimal(5)),))
    assert offer(low, read, "7.5") == ("1.5",)
