"""A batch of a form's pages: a column for each field."""

import csv
import json
import subprocess
import sys

import cv2
import pytest
from forms import METER, SCORE, filled, form_of
from pyarrow import parquet

from digits.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory, validation):
    """Two pages of a form, one of another, and the form's file."""
    folder = tmp_path_factory.mktemp("form")
    values = []
    (folder / "scans").mkdir()
    for i in range(2):
        composed, page, photo = filled(METER, validation, i, tilt=15.0, quarters=i)
        cv2.imwrite(str(folder / "scans" / f"{i}.png"), photo.pixels)
        values.append({**page.values, "estimated": page.values["estimated"] or "no"})
    cv2.imwrite(str(folder / "scans" / "other.png"), filled(SCORE, validation, 3)[2].pixels)
    form_of(composed).save(folder / "form.json")
    return folder, values


def test_a_batch_has_a_column_for_each_field(folder, capsys):
    place, values = folder
    out = place / "table.parquet"
    command = ["batch", str(place / "scans"), "--out", str(out), "--workers", "1"]
    assert main([*command, "--form", str(place / "form.json")]) == 1
    rows = parquet.read_table(out).to_pylist()
    assert [row["status"] for row in rows] == ["read", "read", "refused"]
    for row, expected in zip(rows, values, strict=False):
        # A batch has a column "reading" of its own.
        named = {name: row.get(f"{name} (field)", row[name]) for name in expected}
        assert named == expected
        assert json.loads(row["reading"])["form"] == "Composed"
    assert "other.png: This is not the form" in capsys.readouterr().err


def test_the_same_batch_as_csv_keeps_leading_zeros(folder):
    place, values = folder
    out = place / "table.csv"
    command = ["batch", str(place / "scans" / "0.png"), "--out", str(out), "--workers", "1"]
    assert main([*command, "--form", str(place / "form.json")]) == 0
    with out.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["meter"] == values[0]["meter"]


def test_a_form_and_other_hints_contradict_each_other(folder, capsys):
    place, _ = folder
    command = ["batch", str(place / "scans"), "--out", str(place / "t.csv"), "--single"]
    assert main([*command, "--form", str(place / "form.json")]) == 2
    assert "--form" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="a cluster on one machine needs Linux")
def test_a_cluster_writes_the_same_table(folder):
    pytest.importorskip("ray", reason="Ray is not installed")
    place, _ = folder
    tables = []
    for engine in ("local", "ray"):
        out = place / f"{engine}.csv"
        command = [sys.executable, "-m", "digits", "batch", str(place / "scans"), "--workers", "1"]
        command += ["--form", str(place / "form.json"), "--engine", engine, "--out", str(out)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 1, done.stderr  # one page is of another form
        tables.append(out.read_bytes())
    assert tables[0] == tables[1]
