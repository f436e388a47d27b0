"""Parse boxes and corners of pages, given as numbers separated by commas."""

import re

from digits.errors import HintError
from digits.types import Box, Paper

_BETWEEN = " *, *"
_WHOLE, _SIZE = "([0-9]{1,6})", "([1-9][0-9]{0,5})"  # px
_COORDINATE = r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"  # px; a corner may lie a little outside
BOX_PATTERN = _BETWEEN.join([_WHOLE, _WHOLE, _SIZE, _SIZE])
PAPER_PATTERN = _BETWEEN.join([_COORDINATE] * 8)
MAX_SHOWN = 60  # characters of a rejected value


def parse_box(text: str, name: str) -> Box:
    """Parse "x,y,width,height".

    Parameters
    ----------
    name : of the option or field, for the error message

    Raises
    ------
    HintError
        The text has another form.
    """
    numbers = re.fullmatch(BOX_PATTERN, text.strip(" "))
    if numbers is None:
        raise HintError(f'{name} takes x,y,width,height in whole pixels, not "{_shortened(text)}"')
    return Box(*map(int, numbers.groups()))


def parse_paper(text: str, name: str) -> Paper:
    """Parse the corners of a page: "x1,y1,x2,y2,x3,y3,x4,y4".

    Parameters
    ----------
    name : as `parse_box`

    Raises
    ------
    HintError
        The text has another form.
    """
    numbers = re.fullmatch(PAPER_PATTERN, text.strip(" "))
    if numbers is None:
        raise HintError(
            f"{name} takes x1,y1,x2,y2,x3,y3,x4,y4 in pixels, the corners of the page from top "
            f'left to top right, bottom right and bottom left, not "{_shortened(text)}"'
        )
    values = [float(number) for number in numbers.groups()]
    return Paper(tuple(zip(values[::2], values[1::2], strict=True)))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
