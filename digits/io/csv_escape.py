"""Keep spreadsheets from calculating what was written as text (OWASP, CSV injection)."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # how what a spreadsheet runs begins
QUOTE = "'"  # what stands before it, and makes it text


def escape(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> escape("=1+1"), escape("12")
    ("'=1+1", '12')
    """
    return QUOTE + text if text.startswith(FORMULA) else text
