"""Numbers and cells from maps whose truth is known: composed documents without the network."""

from dataclasses import replace

import numpy as np
import pytest
from perfect_maps import maps_of, perfect_maps

from digits.image.number_regions import find_number_regions
from digits.image.page_maps import vote
from digits.synthesis.page import compose_document
from digits.types import DIGIT, PRINT, PRINTED_DIGIT, RULE, STRUCK, WRITING


def blank_maps(height=200, width=300, tall=20.0):
    labels = np.zeros((height, width), np.uint8)
    return maps_of(labels, tall)


def grid(rows, columns, cell=(40, 30), thick=2):
    """Return the classes of a ruled table, and where its cells begin."""
    wide, high = cell
    labels = np.zeros((rows * high + 40, columns * wide + 40), np.uint8)
    for i in range(rows + 1):
        labels[20 + i * high : 20 + i * high + thick, 20 : 20 + columns * wide + thick] = RULE
    for k in range(columns + 1):
        labels[20 : 20 + rows * high + thick, 20 + k * wide : 20 + k * wide + thick] = RULE
    return labels


@pytest.mark.parametrize(("kind", "least"), [("tally", 0.9), ("columns", 0.75), ("table", 0.75)])
def test_numbers_are_found_one_by_one(bank, kind, least):
    found = wanted = 0
    for seed in range(4):
        page = compose_document(bank, np.random.default_rng((2, seed)), kind, plain=True)
        regions = find_number_regions(perfect_maps(page)).numbers
        for number in page.numbers:
            if number.struck_out or number.printed:
                continue
            left, top, right, bottom = number.box
            x, y = (left + right) / 4, (top + bottom) / 4
            mine = [r for r in regions if r.box[0] <= x <= r.box[2] and r.box[1] <= y <= r.box[3]]
            wanted += 1
            found += len(mine) == 1 and mine[0].box[2] - mine[0].box[0] < (right - left) / 2 + 20
    assert found >= least * wanted


def test_a_page_without_ink_has_no_numbers():
    regions = find_number_regions(blank_maps())
    assert regions.numbers == ()
    assert regions.cells.cells == ()


def test_a_ruled_table_gives_its_cells_in_rows_and_columns():
    labels = grid(3, 4)
    for row in range(3):
        for column in range(4):
            labels[28 + 30 * row : 46 + 30 * row, 32 + 40 * column : 40 + 40 * column] = DIGIT
    regions = find_number_regions(maps_of(labels))
    places = {(cell.row, cell.column) for cell in regions.cells.cells}
    assert places == {(row, column) for row in range(3) for column in range(4)}
    assert len(regions.numbers) == 12
    assert len({number.cell for number in regions.numbers}) == 12


def touching_table():
    """Return maps of a ruled table whose digits touch those above, below and beside them."""
    labels = grid(3, 4, cell=(24, 22))
    core = np.zeros(labels.shape, np.float32)
    for row in range(3):
        for column in range(4):
            top, left = 20 + 22 * row, 20 + 24 * column
            labels[top + 2 : top + 24, left + 6 : left + 12] = DIGIT  # over the rule below it
            labels[top + 10 : top + 13, left + 6 : left + 32] = DIGIT  # over the rule beside it
            core[top + 9 : top + 14, left + 6 : left + 18] = 1.0
    return replace(maps_of(labels, tall=20.0), core=core)


def test_digits_that_touch_across_rules_go_to_their_own_cells():
    regions = find_number_regions(touching_table())
    places = {cell.name: (cell.row, cell.column) for cell in regions.cells.cells}
    assert len(places) == 12
    found = {places[number.cell]: number.box for number in regions.numbers}
    assert set(found) == {(row, column) for row in range(3) for column in range(4)}
    for (row, column), (left, top, right, bottom) in found.items():
        assert abs(left - (26 + 24 * column)) <= 10
        assert abs(top - (22 + 22 * row)) <= 4
        assert right - left <= 32
        assert bottom - top <= 26


def test_pieces_of_several_lines_do_not_change_the_height_of_digits():
    assert abs(find_number_regions(touching_table()).usual - 20) <= 4


def test_a_whole_piece_has_one_class():
    labels = np.zeros((60, 60), np.uint8)
    labels[20:40, 20:32] = DIGIT
    labels[20:40, 32:36] = WRITING
    voted = vote(maps_of(labels)).labels
    assert set(np.unique(voted[20:40, 20:36])) == {DIGIT}


def test_a_rule_between_digits_parts_two_numbers():
    labels = np.zeros((80, 120), np.uint8)
    labels[30:50, 30:42] = labels[30:50, 48:60] = DIGIT
    assert len(find_number_regions(maps_of(labels)).numbers) == 1
    labels[10:70, 44:46] = RULE
    assert len(find_number_regions(maps_of(labels)).numbers) == 2


def test_lines_that_touch_are_parted_by_their_cores():
    labels = np.zeros((120, 200), np.uint8)
    for top in (20, 44):
        for left in (40, 56, 72):
            labels[top : top + 20, left : left + 10] = DIGIT
    labels[31:53, 84:87] = DIGIT  # a stroke beside both lines
    core = np.zeros(labels.shape, np.float32)
    core[27:33, 40:82] = core[51:57, 40:82] = 1.0
    found = find_number_regions(replace(maps_of(labels), core=core)).numbers
    assert sorted(number.box[1] for number in found) == [20, 44]
    assert len(find_number_regions(maps_of(labels)).numbers) == 1  # without cores


def line_of(*kinds, top=40, labels=None):
    """Draw pieces of these classes side by side, each 20 px high."""
    labels = np.zeros((160, 320), np.uint8) if labels is None else labels
    for i, kind in enumerate(kinds):
        labels[top : top + 20, 20 + 24 * i : 32 + 24 * i] = kind
    return labels


def test_printed_digits_are_read_with_the_handwriting_beside_them():
    regions = find_number_regions(maps_of(line_of(PRINTED_DIGIT, DIGIT, PRINTED_DIGIT, DIGIT)))
    assert (regions.maps.labels == DIGIT).sum() == 4 * 20 * 12


def test_a_line_of_print_is_left_out():
    labels = line_of(PRINTED_DIGIT, PRINTED_DIGIT, PRINTED_DIGIT)
    regions = find_number_regions(maps_of(line_of(DIGIT, DIGIT, DIGIT, top=100, labels=labels)))
    assert {region.box[1] for region in regions.numbers} == {100}


def likely(labels, top, at, **shares):
    """Return maps in which the piece `at` of the line is of several classes."""
    maps = maps_of(labels)
    part = maps.probabilities[top : top + 20, 20 + 24 * at : 32 + 24 * at]
    part[:] = 0
    for kind, share in shares.items():
        part[..., {"digit": DIGIT, "print": PRINT, "writing": WRITING}[kind]] = share
    return maps


@pytest.mark.parametrize(("neighbours", "is_digit"), [(DIGIT, True), (PRINT, False)])
def test_a_doubtful_piece_is_judged_by_its_line(neighbours, is_digit):
    labels = line_of(neighbours, neighbours, PRINT, neighbours)
    maps = likely(labels, 40, 2, digit=0.3, print=0.7)
    found = find_number_regions(maps).maps.labels
    assert (found[50, 74] == DIGIT) == is_digit


def test_a_clear_letter_in_a_line_of_digits_stays_a_letter():
    labels = line_of(DIGIT, DIGIT, WRITING, DIGIT)
    found = find_number_regions(likely(labels, 40, 2, digit=0.02, writing=0.98)).maps.labels
    assert found[50, 74] == WRITING


def test_a_struck_out_number_is_no_number():
    regions = find_number_regions(maps_of(line_of(STRUCK, STRUCK, DIGIT, DIGIT)))
    assert all(region.box[0] >= 68 for region in regions.numbers)
    assert len(regions.other) == 2
