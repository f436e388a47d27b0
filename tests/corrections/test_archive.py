"""Corrections as a ZIP: they come back as they were, and nothing else comes in."""

import csv
import dataclasses
import io
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from digits.corrections.archive import (
    export_zip,
    import_zip,
    to_files,
)
from digits.corrections.from_reading import (
    as_truth,
    crop_png,
    frame_png,
    thumbnail_png,
    to_corrections,
)
from digits.corrections.labels_csv import open_folder, read_rows
from digits.errors import CorrectionsError
from digits.evaluation.folder import evaluate_folder
from digits.io.document import load_picture
from digits.registry import current_reader
from digits.training.corrected_digits import with_corrections
from digits.types import ANY, Box, Hint


@pytest.fixture(scope="module")
def page(validation):
    """Return a picture with 728 on it, as a file."""
    chosen = [int(np.flatnonzero(validation.labels == d)[3]) for d in (7, 2, 8)]
    ink = np.hstack([np.zeros((28, 20), np.uint8), *(validation.pictures[i] for i in chosen)])
    file = io.BytesIO()
    Image.fromarray(255 - np.pad(ink, ((20, 20), (0, 20)))).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def read(page):
    picture = load_picture(page)
    reading = current_reader().read(picture)
    assert reading.text == "728"
    return picture, reading


@pytest.fixture(scope="module")
def corrections(read):
    return to_corrections(*read, "72.8", source="read", act="typed", file="=sheet.png")


def test_a_line_and_each_of_its_digits_are_corrected(read, corrections):
    _, reading = read
    whole, *each = corrections
    assert (whole.digit, whole.truth, whole.frame) == (None, "728", None)
    expected = [(i, d, d) for i, d in enumerate("728")]
    assert [(c.digit, c.truth, c.read) for c in each] == expected
    for correction, digit in zip(each, reading.digits, strict=True):
        frame = np.asarray(Image.open(io.BytesIO(correction.frame)), np.float32) / 255
        np.testing.assert_allclose(frame, digit.frame, atol=0.5 / 255 + 1e-6)


def test_a_truth_of_another_length_corrects_the_line_alone(read):
    (only,) = to_corrections(*read, "72", source="read", act="typed")
    assert only.digit is None
    (nothing,) = to_corrections(*read, "", source="read", act="typed")
    assert nothing.truth == ""


@pytest.mark.parametrize(
    ("typed", "read", "truth"),
    [
        *[("7 28", "728", "728"), ("", "1\t2", ""), ("  ", "7", "")],
        *[("7\t28", "7\t28", "7\t28"), ("7 28", "7\t28", "7\t28"), ("728", "7\t28", "7\t28")],
        *[("72 8", "7\t28", "72\t8"), ("7 2", "7\t28", "7\t2"), ("72", "7\t28", "72")],
        ("728", "7\t?8", "7\t28"),
    ],
)
def test_gaps_between_cells_are_those_typed_or_else_those_read(typed, read, truth):
    assert as_truth(typed, read) == truth
    assert as_truth(truth, read) == truth


def test_a_line_of_several_cells_that_was_read_rightly_is_not_called_wrong(read):
    picture, reading = read
    line = dataclasses.replace(reading.lines[0], text="7\t28")
    whole, *each = to_corrections(
        picture, dataclasses.replace(reading, lines=(line,)), "728", source="read", act="typed"
    )
    assert whole.read == whole.truth
    assert [c.truth for c in each] == list("728")


def test_separators_are_kept_beside_the_digits(read):
    whole, *each = to_corrections(*read, " 7.28", source="read", act="typed")
    assert (whole.truth, whole.read, whole.written) == ("728", "728", "7.28")
    assert [(c.truth, c.written) for c in each] == [("7", None), ("2", None), ("8", None)]


def test_one_digit_is_corrected_by_itself(read):
    (only,) = to_corrections(*read, "1", digit=0, source="draw", act="typed")
    assert (only.digit, only.truth) == (0, "1")


@pytest.mark.parametrize(
    ("truth", "which"),
    [
        *[(text, {}) for text in ("7a8", "٣", "²", "+1", "1" * 101)],
        *[("7", {"line": 1}), ("7", {"line": -1}), ("7", {"digit": 3}), ("72", {"digit": 0})],
    ],
)
def test_what_is_no_truth_gives_one_error_message(read, truth, which):
    with pytest.raises(CorrectionsError):
        to_corrections(*read, truth, source="read", act="typed", **which)


def test_a_crop_keeps_some_paper_round_it_but_stays_in_the_picture(read):
    picture, _ = read
    crop = Image.open(io.BytesIO(crop_png(picture, Box(0, 0, picture.width, picture.height))))
    assert crop.size == (picture.width, picture.height)
    crop = Image.open(io.BytesIO(crop_png(picture, Box(40, 30, 8, 8))))
    assert crop.size == (12, 12)


def test_a_thumbnail_is_low_enough_and_keeps_its_shape():
    large = io.BytesIO()
    Image.linear_gradient("L").resize((900, 300)).save(large, "PNG")
    assert Image.open(io.BytesIO(thumbnail_png(large.getvalue(), 60))).size == (180, 60)
    small = frame_png(np.zeros((28, 28), np.float32))
    assert Image.open(io.BytesIO(thumbnail_png(small, 60))).size == (28, 28)


def export_folder(corrections, folder):
    """Unpack an export into a folder."""
    with zipfile.ZipFile(io.BytesIO(export_zip(corrections))) as archive:
        archive.extractall(folder)


def import_files(**files):
    """Import a ZIP with these files; "_" in a name stands for its dot."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_", "."), content)
    return import_zip(packed.getvalue(), current_reader())


def test_a_zip_brings_corrections_back_as_they_were(corrections):
    found = import_zip(export_zip(corrections), current_reader())
    assert found.faults == ()
    assert found.corrections == corrections


def without(columns: tuple[str, ...], packed: bytes) -> bytes:
    """Return the ZIP as a version wrote it that had no such columns."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as new, zipfile.ZipFile(file, "w") as old:
        for name in new.namelist():
            content = new.read(name)
            if name == "labels.csv":
                rows = list(csv.DictReader(io.StringIO(content.decode())))
                names = [column for column in rows[0] if column not in columns]
                table = io.StringIO()
                writer = csv.DictWriter(table, names, extrasaction="ignore")
                writer.writeheader()
                writer.writerows(rows)
                content = table.getvalue().encode()
            old.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(("source", "act"), [("read", None), ("draw", None), ("api", "imported")])
def test_an_export_of_an_earlier_version_does_not_tell_what_was_typed(corrections, source, act):
    packed = export_zip([dataclasses.replace(each, source=source) for each in corrections])
    found = import_zip(without(("act", "written"), packed), current_reader())
    assert {each.act for each in found.corrections} == {act}
    assert {each.written for each in found.corrections} == {None}
    assert not found.faults


def test_a_spreadsheet_finds_no_formula_in_the_table(corrections, tmp_path):
    export_folder(corrections, tmp_path)
    with (tmp_path / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["name"] == "'=sheet.png"


def test_an_export_is_what_evaluation_reads(corrections, tmp_path):
    export_folder([c for c in corrections if c.digit is None], tmp_path)
    report = evaluate_folder(current_reader(), tmp_path, ANY)
    assert [(a.truth, a.text, a.kind) for a in report.answers] == [("728", "728", "line")]
    export_folder([c for c in corrections if c.digit is not None], tmp_path)
    report = evaluate_folder(current_reader(), tmp_path, Hint(single=True))
    assert [a.kind for a in report.answers] == ["digit"] * 3
    assert not report.wrong


def test_pictures_that_a_person_labelled_are_read(page):
    table = "\ufefffile,text\none.png,728\ntwo.png,3\nthree.png,4\none.png,7x\n"
    found = import_files(one_png=page, two_png=b"no picture", labels_csv=table)
    assert [c.truth for c in found.corrections] == ["728", "7", "2", "8"]
    assert {c.source for c in found.corrections} == {"import"}
    assert [fault.split(":")[0] for fault in found.faults] == ["two.png", "three.png", "one.png"]


def test_a_manually_packed_zip_has_its_folder_before_each_name(page):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("my sheets/labels.csv", "file,text\none.png,728\n")
        archive.writestr("my sheets/one.png", page)
    assert len(import_zip(packed.getvalue(), current_reader()).corrections) == 4


def packed_rows(corrections, **changes):
    """An export of which some cells of the table were changed by hand."""
    files = dict(to_files(corrections))
    rows = list(csv.DictReader(io.StringIO(files["labels.csv"].decode(), newline="")))
    table = io.StringIO()
    writer = csv.DictWriter(table, [name for name in rows[0] if changes.get(name, "") is not None])
    writer.writeheader()
    for row in rows:
        writer.writerow({k: v for k, v in (row | changes).items() if v is not None})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in (files | {"labels.csv": table.getvalue().encode()}).items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *[("line", "-1"), ("line", "9" * 30), ("digit", "²"), ("x", "1.5"), ("width", "")],
        *[("reading", "abc"), ("model_sha256", "A" * 64), ("made", "yesterday")],
        *[("made", "0001-01-01T00:00:00+14:00"), ("made", "9999-12-31T23:59:59-12:00")],
        *[("text", "7x"), ("text", "8" * 101), ("frame", "frames/none.png")],
    ],
)
def test_a_row_that_no_export_has_is_left_out_and_named(column, value, corrections):
    found = import_zip(packed_rows(corrections[1:2], **{column: value}), current_reader())
    assert found.corrections == ()
    assert len(found.faults) == 1


def test_an_exported_row_must_come_with_the_pictures_of_an_export(corrections):
    crop = f"{corrections[0].id}.png"
    found = import_zip(packed_rows(corrections, frame=crop), current_reader())
    assert found.corrections == ()
    assert all("not those of an export" in fault for fault in found.faults)


def test_an_export_without_some_of_its_columns_is_read_anew(corrections):
    found = import_zip(packed_rows(corrections[:1], line=None), current_reader())
    assert {c.source for c in found.corrections} == {"import"}
    assert found.corrections[0].truth == "728"


def test_an_unknown_source_becomes_import(corrections):
    found = import_zip(packed_rows(corrections, source="moon"), current_reader())
    assert {c.source for c in found.corrections} == {"import"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_zip_gives_one_error_message_or_has_faults(data, corrections):
    packed = bytearray(export_zip(corrections[:2]))
    for _ in range(data.draw(st.integers(1, 8))):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = import_zip(bytes(packed), current_reader())
    except CorrectionsError:
        return
    assert {c.crop for c in found.corrections} <= {c.crop for c in corrections} or found.faults


def test_one_picture_named_many_times_is_not_read_without_end(page, monkeypatch):
    table = "file,text\n" + "one.png,728\n" * 1000
    monkeypatch.setattr("digits.corrections.archive.LARGEST_ALL", len(table) + 3 * len(page))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", table)
        archive.writestr("one.png", page)
    found = import_zip(packed.getvalue(), current_reader())
    assert len(found.corrections) == 4 * 4  # four times a line of three digits
    assert len(found.faults) == 1000 - 4
    assert all("larger than" in fault for fault in found.faults)


@pytest.mark.parametrize("name", ["../secret.png", "/etc/hostname", "a/../../secret.png"])
def test_no_file_outside_the_folder_is_read(name, page, tmp_path):
    (tmp_path / "secret.png").write_bytes(page)
    folder = tmp_path / "import"
    folder.mkdir()
    (folder / "labels.csv").write_text(f"file,text\n{name},728\n", encoding="utf-8")
    read = open_folder(folder)
    (row,) = read_rows(read)
    with pytest.raises(CorrectionsError, match="outside"):
        read(row["file"])


@pytest.mark.parametrize(
    "content",
    [b"", b"no zip", b"PK\x03\x04 half a zip", export_zip([])[:40]],
    ids=["empty", "text", "a beginning", "cut off"],  # what is cut off holds the time
)
def test_what_is_no_zip_gives_one_error_message(content):
    with pytest.raises(CorrectionsError, match="ZIP"):
        import_zip(content, current_reader())


def test_a_zip_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr("digits.corrections.archive.LARGEST", 10_000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.csv", "file,text\none.png,7\n")
        archive.writestr("one.png", bytes(10_000_000))
    found = import_zip(packed.getvalue(), current_reader())
    assert "larger" in found.faults[0]


@pytest.mark.parametrize("table", ["", "name,text\na.png,7\n", "file,text\n", "\x00\x01"])
def test_a_zip_without_a_table_gives_one_error_message(table):
    with pytest.raises(CorrectionsError, match="labels"):
        import_files(labels_csv=table)


def test_training_takes_the_digits_of_an_export(corrections, mnist, tmp_path):
    export_folder(corrections, tmp_path)
    taught = with_corrections(mnist, tmp_path)
    assert taught.corrections == 3
    assert taught.train.labels[-3:].tolist() == [7, 2, 8]
    frame = np.asarray(Image.open(io.BytesIO(corrections[1].frame)))
    np.testing.assert_array_equal(taught.train.pictures[-3], frame)


def test_training_uses_only_explicit_corrections(corrections, mnist, tmp_path):
    unknown = [dataclasses.replace(each, act=None) for each in corrections]
    export_folder([*unknown[:2], *corrections[2:]], tmp_path)
    taught = with_corrections(mnist, tmp_path)
    assert taught.corrections == len(corrections) - 2
    export_folder(unknown, tmp_path / "none")
    with pytest.raises(CorrectionsError, match="no corrected digit"):
        with_corrections(mnist, tmp_path / "none")


def test_a_frame_is_kept_to_the_grey_level(validation):
    frame = validation.frames[0]
    kept = np.asarray(Image.open(io.BytesIO(frame_png(frame))))
    np.testing.assert_array_equal(kept, validation.pictures[0])
