"""Parse the description of a field on the command line: ``roll:identifier:9@1,2,300,40``."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from digits.errors import HintError
from digits.forms.checks import Check, CheckKind, to_decimal
from digits.forms.template import KINDS, ORDERS, Field
from digits.io.places import parse_box

CHECKSUMS: Mapping[str, CheckKind] = {"luhn": "luhn", "mod11": "mod11", "mod97": "mod97"}


def parse_field(text: str) -> Field:
    """Return the field that ``name:kind[:option…]@x,y,width,height`` describes.

    Options are a length (of a mark: its maximum), a date's order (``dmy``, ``mdy``, ``ymd``), and
    checks: ``luhn``, ``mod11``, ``mod97``, ``range=0..100``, ``list=A1|A2``, ``sum=q1+q2``.

    Raises
    ------
    HintError
        It is not that.

    Examples
    --------
    >>> parse_field("roll:identifier:9@10,20,300,40").length
    9
    """
    about, at, place = text.rpartition("@")
    name, _, rest = about.partition(":")
    if not at or not name or not rest:
        raise HintError(f'a field is name:kind@x,y,width,height, not "{text}"')
    kind, *options = rest.split(":")
    if kind not in KINDS:
        raise HintError(f"the kind of field {name} takes one of {', '.join(KINDS)}, not {kind}")
    made = Field(name, kind, parse_box(place, f"the box of field {name}"))
    for option in options:
        made = _with_option(made, option)
    return made


def _with_option(each: Field, option: str) -> Field:
    """Return a field with one more option of `parse_field`."""
    number = to_decimal(option)
    if number is not None and each.kind == "mark":
        return replace(each, maximum=number)
    if option.isdigit():
        return replace(each, length=int(option))
    if option in ORDERS:
        return replace(each, order=option)
    check = _parse_check(option)
    if check is None:
        raise HintError(
            f'field {each.name}: "{option}" is no length, order of a date, or check (luhn, mod11, '
            "mod97, range=0..100, list=A|B, sum=q1+q2)"
        )
    return replace(each, checks=(*each.checks, check))


def _parse_check(option: str) -> Check | None:
    """Return the check that an option names, or None."""
    key, _, value = option.partition("=")
    if key in CHECKSUMS and not value:
        return Check(CHECKSUMS[key])
    if key == "range" and ".." in value:
        low, _, high = value.partition("..")
        return Check("range", minimum=_limit(low, option), maximum=_limit(high, option))
    if key == "list" and value:
        return Check("list", values=tuple(value.split("|")))
    if key == "sum" and value:
        return Check("sum", of=tuple(value.split("+")))
    return None


def _limit(text: str, option: str) -> Decimal | None:
    number = to_decimal(text) if text else None
    if text and number is None:
        raise HintError(f'"{option}" is no range: write range=0..100')
    return number
