"""Which digits stand on the paper where a person corrected the value of a field."""

from dataclasses import replace

from digits.forms.template import Field
from digits.forms.values import LONG, SEPARATED, SHORT, to_value
from digits.marksheet.cell import Edit, to_truth
from digits.marksheet.scan import Entry
from digits.types import Line


def digits_on_paper(each: Field, entry: Entry | None, edit: Edit) -> str | None:
    """Return the digits on the paper for a value that a person typed.

    A value has its own format: a date is year-month-day, and a number has no leading zeros.

    Returns
    -------
    str or None
        None where nothing was corrected, or where the digits do not follow from the value.
    """
    if entry is None or not edit.is_reading or each.kind == "tick":
        return None
    line = entry.line
    if edit.text == (to_value(each, line.written) or line.written):
        return None
    truth = (
        _date_digits(each, edit.text, line)
        if each.kind == "date"
        else _number_digits(each, edit.text, line)
    )
    return None if truth == line.text else truth


def _number_digits(each: Field, text: str, line: Line) -> str | None:
    """Return the digits of a number, with the maximum and the zeros that are written."""
    truth = to_truth(text)
    if truth and each.kind == "mark" and "/" in line.written and "/" not in text:
        truth += line.written.rpartition("/")[2]
    if truth and each.kind in ("number", "mark", "decimal") and line.text.startswith("0"):
        truth = truth.zfill(len(line.text))
    return truth


def _date_digits(each: Field, text: str, line: Line) -> str | None:
    """Return the digits of a date in the order and lengths in which it is written."""
    value = to_value(replace(each, order="ymd"), text) or to_value(each, text)
    if value is None:
        return None if text else ""
    named = dict(zip("ymd", value.split("-"), strict=True))
    if parts := SEPARATED.fullmatch(line.written):
        return "".join(
            named[part][-len(read) :] if part == "y" else str(int(named[part])).zfill(len(read))
            for read, part in zip(parts.groups(), each.order, strict=True)
        )
    n_digits = each.length or len(line.text)
    if n_digits not in (SHORT, LONG):
        return None
    if n_digits == SHORT:
        named["y"] = named["y"][2:]
    return "".join(named[part] for part in each.order)
