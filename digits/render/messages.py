"""Messages about invalid values, failed files and counts, for the command line and HTTP."""

import re
from collections.abc import Mapping
from typing import Any

MAX_SHOWN = 40  # characters of a rejected value
EXPECTED = {  # by pydantic's names of its errors
    "bool_parsing": "takes true or false",
    "bool_type": "takes true or false",
    "dict_type": "takes an object",
    "float_parsing": "takes a number",
    "float_type": "takes a number",
    "finite_number": "takes a finite number",
    "greater_than_equal": "takes a number from {ge} on",
    "int_from_float": "takes a whole number",
    "int_parsing": "takes a whole number",
    "int_parsing_size": "takes a smaller whole number",
    "int_type": "takes a whole number",
    "less_than_equal": "takes a number up to {le}",
    "list_type": "takes a list",
    "literal_error": "takes {expected}",
    "model_attributes_type": "takes an object",
    "model_type": "takes an object",
    "string_type": "takes text",
}
WITHOUT_VALUE = {
    "extra_forbidden": "is not known",
    "json_invalid": "is not JSON",
    "missing": "is missing",
    "string_unicode": "is not text in UTF-8",
}


def describe_fault(fault: Mapping[str, Any]) -> str:
    """Return why a value is invalid, to follow its name.

    Parameters
    ----------
    fault : an entry of pydantic's ``ValidationError.errors()``

    Examples
    --------
    >>> describe_fault({"type": "greater_than_equal", "input": "0", "ctx": {"ge": 1}})
    "takes a number from 1 on, not '0'"
    """
    kind, context = fault["type"], fault.get("ctx") or {}
    if kind in WITHOUT_VALUE:
        return WITHOUT_VALUE[kind]
    if kind in EXPECTED:
        expected = EXPECTED[kind].format(**context)
    elif kind == "value_error":  # raised by a check of ours, or by Typer's of a choice
        return str(context.get("error", "is not accepted")).rstrip(".")
    else:
        expected = "takes something else"
    return f"{expected}, not {_shown(fault.get('input'))}"


def describe_failure(file: str | None, page: int | None, reason: str) -> str:
    """Return which file failed and why, without naming the file twice.

    Examples
    --------
    >>> describe_failure("a.png", None, "there is no file a.png: check the name")
    'there is no file a.png: check the name'
    >>> describe_failure("scan.pdf", 2, "the box lies outside")
    'scan.pdf, page 2: the box lies outside'
    """
    where = f"{file}, page {page}" if page else str(file)
    names_it = not page and re.search(rf"(?<!\w){re.escape(str(file))}(?!\w)", reason)
    return reason if names_it else f"{where}: {reason}"


def count(number: int, noun: str) -> str:
    """Return "1 picture", "2 pictures" or "0 pictures"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _shown(value: object) -> str:
    text = "null" if value is None else repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
