"""Check the reading of a page that was saved in a file, which may hold anything."""

from typing import Any, get_args

from digits.types import CLASSES, MAX_LENGTH, CellKind, MarkKind, Status

MOST_PX = 1_000_000  # of a page, and of the position of a box
LONGEST = 200  # characters of a reason for doubt


def checked_reading(plain: Any, n_fields: int) -> dict[str, Any]:  # noqa: ANN401
    """Return the parts of a reading that a page of a form has.

    Raises
    ------
    ValueError, TypeError or LookupError
        A part is missing, or of the wrong kind.
    """
    reading, placed = plain["reading"], plain["placed"]
    lines = reading["lines"]
    is_valid = (
        all(_is_whole(side, 1, MOST_PX) for side in reading["size"])
        and reading["status"] in get_args(Status)
        and len(lines) <= n_fields
        and all(map(_is_line, lines))
        and all(_is_placed(each, n_fields, len(lines)) for each in placed)
    )
    if not is_valid:
        raise ValueError("the reading of a page is damaged")
    model = {key: str(reading["model"][key]) for key in ("name", "sha256")}
    kept = {
        "id": str(reading["id"]), "size": list(map(int, reading["size"][:2])),
        "status": reading["status"], "model": model, "text": "", "confidence": 0.0,
        "lines": lines, "cells": [], "notes": [],
    }  # fmt: skip
    reasons = {
        str(index): str(reason)[:LONGEST] for index, reason in plain.get("reasons", {}).items()
    }
    return {"reading": kept, "placed": placed, "reasons": reasons}


def _is_line(plain: Any) -> bool:  # noqa: ANN401
    return (
        isinstance(plain["text"], str)
        and isinstance(plain["written"], str)
        and isinstance(plain["struck_out"], bool)
        and _is_share(plain["confidence"])
        and _is_box(plain["box"])
        and len(plain["digits"]) <= MAX_LENGTH
        and all(map(_is_digit, plain["digits"]))
        and all(m["kind"] in get_args(MarkKind) and _is_box(m["box"]) for m in plain["marks"])
    )


def _is_digit(plain: Any) -> bool:  # noqa: ANN401
    value, other = plain["value"], plain["not_a_digit"]
    return (
        (value is None or _is_whole(value, 0, CLASSES - 1))
        and (other is None or _is_share(other))
        and _is_share(plain["confidence"])
        and _is_box(plain["box"])
        and len(plain["probabilities"]) == CLASSES
        and all(map(_is_share, plain["probabilities"]))
    )


def _is_placed(plain: Any, n_fields: int, n_lines: int) -> bool:  # noqa: ANN401
    row, column, index, *box, kind = plain
    return (
        row == 0
        and _is_whole(column, 0, n_fields - 1)
        and _is_whole(index, 0, n_lines - 1)
        and _is_box(box)
        and kind in get_args(CellKind)
    )


def _is_box(plain: Any) -> bool:  # noqa: ANN401
    return len(plain) == 4 and all(_is_whole(side, -MOST_PX, MOST_PX) for side in plain)  # noqa: PLR2004


def _is_whole(plain: Any, least: int, most: int) -> bool:  # noqa: ANN401
    return type(plain) is int and least <= plain <= most


def _is_share(plain: Any) -> bool:  # noqa: ANN401
    return type(plain) in (int, float) and 0 <= plain <= 1
