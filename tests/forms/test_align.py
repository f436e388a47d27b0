import cv2
import numpy as np
import pytest
from forms import ADMISSION, EXPENSES, METER, filled, picture_of

from digits.errors import NotThisFormError
from digits.forms.align import align
from digits.forms.contrast import even_contrast
from digits.forms.homography import map_points
from digits.forms.page_ink import align_page
from digits.forms.reading import print_of
from digits.forms.reference_print import find_print
from digits.synthesis.form_camera import Shot, photograph, random_shot
from digits.synthesis.form_filling import fill_form
from digits.synthesis.page_forms import compose_form
from digits.types import Box

NEAR = 1.0  # px of the reference


def boxes_of(composed):
    return [each.box for each in composed.fields]


@pytest.fixture(scope="module")
def composed():
    return compose_form(METER)


@pytest.fixture(scope="module")
def printed(composed):
    return find_print(composed.page, boxes_of(composed), is_blank=True)


def worst(composed, alignment, truth):
    """Return by how much the worst field is off, in px of the reference."""
    off = []
    for box, matrix in zip(boxes_of(composed), alignment.fields, strict=True):
        corners = np.array([[box.x, box.y], [box.right, box.bottom]], float)
        back = map_points(np.linalg.inv(truth), map_points(matrix, corners))
        off.append(np.hypot(*(back - corners).T).max())
    return max(off)


def contrast_of(pixels):
    return even_contrast(pixels, light_on_dark=False)


@pytest.mark.parametrize("quarters", range(4))
def test_a_photograph_is_aligned_however_it_was_turned(composed, printed, digits, quarters):
    _, _, photo = filled(
        METER, digits, quarters, tilt=25.0, lean=10.0, quarters=quarters, shadow=True, noise=4.0
    )
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    assert worst(composed, found, photo.to_photo) < NEAR


@pytest.mark.parametrize("pixels", [700_000, 3_000_000])
def test_the_resolution_makes_no_difference(composed, printed, digits, pixels):
    _, _, photo = filled(METER, digits, 5, pixels=pixels, lean=3.0)
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    assert worst(composed, found, photo.to_photo) < NEAR


def test_turning_the_page_turns_the_alignment(composed, printed, digits):
    _, _, photo = filled(METER, digits, 6, tilt=10.0)
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    turned = np.ascontiguousarray(np.rot90(photo.pixels, 2))
    again = align(printed, contrast_of(turned), boxes_of(composed))
    height, width = photo.pixels.shape
    corners = np.array([[0, 0], [1000, 0], [1000, 600]], float)
    expected = np.array([width, height]) - map_points(found.to_page, corners)
    assert np.abs(map_points(again.to_page, corners) - expected).max() < NEAR


def test_handwriting_in_the_reference_makes_no_difference(composed, digits):
    _, page, photo = filled(METER, digits, 7, tilt=15.0)
    another = filled(METER, digits, 8)[1].page
    printed = find_print(another, boxes_of(composed))
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    assert worst(composed, found, photo.to_photo) < NEAR
    assert page.page.shape == another.shape


@pytest.mark.parametrize(("layout", "bend"), [(METER, 0.007), (METER, 0.015), (EXPENSES, 0.01)])
def test_each_field_of_a_bent_page_is_found_at_its_own_place(layout, bend, digits):
    composed, _, photo = filled(layout, digits, 1, tilt=10.0, bend=bend, pixels=1_500_000)
    printed = find_print(composed.page, boxes_of(composed), is_blank=True)
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    back = np.linalg.inv(found.to_page)
    for i, box in enumerate(boxes_of(composed)):
        middle = np.array([[box.x + box.width / 2, box.y + box.height / 2]])
        true = map_points(back, photo.place(middle))
        off = map_points(back, found.place(i, middle)) - true
        # A line to write on does not say how far it is moved along itself.
        assert abs(off[0, 1]) < 1.5
        assert abs(off[0, 0]) < 3.5
        seen = map_points(found.seen(i, middle[0]), middle)
        assert np.allclose(seen, found.place(i, middle), atol=0.1)


def test_a_row_of_boxes_is_aligned_by_its_cells_even_where_one_is_not_closed():
    cells = [Box(12 + i * 64, 12, 64, 74) for i in range(6)]
    page = np.full((98, cells[-1].right + 12), 250, np.uint8)
    for cell in cells:
        cv2.rectangle(page, (cell.x, cell.y), (cell.right, cell.bottom), 30, 2)
        cv2.ellipse(page, (cell.x + 32, cell.y + 37), (14, 22), 0, 0, 360, 30, 3)  # written
    box = Box.around(cells)
    printed = find_print(page, [box], cells=cells)
    torn = page.copy()
    torn[cells[-1].bottom - 9 : cells[-1].bottom + 4, cells[-1].right - 12 :] = 250
    small = cv2.resize(torn, None, fx=0.9, fy=0.9, interpolation=cv2.INTER_AREA)
    for seen, scale in ((torn, 1.0), (small, 0.9)):
        found = align(printed, contrast_of(seen), [box])
        corners = np.array([[box.x, box.y], [box.right, box.bottom]], float)
        assert np.abs(map_points(found.to_page, corners) / scale - corners).max() < 2


@pytest.mark.parametrize("layout", [i for i in range(10) if i != METER])
def test_other_forms_are_rejected(composed, printed, digits, layout):
    _, _, photo = filled(layout, digits, 9, tilt=10.0, pixels=1_000_000)
    with pytest.raises(NotThisFormError):
        align(printed, contrast_of(photo.pixels), boxes_of(composed))


def test_the_same_boxes_with_other_words_are_another_form(digits):
    composed = compose_form(EXPENSES)
    printed = find_print(composed.page, boxes_of(composed), is_blank=True)
    other = photograph(compose_form(EXPENSES, 3).page, Shot(tilt=5.0), np.random.default_rng(0))
    with pytest.raises(NotThisFormError):
        align(printed, contrast_of(other.pixels), boxes_of(composed))


@pytest.mark.parametrize(
    "pixels",
    [
        np.full((500, 700), 240, np.uint8),
        np.random.default_rng(0).integers(0, 255, (500, 700), np.uint8),
        np.tile(np.array([[0, 255], [255, 0]], np.uint8).repeat(20, 0).repeat(20, 1), (12, 17)),
    ],
    ids=["blank", "noise", "chequers"],
)
def test_what_is_no_page_is_rejected(composed, printed, pixels):
    with pytest.raises(NotThisFormError):
        align(printed, contrast_of(pixels), boxes_of(composed))


def test_a_mirrored_page_is_rejected(composed, printed):
    with pytest.raises(NotThisFormError):
        mirrored = np.ascontiguousarray(composed.page[:, ::-1])
        align(printed, contrast_of(mirrored), boxes_of(composed))


def test_pale_print_in_the_edge_of_a_shadow_is_found(digits):
    composed, _, photo = filled(ADMISSION, digits, 1, tilt=15.0, shadow=True, noise=4.0)
    printed = find_print(composed.page, boxes_of(composed), is_blank=True)
    found = align(printed, contrast_of(photo.pixels), boxes_of(composed))
    assert found.agreement > 0.95
    assert worst(composed, found, photo.to_photo) < NEAR


def test_a_black_picture_has_no_ink():
    assert not even_contrast(np.zeros((60, 80), np.uint8), light_on_dark=False).any()


def test_a_patterned_desk_does_not_hide_the_page(meter, digits):
    """A woven cloth has more features than the page, and stronger ones."""
    rng = np.random.default_rng([20, METER, 32])
    page = fill_form(compose_form(METER), digits, rng).page
    photo = photograph(page, random_shot(rng, 2_000_000, 0.0), rng)
    _, alignment = align_page(print_of(meter, None), picture_of(photo.pixels), meter.fields)
    assert alignment.agreement > 0.97
