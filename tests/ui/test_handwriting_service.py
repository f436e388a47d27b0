"""A person's own digits: tiles, removal, teaching and its undo, without a page."""

import dataclasses

import numpy as np
import pytest
from writers import corrected_digits

from digits.corrections.store import CorrectionFilter, Corrections
from digits.personalization.kernel_head import PersonalHead
from digits.personalization.versions import current_name, save_version
from digits.registry import learned_folder
from digits.ui.handwriting_service import NOT_A_DIGIT, NUMBERS, SHOWN, HandwritingService

DENSE = "dense"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    store = Corrections(f"sqlite:///{tmp_path / 'c.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def mine(store):
    return HandwritingService(store, DENSE)


def number(digits):
    """A line and its two digits, as one reading stores them."""
    one, other = digits
    reading = "f" * 64
    whole = dataclasses.replace(one, reading=reading, digit=None, frame=None, read="33", truth="55")
    return [
        whole,
        dataclasses.replace(one, reading=reading, digit=0),
        dataclasses.replace(other, reading=reading, digit=1),
    ]


def test_each_digit_is_in_the_tile_of_its_truth_the_newest_first(store, mine):
    digits = corrected_digits(30)
    store.add(digits)
    tiles = {tile.label: tile for tile in mine.tiles()}
    assert list(tiles) == list("0123456789")
    for label, tile in tiles.items():
        expected = [one.id for one in reversed(digits) if one.truth == label]
        assert [crop.id for crop in tile.crops] == expected
        assert tile.n == len(expected)
    assert mine.n_examples() == 30


def test_a_full_tile_is_shown_in_part_until_all_of_it_is_wanted(store, mine):
    store.add([dataclasses.replace(one, truth="5") for one in corrected_digits(SHOWN + 3)])
    (some,) = [tile for tile in mine.tiles() if tile.n]
    assert (len(some.crops), some.n) == (SHOWN, SHOWN + 3)
    (all_,) = [tile for tile in mine.tiles("5") if tile.n]
    assert len(all_.crops) == SHOWN + 3


def test_what_is_no_digit_has_a_tile_of_its_own(store, mine):
    store.add([dataclasses.replace(one, truth="") for one in corrected_digits(1)])
    assert [(tile.label, tile.n) for tile in mine.tiles() if tile.n] == [(NOT_A_DIGIT, 1)]


def test_a_removed_digit_leaves_the_others_and_comes_back(store, mine):
    store.add(corrected_digits(3))
    before = set(store.all())
    ids = mine.remove(mine.tiles()[5].crops[0].id)
    assert len(ids) == 1
    assert mine.n_examples() == 2
    assert mine.removed() == ids
    mine.restore(ids)
    assert set(store.all()) == before


def test_a_number_is_removed_with_its_digits(store, mine):
    first, second, other = corrected_digits(3)
    store.add([*number((first, second)), other])
    (whole,) = next(tile for tile in mine.tiles() if tile.label == NUMBERS).crops
    assert (whole.truth, whole.read) == ("55", "33")
    assert len(mine.remove(whole.id)) == 3
    assert [one.id for one in store.all()] == [other.id]


def test_what_another_tab_removed_is_no_error(store, mine):
    store.add(corrected_digits(1))
    id_ = store.all()[0].id
    mine.remove(id_)
    assert mine.remove(id_) == ()


def test_teaching_is_tested_on_digits_before_it_is_used_and_undone(store, mine):
    digits = corrected_digits(40)
    store.add(digits)
    lesson = mine.teach()
    assert lesson.reason is None
    assert mine.in_use() is None
    own = lesson.own
    truths = sorted(one.truth for one in digits)
    assert sorted(str(value) for value in own.truth) == truths
    assert int((own.before != own.truth).sum()) == lesson.compared[0].before
    assert int((own.after != own.truth).sum()) == lesson.compared[0].after
    assert lesson.compared[0].after < lesson.compared[0].before
    mine.use(lesson)
    assert mine.in_use().learned_from == 40
    mine.undo()
    assert mine.in_use() is None
    mine.choose(mine.versions()[0].name)
    assert mine.in_use().learned_from == 40


def head(scale):
    shapes = ((1, 128), (1, 10), (1,))
    return PersonalHead(*(np.full(shape, scale, np.float32) for shape in shapes), 0.5)


def test_undo_goes_back_step_by_step(mine):
    folder = learned_folder(DENSE)
    names = [save_version(folder, head(scale), ()) for scale in (1, 2)]
    for expected in (names[0], None, None):
        mine.undo()
        assert current_name(folder) == expected


def test_undo_leaves_a_damaged_version(mine):
    folder = learned_folder(DENSE)
    names = [save_version(folder, head(scale), ()) for scale in (1, 2)]
    path = folder / f"{names[1]}.npz"
    path.write_bytes(path.read_bytes()[:-1])
    mine.undo()
    assert current_name(folder) == names[0]


def test_an_export_is_imported_as_it_was(store, mine):
    store.add(corrected_digits(4))
    before, packed = set(store.all()), mine.export()
    assert mine.delete_all() == 4
    found, new = mine.import_(packed)
    assert (len(found.corrections), new, found.faults) == (4, 4, ())
    assert set(store.all()) == before
    assert mine.import_(packed)[1] == 0


def test_what_no_one_confirmed_is_not_shown_and_can_be_found(store, mine):
    store.add([dataclasses.replace(one, act=None) for one in corrected_digits(2)])
    assert not any(tile.n for tile in mine.tiles())
    assert mine.n_examples() == 0
    assert mine.n_unconfirmed() == 2
    ids = mine.remove_unconfirmed()
    assert (len(ids), mine.n_unconfirmed()) == (2, 0)
    mine.restore(ids)
    assert mine.n_unconfirmed() == 2


def test_only_removed_digits_are_deleted_permanently(store, mine):
    store.add(corrected_digits(3))
    mine.remove(store.all()[0].id)
    assert mine.delete_removed() == 1
    assert (store.count(), store.count(CorrectionFilter(removed=True))) == (2, 0)
