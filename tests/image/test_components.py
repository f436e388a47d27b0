"""Connected components and groups of them, against counts that are plain to see."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digits.image.components import find_components, joined, quantile, weighted_median


def test_pieces_have_their_boxes_and_areas():
    mask = np.zeros((10, 20), bool)
    mask[1:4, 2:5] = True
    mask[6, 10:20] = True
    pieces = find_components(mask)
    assert len(pieces) == 2
    assert pieces.boxes.tolist() == [[2, 1, 5, 4], [10, 6, 20, 7]]
    assert pieces.area.tolist() == [9, 10]
    assert (pieces.width.tolist(), pieces.height.tolist()) == ([3, 10], [3, 1])


def test_corners_join_eight_neighbours_and_not_four():
    mask = np.eye(3, dtype=bool)
    assert len(find_components(mask)) == 1
    assert len(find_components(mask, connectivity=4)) == 3


def test_sums_means_and_commonest_names_are_those_of_each_piece():
    mask = np.array([[True, True, False, True]])
    pieces = find_components(mask)
    assert pieces.sums(np.array([[1.0, 2, 100, 4]])).tolist() == [3, 4]
    assert pieces.means(np.array([[1.0, 2, 100, 4]])).tolist() == [1.5, 4]
    assert pieces.commonest(np.array([[0, 7, 7, 0]])).tolist() == [7, 0]


def test_an_empty_mask_has_no_pieces():
    pieces = find_components(np.zeros((3, 3), bool))
    assert len(pieces) == 0
    assert pieces.commonest(np.ones((3, 3), int)).tolist() == []


def test_pairs_make_groups():
    groups = joined(np.array([[0, 1], [1, 4], [2, 3]]), 6)
    assert groups[0] == groups[1] == groups[4]
    assert groups[2] == groups[3]
    assert len(set(groups.tolist())) == 3


def test_half_of_the_weight_is_below_the_weighted_median():
    assert weighted_median(np.array([1.0, 5, 9]), np.array([1, 1, 10])) == 9
    assert weighted_median(np.array([9.0, 1, 5]), np.array([1, 1, 1])) == 5


@given(
    arrays(np.float32, st.integers(1, 300), elements=st.floats(0, 1, width=32)),
    st.floats(0, 1) | st.sampled_from([0.0, 0.4, 0.5, 0.9, 0.99, 1.0]),
)
def test_a_quantile_is_that_of_numpy_to_the_last_bit(values, share):
    assert quantile(values, share) == float(np.quantile(values, share))
