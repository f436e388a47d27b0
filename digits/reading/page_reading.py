"""Read a page by its geometry, and by the page network's maps where that is not enough."""

from dataclasses import replace

from digits.errors import CrowdedError
from digits.image.page_segmentation import find_numbers
from digits.image.rectify import turn
from digits.inference.segmenter import Segmenter
from digits.reading.borders import doubt_across_borders
from digits.reading.boxes import name_in_boxes
from digits.reading.clean_lines import are_boxes_clean, is_clean
from digits.reading.composition import PageReading
from digits.reading.known_length import keep_length
from digits.reading.map_reading import read_maps
from digits.reading.number_reader import NumberReader
from digits.reading.orientation import is_clearer, likeliest_quarters, may_be_turned
from digits.reading.second_opinion import is_likely, settle, settle_boxes
from digits.reading.steps import Steps
from digits.types import Hint, Page, Picture

TURNED = "The page does not stand upright: it was turned to be read."


def read_page(
    reader: NumberReader, segmenter: Segmenter | None, page: Page, picture: Picture, hint: Hint
) -> Steps[PageReading]:
    """Read a page first without the known number of digits, then keep to it.

    A clean line is read by geometry alone. Every other page, and every box that holds more than a
    clean line, is read twice, by geometry and by the page network's maps.

    Parameters
    ----------
    segmenter : None reads by geometry alone
    page : as `digits.image.page_segmentation.open_page` gives it
    picture : of which the maps are made
    hint : with the page's corners, if it does not fill the picture
    """
    try:
        found = yield from read_geometry(reader, page, hint)
    except CrowdedError:
        if hint.boxes or segmenter is None:
            raise
        maps = yield from read_maps(reader, segmenter, picture, hint.paper)
        if maps is None or not is_likely(maps):
            raise
        found = maps
    else:
        clean = are_boxes_clean(found, hint) if hint.boxes else is_clean(found, page, hint)
        if segmenter is not None and not clean:
            maps = yield from read_maps(reader, segmenter, picture, hint.paper)
            found = settle_boxes(found, maps, hint.boxes) if hint.boxes else settle(found, maps)
    found = doubt_across_borders(name_in_boxes(found))
    return found if hint.length is None else (yield from keep_length(reader, page, found, hint))


def read_geometry(reader: NumberReader, page: Page, hint: Hint) -> Steps[PageReading]:
    """Read a page by its geometry, turned where it stands upright only then."""
    found = yield from _read_layout(reader, page, hint)
    if hint.boxes or not may_be_turned(found.lines):
        return found
    quarters = yield from likeliest_quarters(page.ink)
    if not quarters:
        return found
    turned = yield from _read_layout(reader, turn(page, -quarters), hint)
    other = replace(turned, notes=(TURNED,))
    return other if is_clearer(other.lines, found.lines) else found


def _read_layout(reader: NumberReader, page: Page, hint: Hint) -> Steps[PageReading]:
    layout = find_numbers(page, hint)
    numbers = yield from reader.read_numbers(layout.numbers)
    return PageReading(layout, numbers)
