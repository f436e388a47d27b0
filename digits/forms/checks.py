"""Checks of a field's value: checksums, ranges, lookups and sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

CheckKind = Literal["range", "luhn", "mod11", "mod97", "list", "sum"]
CHECKS: tuple[CheckKind, ...] = ("range", "luhn", "mod11", "mod97", "list", "sum")
NINE = 9  # the largest digit
CHANCE_OF_SUM = 1 / 10  # of wrong numbers that add up all the same
CHANCE: Mapping[str, float] = {
    "luhn": 1 / 10, "mod11": 1 / 11, "mod97": 1 / 97,
}  # of a wrong value that passes  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on a field's value; only the parts of its kind are given."""

    kind: CheckKind
    minimum: Decimal | None = None  # of a range; None: no limit
    maximum: Decimal | None = None  # of a range; None: no limit
    values: tuple[str, ...] = ()  # of a list: what the value may be
    of: tuple[str, ...] = ()  # of a sum: names of the fields that add up to the value


def has_luhn(digits: str) -> bool:
    """Return whether digits end in their Luhn check digit (ISO/IEC 7812-1): cards, members.

    Examples
    --------
    >>> has_luhn("79927398713"), has_luhn("79927398710")
    (True, False)
    """
    doubled = [2 * int(digit) for digit in digits[-2::-2]]
    plain = [int(digit) for digit in digits[::-2]]
    total = sum(plain) + sum(each - NINE if each > NINE else each for each in doubled)
    return bool(digits) and total % 10 == 0


def has_mod11(digits: str) -> bool:
    """Return whether digits end in their check digit modulo 11, as an ISBN-10 does (ISO 2108).

    The weights are 1, 2, 3 and so on from the right. A check digit X is none of digits only.

    Examples
    --------
    >>> has_mod11("0306406152"), has_mod11("0306406151")
    (True, False)
    """
    weighted = [weight * int(digit) for weight, digit in enumerate(reversed(digits), start=1)]
    return bool(digits) and sum(weighted) % 11 == 0


def has_mod97(digits: str) -> bool:
    """Return whether digits end in their two check digits modulo 97 (ISO 7064, MOD 97-10).

    Examples
    --------
    >>> has_mod97("79444"), has_mod97("79445")
    (True, False)
    """
    return bool(digits) and int(digits) % 97 == 1


_CHECKSUMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "luhn": (has_luhn, "The check digit (Luhn) is wrong"),
    "mod11": (has_mod11, "The check digit (modulo 11) is wrong"),
    "mod97": (has_mod97, "The check digits (modulo 97) are wrong"),
}


def find_misfit(value: str, checks: Sequence[Check]) -> str | None:
    """Return what is wrong with a value, or None; sums are for `find_wrong_sum`."""
    return next((misfit for check in checks if (misfit := _misfit(value, check))), None)


def given_checks(confidence: float, checks: Sequence[Check], n_digits: int) -> float:
    """Return the probability that a value is right, given that it passes its checks (Bayes).

    A wrong value passes a checksum or a list by chance only. Sums are for `given_sum`.

    Examples
    --------
    >>> round(given_checks(0.9, [Check("luhn")], 11), 3)
    0.989
    """
    by_chance = 1.0
    for check in checks:
        if check.kind == "list":
            by_chance *= min(1.0, len(check.values) / 10**n_digits)
        else:
            by_chance *= CHANCE.get(check.kind, 1.0)
    return _given(confidence, by_chance)


def given_sum(confidence: float) -> float:
    """Return the probability that a part of a sum, or its total, is right if the sum agrees."""
    return _given(confidence, CHANCE_OF_SUM)


def _given(confidence: float, by_chance: float) -> float:
    return confidence / (confidence + (1 - confidence) * by_chance) if confidence else 0.0


def _misfit(value: str, check: Check) -> str | None:
    if check.kind == "range":
        return _outside(value, check)
    if check.kind == "list":
        return None if value in check.values else "Not in the list"
    if check.kind == "sum":
        return None
    is_right, sentence = _CHECKSUMS[check.kind]
    return None if value.isdigit() and is_right(value) else sentence


def _outside(value: str, check: Check) -> str | None:
    number = to_decimal(value)
    if number is None:
        return "Not a number"
    if check.minimum is not None and number < check.minimum:
        return f"Less than {check.minimum}"
    if check.maximum is not None and number > check.maximum:
        return f"More than {check.maximum}"
    return None


def find_wrong_sum(total: str, parts: Sequence[str]) -> str | None:
    """Return what is wrong with a total, or None; parts that are empty count as 0."""
    numbers = [to_decimal(part or "0") for part in parts]
    if any(number is None for number in numbers):
        return "The sum cannot be checked: a part of it is not read"
    reckoned = sum((number for number in numbers if number is not None), Decimal())
    return (
        None if to_decimal(total) == reckoned else f"The parts add up to {reckoned.normalize():f}"
    )


def to_decimal(text: str) -> Decimal | None:
    """Return a plain number with point or comma, or None."""
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
