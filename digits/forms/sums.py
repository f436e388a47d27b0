"""Compare totals with the sums of other fields."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from digits.forms.checks import given_sum, to_decimal
from digits.forms.results import UNSURE, FieldReading
from digits.forms.template import Field
from digits.forms.values import find_right_sums, find_wrong_sums, likely_values
from digits.types import CONFIDENCE_THRESHOLD


def check_sums(
    fields: Sequence[Field],
    readings: Sequence[FieldReading],
    *,
    accept: float = CONFIDENCE_THRESHOLD,
) -> list[FieldReading]:
    """Mark wrong totals as doubtful, and the part that explains one; a right one has less doubt."""
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
    for places in find_right_sums(fields, [reading.value for reading in readings]):
        for place in places:
            checked[place] = _with_agreement(checked[place], accept)
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


def _with_agreement(reading: FieldReading, accept: float) -> FieldReading:
    """Return a field of a sum that agrees: what was only unsure may be sure now."""
    if not reading.value or reading.reasons not in ((), (UNSURE,)):
        return reading
    confidence = given_sum(reading.confidence)
    if confidence < accept:
        return replace(reading, confidence=confidence)
    return replace(reading, confidence=confidence, status="read", reasons=(), offered=())


def _with_doubt(reading: FieldReading, reason: str) -> FieldReading:
    return replace(reading, status="doubtful", reasons=(*reading.reasons, reason))
