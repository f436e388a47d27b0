"""Keep spreadsheets from running text as a formula (OWASP, CSV injection)."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # first characters of what a spreadsheet runs
QUOTE = "'"  # prefix that makes it text


def escape(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula.

    Examples
    --------
    >>> escape("=1+1"), escape("12")
    ("'=1+1", '12')
    """
    return QUOTE + text if text.startswith(FORMULA) else text
