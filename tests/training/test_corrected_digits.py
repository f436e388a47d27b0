"""Corrected digits of an exported folder stand among the training digits, and nowhere else."""

import csv

import numpy as np
import pytest
from PIL import Image

from digits.errors import CorrectionsError
from digits.training.corrected_digits import REPEATED, with_corrections


@pytest.fixture
def export(tmp_path, mnist):
    """Write a folder with the columns that training takes; return it."""

    def write(rows):
        with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["file", "text", "frame"])
            table.writerows(rows)
        for number, (_, _, frame) in enumerate(rows):
            if frame:
                Image.fromarray(mnist.validation.pictures[number]).save(tmp_path / frame)
        return tmp_path

    return write


def test_each_digit_is_there_several_times_and_nothing_is_held_out(mnist, export):
    folder = export(
        [
            ("a.png", "7", "a-frame.png"),
            ("b.png", "2", "b-frame.png"),
            ("line.png", "72", ""),
            ("none.png", "", "c-frame.png"),  # no digit: teaches the digit network nothing
        ]
    )
    taught = with_corrections(mnist, folder)
    assert taught.corrections == 2
    assert len(taught.train) == len(mnist.train) + 2 * REPEATED
    added = taught.train.labels[len(mnist.train) :]
    assert np.bincount(added, minlength=10).tolist() == [0, 0, REPEATED, 0, 0, 0, 0, REPEATED, 0, 0]
    for picture, label in zip(taught.train.pictures[len(mnist.train) :], added, strict=True):
        np.testing.assert_array_equal(picture, mnist.validation.pictures[0 if label == 7 else 1])
    assert taught.validation is mnist.validation
    assert taught.calibration is mnist.calibration
    assert taught.sha256 == mnist.sha256


def test_the_checksum_tells_one_set_of_corrections_from_another(mnist, export):
    rows = [("a.png", "7", "a-frame.png"), ("b.png", "2", "b-frame.png")]
    first = with_corrections(mnist, export(rows)).corrections_sha256
    assert with_corrections(mnist, export(rows)).corrections_sha256 == first is not None
    assert with_corrections(mnist, export(rows[:1])).corrections_sha256 != first
    assert mnist.corrections_sha256 is None


def test_a_folder_without_a_single_digit_gives_one_error_message(mnist, export):
    with pytest.raises(CorrectionsError, match="no corrected digit"):
        with_corrections(mnist, export([("line.png", "72", "")]))


@pytest.mark.parametrize("name", ["missing.png", "../outside.png"])
def test_a_frame_that_cannot_be_read_gives_one_error_message(mnist, tmp_path, name):
    (tmp_path / "labels.csv").write_text(f"file,text,frame\na.png,7,{name}\n", "utf-8")
    with pytest.raises(CorrectionsError, match=name):
        with_corrections(mnist, tmp_path)


def test_a_frame_of_another_size_gives_one_error_message(mnist, tmp_path):
    Image.new("L", (20, 28)).save(tmp_path / "small.png")
    (tmp_path / "labels.csv").write_text("file,text,frame\na.png,7,small.png\n", "utf-8")
    with pytest.raises(CorrectionsError, match="28x28"):
        with_corrections(mnist, tmp_path)


def test_without_a_table_it_gives_one_error_message(mnist, tmp_path):
    with pytest.raises(CorrectionsError, match=r"labels\.csv"):
        with_corrections(mnist, tmp_path)
