"""Parse class lists: one name per line, as text or as a text or CSV file."""

import csv

from digits.errors import DigitsError

NO_TEXT = "this class list is not text: paste the names, or save them as CSV or text"


def parse_names(content: bytes | str) -> tuple[str, ...]:
    """Return the names of a class list, from text or from a text or CSV file.

    Raises
    ------
    DigitsError
        The content is not text.
    """
    if isinstance(content, bytes):
        content = _decode(content)
    lines = [line for line in content.splitlines() if line.strip(" \t,;")]
    separator = next((sign for sign in "\t;" if sign in "".join(lines)), ",")
    try:
        fields = list(csv.reader(lines, delimiter=separator))
    except csv.Error as error:
        raise DigitsError(NO_TEXT) from error
    return tuple(_joined(line, ", " if separator == "," else " ") for line in fields)


def _joined(parts: list[str], between: str) -> str:
    return between.join(part.strip() for part in parts if part.strip())


def _decode(content: bytes) -> str:
    """Decode a text file: UTF-8 or a Windows code page."""
    if b"\0" in content:
        raise DigitsError(NO_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
