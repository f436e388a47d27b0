"""Whatever stands on the paper: boxes lie on it, nothing is counted twice, and nothing raises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import agrees_with_itself

from digits.errors import CrowdedError, DigitsError, EmptyCropError
from digits.image.digit_segmentation import cut_symbols
from digits.image.mnist_normalize import to_frame
from digits.image.rectify import straighten, to_strip
from digits.image.ruling import erase, find_rules
from digits.image.single_digit import find_single
from digits.image.table_grid import find_grid
from digits.image.text_lines import find_lines
from digits.registry import shipped_reader
from digits.types import FRAME, LINKED, Box, Hint, Page, Picture

KINDS = ("noise", "bars", "ruled", "blob", "point", "full")


@st.composite
def inks(draw, longest=160):
    """Noise of any density, bars, ruled paper, blobs and single points, alone or together."""
    height, width = draw(st.integers(1, longest)), draw(st.integers(1, longest))
    ink = np.zeros((height, width), np.float32)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for kind in draw(
        st.lists(st.sampled_from(("noise", "bars", "ruled", "blob", "point", "full")))
    ):
        level = np.float32(draw(st.sampled_from((1.0, 0.5, 0.31, 0.3, 0.05))))
        if kind == "noise":
            mask = rng.random(ink.shape) < draw(st.sampled_from((0.002, 0.05, 0.4)))
        elif kind == "ruled":
            step, at = draw(st.integers(3, 40)), np.arange(max(ink.shape))
            mask = (at[:height, None] % step == 0) | (at[None, :width] % step == 0)
        elif kind == "full":
            mask = np.ones(ink.shape, bool)
        else:
            mask = np.zeros(ink.shape, bool)
            side = 1 if kind == "point" else int(rng.integers(2, 40))
            long = side if kind == "blob" else int(rng.integers(1, longest))
            for _ in range(int(rng.integers(1, 8))):
                y, x = int(rng.integers(height)), int(rng.integers(width))
                mask[y : y + long, x : x + side] = True
        ink[mask] = level
    return ink


def on(ink, box):
    height, width = ink.shape
    return 0 <= box.x < box.right <= width and 0 <= box.y < box.bottom <= height


@settings(max_examples=60, deadline=None)
@given(inks())
def test_rules_are_taken_away_and_nothing_is_added(ink):
    rules = find_rules(ink)
    clean = erase(ink, rules)
    assert rules.shape == clean.shape == ink.shape
    assert (clean <= ink).all()
    np.testing.assert_array_equal(clean[~rules], ink[~rules])


@settings(max_examples=60, deadline=None)
@given(inks())
def test_the_one_digit_is_on_the_paper_and_made_of_its_ink(ink):
    single = find_single(ink)
    assert all(on(ink, box) for box in (*single.joined, *single.left_out))
    if glyph := single.glyph:
        assert on(ink, glyph.box)
        assert glyph.ink.shape == (glyph.box.height, glyph.box.width)
        assert (glyph.ink <= ink[glyph.box.rows_and_columns()]).all()


@settings(max_examples=60, deadline=None)
@given(inks(), st.sets(st.integers(0, 99), max_size=6))
def test_no_ink_is_given_to_two_digits(ink, hundredths):
    columns = [hundredth / 100 * ink.shape[1] for hundredth in sorted(hundredths)]
    glyphs, marks, _ = cut_symbols(ink, columns, "0" * len(columns))
    assert len(glyphs) == len(columns)
    given_away = np.zeros_like(ink)
    for glyph in filter(None, glyphs):
        assert on(ink, glyph.box)
        given_away[glyph.box.rows_and_columns()] += glyph.ink
    dark = ink > LINKED  # paler ink beside two digits may soften the edges of both
    assert (given_away[dark] <= ink[dark]).all()
    assert all(on(ink, box) for _, box in marks)
    assert [box.x for _, box in marks] == sorted(box.x for _, box in marks)


@settings(max_examples=60, deadline=None)
@given(inks())
def test_lines_lie_on_the_paper_and_can_be_cut_out(ink):
    try:
        lines = find_lines(ink)
    except CrowdedError:
        return
    height, width = ink.shape
    page = Page(lines.ink, lines.ink, np.eye(3), (width, height))
    for region in lines.regions:
        strip = to_strip(straighten(page, region, 0.1, 0.1))
        assert np.isfinite(strip).all()


@settings(max_examples=60, deadline=None)
@given(inks())
def test_a_grid_has_each_cell_once(ink):
    grid = find_grid(ink)
    if grid is not None:
        places = [(cell.row, cell.column) for cell in grid.cells]
        assert places == sorted(set(places))
        assert all(0 <= row < grid.rows and 0 <= column < grid.columns for row, column in places)
        assert grid.rules.shape == ink.shape


@settings(max_examples=100, deadline=None)
@given(inks(60), st.data())
def test_a_frame_is_a_frame_or_there_is_no_ink(ink, data):
    height, width = ink.shape
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    box = Box(x, y, data.draw(st.integers(1, 80)), data.draw(st.integers(1, 80)))
    try:
        frame = to_frame(ink, box)
    except EmptyCropError:
        assert not ink[box.rows_and_columns()].any()
        return
    assert frame.shape == (FRAME, FRAME)
    assert frame.dtype == np.float32
    assert 0 <= frame.min() < frame.max() <= 1


@pytest.fixture(scope="module")
def reader():
    return shipped_reader()


# Hints as plain numbers: a class would be validated while examples are generated.
boxes = st.tuples(*[st.integers(-90, 200)] * 2, *[st.integers(-5, 90)] * 2)
hints = st.fixed_dictionaries(
    {},
    optional={
        "single": st.booleans(),
        "length": st.integers(-1, 12),
        "boxes": st.lists(boxes, min_size=1, max_size=3),
    },
)


@settings(max_examples=60, deadline=None)
@given(ink=inks(100), result=hints, paper=st.integers(0, 255), pen=st.integers(0, 255))
def test_a_reading_agrees_with_itself(reader, ink, result, paper, pen):
    grey = np.rint(paper + ink * (float(pen) - paper)).astype(np.uint8)
    regions = tuple(Box(*box) for box in result.pop("boxes", ()))
    try:
        hint = Hint(boxes=regions, **result)
        reading = reader.read(Picture(grey, grey.shape[1], grey.shape[0], "0" * 64), hint)
    except DigitsError as error:
        assert str(error)
        return
    agrees_with_itself(reading)


def test_a_length_hint_beyond_the_room_for_digits(reader):
    grey = np.uint8([[0], [0], [7], [7]])  # found by the property above
    reading = reader.read(Picture(grey, 1, 4, "0" * 64), Hint(length=40))
    assert len(reading.text) < 40
    assert reading.status != "read"
