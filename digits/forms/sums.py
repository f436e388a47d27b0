"""Compare totals with the sums of other fields."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from digits.forms.checks import to_decimal
from digits.forms.results import FieldReading
from digits.forms.template import Field
from digits.forms.values import find_wrong_sums, likely_values


def check_sums(fields: Sequence[Field], readings: Sequence[FieldReading]) -> list[FieldReading]:
    """Mark wrong totals as doubtful, and the part that explains one."""
    checked = list(readings)
    for i, parts, fault in find_wrong_sums(fields, [reading.value for reading in readings]):
        total = _with_doubt(checked[i], fault)
        reckoned, written = _sum(checked, parts), to_decimal(total.value)
        if reckoned is not None:
            others = _alternatives(fields[i], total)
            fitting = tuple(value for value in others if to_decimal(value) == reckoned)
            total = replace(total, offered=fitting)
            if not fitting and written is not None:
                _suspect_part(fields, checked, parts, written - reckoned)
        checked[i] = total
    return checked


def _alternatives(each: Field, reading: FieldReading) -> list[str]:
    if reading.line is None:
        return []
    return [value for value, _ in likely_values(each, reading.line) if value != reading.value]


def _sum(readings: Sequence[FieldReading], parts: Sequence[int]) -> Decimal | None:
    numbers = [to_decimal(readings[part].value or "0") for part in parts]
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal()) if len(known) == len(numbers) else None


def _suspect_part(
    fields: Sequence[Field], checked: list[FieldReading], parts: Sequence[int], by: Decimal
) -> None:
    """Mark the one part as doubtful whose other reading makes the sum right, in place."""
    found = [
        (part, value)
        for part in parts
        for value in _alternatives(fields[part], checked[part])
        if to_decimal(value) == (to_decimal(checked[part].value or "0") or 0) + by
    ]
    if len({part for part, _ in found}) == 1:
        part = found[0][0]
        doubted = _with_doubt(checked[part], "Another reading makes the sum right")
        checked[part] = replace(doubted, offered=tuple(value for _, value in found))


def _with_doubt(reading: FieldReading, reason: str) -> FieldReading:
    return replace(reading, status="doubtful", reasons=(*reading.reasons, reason))
