"""Public handwriting data sets, in tiny files made by hand in each published format."""

import json

import cv2
import numpy as np
import pytest

from digits.errors import DataError
from digits.training.handwriting import Handwriting, load_handwriting, side_of

PENDIGITS = """.INCLUDE example.doc
.LEXICON "0" "1"
.HIERARCHY DIGIT
.SEGMENT DIGIT 0-1 ? "4"
.COMMENT 4 7 12
.PEN_DOWN
 10 100
 10 60
 50 60
.PEN_UP
.DT 100
.PEN_DOWN
 40 100
 40 0
.PEN_UP
.DT 100
.SEGMENT DIGIT 2 ? "1"
.COMMENT 1 8 13
.PEN_DOWN
 5 90
 5 10
.PEN_UP
.DT 100
"""
UJI = """// ASCII char: a
WORD a trn_UJI_W03-01
  NUMSTROKES 1
  POINTS 4 # 0 0 0 80 40 80 40 0
WORD 7 tst_UPV_W44-02
  NUMSTROKES 2
  POINTS 3 # 0 0 40 0 10 100
  POINTS 2 # 0 50 30 50
WORD + trn_UJI_W03-01
  NUMSTROKES 2
  POINTS 2 # 0 50 100 50
  POINTS 2 # 50 0 50 100
WORD O trn_UJI_W03-01
  NUMSTROKES 1
  POINTS 4 # 0 0 0 80 40 80 40 0
"""


def only(handwriting):
    (character,) = handwriting.characters
    return character


def test_pendigits_are_turned_upright_and_carry_their_writer(tmp_path):
    (tmp_path / "pendigits-orig.tra").write_text(PENDIGITS, "ascii")
    four, one = load_handwriting(tmp_path).characters
    assert (four.label, four.source, four.writer) == ("4", "pendigits", "tra-07")
    assert (one.label, one.writer) == ("1", "tra-08")
    assert len(four.strokes) == 2
    # The tablet's y points up: the first stroke begins at the top and bends at 40 % of the height.
    np.testing.assert_allclose(four.strokes[0][0], [0, 0], atol=0.05)
    np.testing.assert_allclose(four.strokes[0][-1], [0.4, 0.4], atol=0.05)
    np.testing.assert_allclose(four.strokes[1][-1], [0.3, 1.0], atol=0.05)


def test_uji_characters_are_digits_letters_and_signs(tmp_path):
    (tmp_path / "ujipenchars2.txt").write_text(UJI, "utf-8")
    found = load_handwriting(tmp_path)
    seven = only(found.digits)
    assert (seven.label, seven.source, seven.writer) == ("7", "uji", "W44")
    np.testing.assert_allclose(seven.strokes[0][-1], [0.1, 1.0], atol=0.05)
    assert only(found.letters).label == "a"  # O may be meant as a zero
    assert only(found.signs).label == "+"


def test_a_file_with_fewer_points_than_announced_is_rejected(tmp_path):
    (tmp_path / "ujipenchars2.txt").write_text(UJI.replace("POINTS 4", "POINTS 5", 1), "utf-8")
    with pytest.raises(DataError, match=r"ujipenchars2.txt is not a handwriting file"):
        load_handwriting(tmp_path)


def test_scans_lie_in_folders_of_writer_and_digit(tmp_path):
    picture = np.full((100, 100), 255, np.uint8)
    picture[30:70, 48:52] = 20  # a stem
    picture[0:3, 0:4] = 0  # what a neighbour left in the corner
    folder = tmp_path / "numbers" / "0004_CH4M" / "1"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "number-12.png"), picture)
    (tmp_path / "numbers" / "README.md").write_text("not a picture", "utf-8")
    one = only(load_handwriting(tmp_path))
    assert (one.label, one.source, one.writer) == ("1", "swiss", "0004_CH4M")
    assert one.strokes == ()
    np.testing.assert_array_equal(one.scan, np.full((40, 4), 235, np.uint8))


def test_optdigits_are_bitmaps_without_writers(tmp_path):
    rows = ["0" * 32] * 4 + ["0" * 14 + "1111" + "0" * 14] * 24 + ["0" * 32] * 4
    header = "0.000\nentwidth = 32\nentheight = 32\n\n"
    (tmp_path / "optdigits-orig.tra").write_text(header + "\n".join([*rows, " 1", ""]), "ascii")
    one = only(load_handwriting(tmp_path))
    assert (one.label, one.source, one.writer) == ("1", "optdigits", "")
    np.testing.assert_array_equal(one.scan, np.full((24, 4), 255, np.uint8))
    assert side_of(one.source, one.writer) == "train"


def test_the_german_corpus_is_cut_where_the_pen_was_lifted(tmp_path):
    def move(x0, y0, x1, y1):
        return {"start": {"x": x0, "y": y0}, "end": {"x": x1, "y": y1}, "time": 0.5}

    moves = [move(0, 0, 40, 0), move(40, 0, 10, 100), move(0, 50, 30, 50)]
    corpus = {"7": {"2": {"0": moves}}}
    (tmp_path / "filtered_corpus.json").write_text(json.dumps(corpus), "utf-8")
    seven = only(load_handwriting(tmp_path))
    assert (seven.label, seven.source, seven.writer) == ("7", "german", "u2")
    assert len(seven.strokes) == 2


def test_compact_files_give_what_the_published_ones_give(tmp_path):
    published, compact = tmp_path / "published", tmp_path / "compact"
    published.mkdir()
    compact.mkdir()
    (published / "pendigits-orig.tra").write_text(PENDIGITS, "ascii")
    np.savez(
        compact / "pendigits.npz",
        label=np.array(["4", "1"]),
        writer=np.array([0, 1]),
        writer_name=np.array(["tra-07", "tra-08"]),
        pts=np.array(
            [[10, -100], [10, -60], [50, -60], [40, -100], [40, 0], [5, -90], [5, -10]], np.int16
        ),
        stroke_start=np.array([0, 3, 5, 7]),
        sample_start=np.array([0, 2, 3]),
    )
    for one, other in zip(
        load_handwriting(published).characters, load_handwriting(compact).characters, strict=True
    ):
        assert (one.label, one.source, one.writer) == (other.label, other.source, other.writer)
        for mine, theirs in zip(one.strokes, other.strokes, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("name", ["pendigits.npz", "ujipenchars2.txt", "pendigits-orig.tes"])
def test_a_damaged_file_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"WORD \xff\x00 POINTS\n.PEN_DOWN\n 1 x\n")
    with pytest.raises(DataError, match="is not a handwriting file that can be read"):
        load_handwriting(tmp_path)


def test_a_folder_without_handwriting_gives_one_error_message(tmp_path):
    with pytest.raises(DataError, match="holds no known handwriting"):
        load_handwriting(tmp_path)
    with pytest.raises(DataError, match="is missing"):
        load_handwriting(tmp_path / "none")


def test_no_writer_is_on_two_sides(tmp_path):
    (tmp_path / "pendigits-orig.tra").write_text(
        "".join(PENDIGITS.replace(" 7 12", f" {writer} 12") for writer in range(10, 60)), "ascii"
    )
    everything = load_handwriting(tmp_path)
    sides = ("train", "validation", "calibration")
    writers = [set(everything.side(side).writer_groups()) for side in sides]
    assert sum(len(part) for part in writers) == len(everything.writer_groups())
    assert all(writers)
    assert len(writers[0]) > len(writers[1]) + len(writers[2])
    assert sum(len(everything.side(side)) for side in sides) == len(everything)


def test_a_writer_stays_on_one_side_of_the_split():
    assert side_of("pendigits", "tra-07") == side_of("pendigits", "tra-07")
    assert Handwriting(()).digits.labels.dtype == np.uint8
