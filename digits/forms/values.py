"""Convert a field's text to its value: number, identifier, date or mark."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice

from digits.forms.checks import find_misfit, find_wrong_sum, to_decimal
from digits.forms.template import DateOrder, Field
from digits.image.separators import fill_digits
from digits.marksheet.cell import likeliest
from digits.types import Line

PLAUSIBLE = 0.001  # of the likeliest reading's probability that another has to be offered
OFFERED = 3  # values offered for a doubtful field
SEARCHED = 500  # readings looked at before the search for one that passes is given up
WHOLE = re.compile(r"-?[0-9]+")
DECIMAL = re.compile(r"-?[0-9]+([.,][0-9]+)?")
FRACTION = re.compile(r"([0-9]+(?:[.,][0-9]+)?)/([0-9]+)")
SEPARATED = re.compile(r"([0-9]+)[./-]([0-9]+)[./-]([0-9]+)")
CENTURY = 100  # years
YEARS = range(1850, 2151)  # of a date on a form
YEAR = 4  # digits of a whole year
SHORT, LONG = 6, 8  # digits of a date without separators


def to_value(each: Field, written: str) -> str | None:
    """Return the value of a field's text, or None if it does not have the format of its kind.

    Parameters
    ----------
    written : digits with their separators, e.g. ``12/3/2024``

    Examples
    --------
    >>> from digits.types import Box
    >>> born = Field("born", "date", Box(0, 0, 99, 20))
    >>> to_value(born, "31.12.1999"), to_value(born, "31.11.1999")
    ('1999-12-31', None)
    """
    if each.kind == "date":
        return _to_date(written, each.order)
    if each.kind in ("identifier", "digit"):
        is_value = written.isdigit() and (each.kind == "identifier" or len(written) == 1)
        return written if is_value else None
    if each.kind == "mark" and (fraction := FRACTION.fullmatch(written)):
        return _plain(fraction[1]) if to_decimal(fraction[2]) == each.maximum else None
    pattern = WHOLE if each.kind == "number" else DECIMAL
    return _plain(written) if pattern.fullmatch(written) else None


def find_fault(each: Field, value: str | None, n_digits: int) -> str | None:
    """Return why a value cannot be right in its field, or None."""
    wanted = each.fixed_length
    if wanted is not None and n_digits != wanted:
        return f"{n_digits} digits, not {wanted}"
    if value is None:
        return {"date": "Not a date", "mark": "Not a mark"}.get(each.kind, "Not a number")
    number = to_decimal(value)
    if each.kind == "mark" and each.maximum is not None and number is not None:
        if number > each.maximum:
            return f"More than {each.maximum}"
        if number < 0:
            return "Less than 0"
    return find_misfit(value, each.checks)


def find_wrong_sums(
    fields: Sequence[Field], values: Sequence[str]
) -> Iterator[tuple[int, list[int], str]]:
    """Yield the fields whose value is not the sum of other fields.

    Yields
    ------
    tuple of int, list of int, and str
        The place of the total, those of its parts, and what is wrong.
    """
    places = {each.name: i for i, each in enumerate(fields)}
    for i, each in enumerate(fields):
        for check in each.checks:
            if check.kind != "sum" or not values[i]:
                continue
            parts = [places[name] for name in check.of]
            if fault := find_wrong_sum(values[i], [values[part] for part in parts]):
                yield i, parts, fault


def find_right_sums(fields: Sequence[Field], values: Sequence[str]) -> Iterator[list[int]]:
    """Yield the places of each total and its parts where the sum agrees and is not 0."""
    wrong = {i for i, _, _ in find_wrong_sums(fields, values)}
    places = {each.name: i for i, each in enumerate(fields)}
    for i, each in enumerate(fields):
        parts = [places[name] for check in each.checks if check.kind == "sum" for name in check.of]
        if parts and i not in wrong and to_decimal(values[i]):
            yield [i, *parts]


def likely_values(each: Field, line: Line) -> Iterator[tuple[str, float]]:
    """Yield values that pass the field's checks, the likeliest first, with their shares.

    Parameters
    ----------
    line : as it was read; each digit may be another one, separators stay

    Yields
    ------
    tuple of str and float
        The value, and its probability as a share of the likeliest reading's.
    """
    known: set[str] = set()
    best = 0.0
    every = [digit.probabilities for digit in line.digits]
    for digits, probability in islice(likeliest(every), SEARCHED):
        best = max(best, probability)
        if not best or probability < PLAUSIBLE * best:
            return
        value = to_value(each, fill_digits(line.written, digits))
        if value is None or value in known or find_fault(each, value, len(digits)):
            continue
        known.add(value)
        yield value, probability / best


def offer(each: Field, line: Line, value: str) -> tuple[str, ...]:
    """Return other likely values of a doubtful field."""
    others = (other for other, _ in likely_values(each, line) if other != value)
    return tuple(islice(others, OFFERED))


def _plain(text: str) -> str:
    """Return a number as spreadsheets take it: with a point, without zeros before it."""
    number = to_decimal(text)
    return "" if number is None else f"{number:f}"


def _to_date(written: str, order: DateOrder) -> str | None:
    """Return a date as year-month-day, or None."""
    numbers = _date_parts(written, order)
    if numbers is None:
        return None
    named = dict(zip(order, numbers, strict=True))
    try:
        return date(_whole_year(named["y"]), int(named["m"]), int(named["d"])).isoformat()
    except ValueError:
        return None


def _date_parts(written: str, order: DateOrder) -> Sequence[str] | None:
    """Return the three numbers of a date as they are written, or None."""
    if parts := SEPARATED.fullmatch(written):
        return parts.groups()
    if not written.isdigit() or len(written) not in (SHORT, LONG):
        return None
    year = len(written) - 4
    sizes = (year, 2, 2) if order == "ymd" else (2, 2, year)
    ends = [sum(sizes[: i + 1]) for i in range(3)]
    return [written[end - size : end] for end, size in zip(ends, sizes, strict=True)]


def _whole_year(written: str) -> int:
    """Return a year; one of two digits is of the last hundred years."""
    if len(written) == YEAR and int(written) in YEARS:
        return int(written)
    if len(written) != 2:  # noqa: PLR2004
        raise ValueError(f"{written} is no year of two or four digits")
    this = date.today().year
    year = this - this % CENTURY + int(written)
    return year - CENTURY if year > this else year
