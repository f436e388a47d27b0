"""Tables without rules: numbers that align become cells, all others stay lines."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from perfect_maps import maps_of

from digits.image.alignment import align, find_lines, find_table
from digits.image.columns import find_columns
from digits.image.number_regions import NumberRegion, find_number_regions
from digits.types import DIGIT, RULE, WRITING

USUAL = 20.0  # px: height of the digits


def region(name, left, top, wide=30, high=20):
    left, top = round(left), round(top)
    return NumberRegion((left, top, left + wide, top + high), name, USUAL, 0)


def table(rows, columns, *, filled=1.0, jitter=0.0, slope=0.0, pitch=(70, 34), seed=0):
    """Return the numbers of a table, and the row and column of each."""
    rng = np.random.default_rng(seed)
    numbers, places = [], {}
    for row in range(rows):
        for column in range(columns):
            if rng.random() >= filled:
                continue
            left = 20 + pitch[0] * column + rng.uniform(-jitter, jitter)
            top = 20 + pitch[1] * row + slope * left
            places[len(numbers)] = (row, column)
            numbers.append(region(len(numbers), left, top, wide=int(rng.choice([14, 30]))))
    return numbers, places


def placed(numbers):
    """Return the row and column of each number that stands in a table."""
    rows, columns = find_table(numbers, USUAL)
    assert columns is not None
    return {
        number.name: (i, place)
        for i, (row, places) in enumerate(zip(rows, columns.places, strict=True))
        for number, place in zip(row, places, strict=True)
        if place is not None
    }


SLOPES = st.sampled_from([-0.05, 0.0, 0.05])


@given(st.integers(6, 12), st.integers(4, 9), SLOPES, st.integers(0, 9))
def test_numbers_of_a_table_get_their_rows_and_columns(rows, columns, slope, seed):
    numbers, places = table(rows, columns, slope=slope, jitter=3, seed=seed)
    assert placed(numbers) == places


@pytest.mark.parametrize("seed", range(6))
def test_a_table_may_be_half_empty(seed):
    numbers, places = table(10, 6, filled=0.5, jitter=4, seed=seed)
    found = placed(numbers)
    assert np.mean([found[name] == place for name, place in places.items()]) > 0.9


def seen_from_below(numbers, keystone):
    """Return numbers where a camera that looks up at a table shows them."""
    left, top, right, bottom = np.array([n.box for n in numbers]).T
    x, y = (left + right) / 2, (top + bottom) / 2
    scale = keystone * (2 * y / y.max() - 1)
    moved = np.rint(left + scale * (x - x.mean())).astype(int)
    return [
        region(n.name, start, n.box[1], wide=n.box[2] - n.box[0])
        for n, start in zip(numbers, moved - min(0, moved.min()), strict=True)
    ]


@pytest.mark.parametrize(
    ("rows", "columns", "filled"), [(7, 4, 1), (12, 6, 0.8), (25, 5, 0.8), (15, 10, 1)]
)
@pytest.mark.parametrize("keystone", [-0.1, 0.1])
def test_columns_may_converge(rows, columns, keystone, filled):
    numbers, places = table(rows, columns, filled=filled, jitter=6)
    assert placed(seen_from_below(numbers, keystone)) == places


@pytest.mark.parametrize(("rows", "columns", "filled"), [(7, 4, 1), (12, 6, 0.8), (15, 10, 0.8)])
@pytest.mark.parametrize("shear", [-0.1, 0.1])
def test_columns_may_lean(rows, columns, filled, shear):
    numbers, places = table(rows, columns, filled=filled, jitter=6)
    leaning = [
        region(n.name, 200 + n.box[0] + shear * n.box[1], n.box[1], wide=n.box[2] - n.box[0])
        for n in numbers
    ]
    assert placed(leaning) == places


@pytest.mark.parametrize("cut", [0, 5, 11])  # px from the beginning of a number to the gap
def test_two_pieces_of_a_number_are_in_its_column(cut):
    whole = [region(10 * i + k, 20 + 90 * k, 40 * i, wide=40) for i in range(8) for k in range(4)]
    torn = next(n for n in whole if n.name == 32)
    left, top, right, bottom = torn.box
    first = replace(torn, box=(left, top, left + cut + 5, bottom))
    second = replace(torn, box=(left + cut + 15, top, right, bottom), name=99)
    found = placed([n for n in whole if n is not torn] + [first, second])
    assert found == {10 * i + k: (i, k) for i in range(8) for k in range(4)} | {99: (3, 2)}


def test_numbers_wider_than_their_columns_stay_in_them():
    wide = [region(4 * i + k, 20 + 34 * k, 40 * i, wide=40) for i in range(6) for k in range(4)]
    assert placed(wide) == {4 * i + k: (i, k) for i in range(6) for k in range(4)}


def test_a_gap_of_any_width_does_not_part_a_row():
    numbers = [region(2 * i + k, 20 + 600 * k, 40 * i) for i in range(8) for k in range(2)]
    assert placed(numbers) == {2 * i + k: (i, k) for i in range(8) for k in range(2)}


@pytest.mark.parametrize("seed", range(12))
def test_numbers_at_random_are_no_table(seed):
    rng = np.random.default_rng(seed)
    numbers = [
        region(10 * i + k, 20 + 110 * k + rng.uniform(-50, 50), 40 * i)
        for i in range(7)
        for k in range(4)
    ]
    assert find_table(numbers, USUAL)[1] is None


@given(
    st.lists(
        st.lists(st.integers(0, 40), min_size=1, max_size=9, unique=True), min_size=1, max_size=9
    )
)
def test_every_column_has_a_number_and_rows_keep_their_order(rows):
    numbers = [
        [region(0, 14 * left, 40 * i, wide=12 + left % 30) for left in sorted(row)]
        for i, row in enumerate(rows)
    ]
    columns = find_columns(numbers, USUAL)
    assert (columns.sizes() > 0).all()
    assert columns.middles.shape == (len(rows), len(columns.sizes()))
    whole = {place for places in columns.places for place in places if places.count(place) == 1} - {
        None
    }
    assert whole == set(range(len(columns.sizes())))  # a column of pieces alone is two columns
    for row, places in zip(numbers, columns.places, strict=True):
        assert len(places) == len(row)
        taken = [place for place in places if place is not None]
        assert taken == sorted(taken)


def test_a_wide_number_that_begins_left_of_its_neighbour_keeps_its_order():
    wide, narrow = NumberRegion((94, 0, 174, 20), 0, USUAL, 0), region(1, 104, 0, wide=15)
    (line,) = find_lines([wide, narrow], USUAL)
    assert [number.name for number in line] == [1, 0]
    assert (find_columns([line], USUAL).sizes() == 1).all()


def test_two_rows_are_no_table():
    assert find_table(table(2, 6)[0], USUAL)[1] is None


def test_numbers_that_do_not_align_are_lines():
    numbers = [region(0, 20, 0), region(1, 90, 2), region(2, 50, 60), region(3, 120, 60)]
    assert [[n.name for n in line] for line in find_lines(numbers, USUAL)] == [[0, 1], [2, 3]]


def test_a_tall_number_does_not_join_the_lines_beside_it():
    tall = NumberRegion((20, 0, 50, 60), 0, USUAL, 0)
    others = [region(1, 70, 0), region(2, 72, 40), region(3, 140, 0), region(4, 140, 40)]
    assert sorted(len(line) for line in find_lines([tall, *others], USUAL)) == [2, 3]


def test_without_numbers_there_are_no_lines():
    assert find_lines([], USUAL) == []


def draw(places, labels=None):
    """Return regions of a page with a digit at each place (row, column)."""
    labels = np.zeros((300, 400), np.uint8) if labels is None else labels
    for row, column in places:
        labels[30 + 40 * row : 50 + 40 * row, 30 + 60 * column : 42 + 60 * column] = DIGIT
    return find_number_regions(maps_of(labels, USUAL))


EVERY = [(row, column) for row in range(6) for column in range(5)]


def cells_of(regions):
    """Return which cells there are, and which of them hold a number."""
    by_name = {cell.name: (cell.table, cell.row, cell.column) for cell in regions.cells.cells}
    return set(by_name.values()), {by_name[n.cell] for n in regions.numbers if n.cell}


def test_a_page_gets_the_cells_of_its_aligned_numbers_empty_ones_too():
    cells, filled = cells_of(align(draw([place for place in EVERY if place != (2, 3)])))
    assert cells == {(0, *place) for place in EVERY}
    assert cells - filled == {(0, 2, 3)}


def test_writing_in_an_empty_cell_lies_in_that_cell():
    labels = np.zeros((300, 400), np.uint8)
    labels[112:128, 212:222] = WRITING
    regions = align(draw([place for place in EVERY if place != (2, 3)], labels))
    (home,) = regions.other.commonest(regions.cells.labels)
    cell = next(cell for cell in regions.cells.cells if cell.name == home)
    assert (cell.row, cell.column) == (2, 3)


def test_numbers_beside_a_ruled_table_leave_its_cells_as_they_are():
    labels = np.zeros((300, 400), np.uint8)
    for row in range(7):
        labels[20 + 40 * row : 22 + 40 * row, 20:322] = RULE
    for column in range(6):
        labels[20:262, 20 + 60 * column : 22 + 60 * column] = RULE
    ruled = draw(EVERY, labels.copy())
    labels[270:290, 40:52] = DIGIT
    beside = align(draw(EVERY, labels))
    assert beside.cells.cells == ruled.cells.cells
    assert sum(not number.cell for number in beside.numbers) == 1


@given(
    st.lists(
        st.tuples(
            st.integers(0, 7), st.integers(0, 5), st.integers(-9, 9), st.integers(4, 120)
        ),  # column, row, px beside it, width
        min_size=20,
        max_size=60,
    )
)
def test_any_numbers_give_cells_that_have_an_area(places):
    numbers = tuple(
        region(i + 1, max(0, 50 * column + aside), 30 * row, wide=wide)
        for i, (column, row, aside, wide) in enumerate(places)
    )
    regions = align(replace(draw([]), numbers=numbers))
    names = {cell.name for cell in regions.cells.cells}
    assert {number.cell for number in regions.numbers} <= {0, *names}
    assert set(np.unique(regions.cells.labels)) <= {0, *names}
    for left, top, right, bottom in (cell.box for cell in regions.cells.cells):
        assert 0 <= left < right
        assert 0 <= top < bottom


def test_a_table_whose_rules_are_mostly_faint_is_aligned_as_a_whole():
    labels = np.zeros((300, 400), np.uint8)
    for row in range(4):  # the rules of the lower half are lost
        labels[20 + 40 * row : 22 + 40 * row, 20:322] = RULE
    for column in range(6):
        labels[20:142, 20 + 60 * column : 22 + 60 * column] = RULE
    _, filled = cells_of(align(draw(EVERY, labels)))
    assert filled == {(0, *place) for place in EVERY}


def test_a_line_that_shares_no_column_stays_outside():
    labels = np.zeros((400, 700), np.uint8)
    labels[330:350, 560:572] = DIGIT
    regions = align(draw(EVERY, labels))
    outside = [number for number in regions.numbers if not number.cell]
    assert [number.box[0] for number in outside] == [560]
    assert len(regions.cells.cells) == len(EVERY)


def test_the_table_does_not_depend_on_the_order_of_its_numbers():
    numbers, places = table(6, 5, jitter=4)
    backwards = [replace(number) for number in reversed(numbers)]
    assert placed(backwards) == placed(numbers) == places
