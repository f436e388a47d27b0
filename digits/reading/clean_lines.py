"""Decide whether a reading by geometry is so clean that it needs no second one."""

from digits.image.page_segmentation import TextRegion
from digits.reading.composition import PageReading, find_unread
from digits.types import Hint, Line, Page

UNREAD_INK = 0.3  # of a page's ink outside the digits that were read; more may be a table or print


def is_clean(found: PageReading, page: Page, hint: Hint) -> bool:
    """Return whether a page holds one line that was read as a whole, and nothing else.

    A page without ink is not clean: writing in deep shade is too faint for geometry.

    Parameters
    ----------
    found : of `page`
    hint : has the confidence threshold
    """
    read = [line for line in found.lines if line.digits]
    if len(read) != 1 or found.layout.is_table or found.confidence < hint.accept:
        return False
    return not find_unread(found) and _is_read_whole(page, read[0])


def are_boxes_clean(found: PageReading, hint: Hint) -> bool:
    """Return whether each box holds nothing, or one line that was read as a whole."""
    pairs = zip(found.layout.numbers, found.lines, strict=True)
    return all(_is_clean_box(part, line, hint) for part, line in pairs)


def _is_clean_box(part: TextRegion, line: Line, hint: Hint) -> bool:
    if part.page is None or not part.page.ink.any():
        return True
    return line.confidence >= hint.accept and _is_read_whole(part.page, line)


def _is_read_whole(page: Page, line: Line) -> bool:
    """Return whether little of a page's ink lies outside the digits of a line."""
    unread = page.ink.copy()
    for digit in line.digits:
        unread[page.box_from_original(digit.box).rows_and_columns()] = 0
    return float(unread.sum()) <= UNREAD_INK * float(page.ink.sum())
