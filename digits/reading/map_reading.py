"""Read a page by the page network's maps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from digits.image.alignment import align
from digits.image.map_layout import Placed, find_left_out, find_struck_out, lay_out
from digits.image.number_regions import find_number_regions
from digits.image.page_maps import PageMaps
from digits.image.page_segmentation import Layout, TextRegion, open_levels
from digits.inference.segmenter import STRIDE, PageView, Segmenter, segment_page
from digits.reading.composition import PageReading, ReadNumber, has_digit, join_numbers
from digits.reading.number_reader import NumberReader
from digits.reading.steps import Steps
from digits.types import Line, Paper, Picture

MOST_NUMBERS = 1000  # on one page; more are a pattern


def read_maps(
    reader: NumberReader, segmenter: Segmenter, picture: Picture, paper: Paper | None = None
) -> Steps[PageReading | None]:
    """Read a picture by its maps; None where they show no number at all.

    Parameters
    ----------
    paper : where the page lies, if it does not fill the picture
    """
    page, sheet = open_levels(picture, paper)
    regions = find_number_regions(_to_maps(segment_page(segmenter, sheet.colours)))
    if len(regions.numbers) > MOST_NUMBERS:
        return None
    regions = align(regions)
    placed = lay_out(page, regions)
    read = yield from _read_placed(reader, placed)
    numbers = tuple(map(_to_region, placed))
    layout = Layout(numbers, find_left_out(page, regions), find_struck_out(page, regions))
    found = PageReading(layout, tuple(map(_without_rejected, numbers, read)))
    return found if layout.struck_out or has_digit(found.lines) else None


def _read_placed(reader: NumberReader, placed: Sequence[Placed]) -> Steps[tuple[ReadNumber, ...]]:
    """Read all numbers in one batch; those of which a line consists separately, and join them."""
    parts = [each.parts or (each,) for each in placed]
    read = yield from reader.read_numbers([_to_region(part) for each in parts for part in each])
    ends = np.cumsum([len(each) for each in parts])
    return tuple(
        join_parts(each, read[end - len(each) : end]) for end, each in zip(ends, parts, strict=True)
    )


def _to_region(part: Placed) -> TextRegion:
    return TextRegion(part.page, part.box, part.place, part.table or 0, part.other)


def join_parts(parts: Sequence[Placed], numbers: Sequence[ReadNumber]) -> ReadNumber:
    """Return the numbers of one line as one; a part without a digit is ink that was not read."""
    with_digits = [number for number in numbers if number.line.digits]
    if not with_digits:
        return numbers[0]
    whole = join_numbers(with_digits) if len(with_digits) > 1 else with_digits[0]
    unread = [
        part.box for part, number in zip(parts, numbers, strict=True) if not number.line.digits
    ]
    return replace(whole, tall=(*whole.tall, *unread))


def _without_rejected(part: TextRegion, number: ReadNumber) -> ReadNumber:
    """Return an empty line for one outside tables of which every character was rejected."""
    if part.place is not None or has_digit((number.line,)):
        return number
    return ReadNumber(Line("", 0.0, part.box, (), number.line.marks))


def _to_maps(view: PageView) -> PageMaps:
    """Return a segmentation as the layout takes it."""
    seen = view.segmentation
    return PageMaps(
        view.classes,
        seen.probabilities,
        seen.core,
        seen.tall / np.float32(STRIDE),
        view.to_picture,
    )
