"""Keep spreadsheets from running text as a formula (OWASP, CSV injection)."""

import re

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first characters of what a spreadsheet runs
QUOTE = "'"  # prefix that makes it text
NUMBER = re.compile(r"-?[0-9]+([.,][0-9]+)?")  # a spreadsheet takes it as it is


def escape(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula.

    Examples
    --------
    >>> escape("=1+1"), escape("12")
    ("'=1+1", '12')
    """
    return QUOTE + text if text.startswith(FORMULA) else text


def escape_unless_number(text: str) -> str:
    """Return `text` as `escape` does, and a plain number such as "-4" as it is.

    Examples
    --------
    >>> escape_unless_number("-4"), escape_unless_number("-4/5"), escape_unless_number("=1")
    ('-4', "'-4/5", "'=1")
    """
    return text if NUMBER.fullmatch(text) else escape(text)
