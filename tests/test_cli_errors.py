"""What the command says when something is wrong: one sentence of its own, and the right status."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits import registry
from digits.cli import main
from digits.errors import CHECKOUT

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "digits" / "ui" / "examples"
YEAR = EXAMPLES / "a year.jpg"
FOREIGN = ("Value error", "Input should", "Errno", "should match pattern", "validation error")


def fails(capsys, *arguments, status):
    """Return the one line that a failing command says."""
    assert main(list(arguments)) == status
    line = capsys.readouterr().err
    assert line.startswith("digits: "), line
    assert line.count("\n") == 1, line
    assert not [words for words in FOREIGN if words in line], line
    return line.removeprefix("digits: ").rstrip("\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["read", "x", "--format", "xml"], "--format: 'xml' is not one of"),
        (["read", "x", "--accept", "high"], "--accept takes a number, not 'high'"),
        (["read", "x", "--length", "2.5"], "--length takes a whole number, not '2.5'"),
        (["batch", "x", "--out", "a.csv", "--workers", "0"], "--workers takes a number from 1 on"),
        (["batch", "x", "--out", "a.csv", "--engine", "dask"], "--engine: 'dask' is not one of"),
        (["batch", "x", "--out", "a.xlsx"], "a.xlsx must end in one of .parquet, .csv, .jsonl"),
        (["batch", "x"], "Missing option '--out'"),
        (["serve", "--port", "65536"], "--port takes a number up to 65535, not '65536'"),
        (["report", "x", "--page", "0"], "--page takes a number from 1 on, not '0'"),
        (["evaluate", "x", "--format", "csv"], "--format: 'csv' is not one of"),
        (["learn", "--back", "monday"], "--back takes one of shipped, not monday"),
        (["learn", "--list", "--model", "nobody"], "there is no model nobody: choose one of cnn"),
        (["report", str(YEAR), "--model", "no.h5"], "there is no model no.h5"),
        (["read", "x", "--nonsense"], "No such option: --nonsense"),
    ],
)
def test_wrong_use_exits_with_2_and_names_the_help_of_its_command(arguments, sentence, capsys):
    line = fails(capsys, *arguments, status=2)
    assert line.startswith(sentence)
    assert line.endswith(f". See: digits {arguments[0]} --help")


def test_an_unknown_command(capsys):
    assert fails(capsys, "nonsense", status=2).endswith(". See: digits --help")


@pytest.mark.parametrize("arguments", [["-h"], ["read", "-h"], ["learn", "-h"]])
def test_the_short_option_for_help(arguments, capsys):
    assert main(arguments) == 0
    assert "--help" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["read", "nix.jpg"], "there is no file nix.jpg: check the name"),
        (["report", "nix.jpg"], "there is no file nix.jpg: check the name"),
        (["evaluate", "nix"], "there is no folder nix: name one with pictures and a labels.csv"),
        (["learn", "nix"], "there is no folder nix: name one with pictures and a labels.csv"),
        (["read", "nix.zip"], "nix.zip: this ZIP file is damaged or no ZIP file: pack it again"),
        (["read", "nix.csv"], "nix.csv: this list cannot be read (No such file or directory)"),
        (["report", str(YEAR), "--page", "2"], "there is no page 2: this picture is not a PDF"),
    ],
)
def test_what_is_not_there_is_named_once(arguments, sentence, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fails(capsys, *arguments, status=1) == sentence


def test_a_name_too_long_for_a_file(capsys):
    name = "n" * 5000
    sentence = fails(capsys, "read", name, status=1)
    assert sentence.endswith("check the name")
    assert sentence.count(name) == 1


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """A folder of runs with one network in it, as a training leaves it."""
    run = tmp_path / "runs" / "dense-0"
    run.mkdir(parents=True)
    for ending in ("onnx", "json"):
        shutil.copy(registry.WEIGHTS / f"dense.{ending}", run)
    (tmp_path / "outside.onnx").write_bytes(b"no network of ours")
    monkeypatch.setattr(registry, "RUNS", tmp_path / "runs")


@pytest.mark.parametrize("name", ["dense-0", "runs/dense-0"])
def test_a_run_is_called_by_its_name(name, trained, capsys):
    assert main(["read", "--model", name, str(YEAR)]) == 0
    assert "2026" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["dense-1", "runs/dense-1", "..", "runs/..", "runs/", "."])
def test_no_other_name_leads_to_a_file(name, trained, capsys):
    sentence = fails(capsys, "read", "--model", name, str(YEAR), status=2)
    assert "choose one of cnn, dense, wide, runs/dense-0" in sentence


def test_a_batch_names_each_picture_that_failed(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.chdir(tmp_path)
    Path("broken.png").write_bytes(b"no picture")
    shutil.copy(YEAR, "year.jpg")
    command = ["batch", "--out", "out.csv", "--workers", "1"]
    assert main([*command, "year.jpg"]) == 0
    assert capsys.readouterr().err == "digits: 1 picture read into out.csv, 0 failed\n"
    assert main([*command, "year.jpg", "broken.png", "missing.png"]) == 1
    first, second, last = capsys.readouterr().err.splitlines()
    assert first.startswith("digits: broken.png: ")
    assert second == "digits: there is no file missing.png: check the name"
    assert last == "digits: 3 pictures read into out.csv, 2 failed"


@pytest.fixture
def dashes(tmp_path, monkeypatch):
    """A picture on which something is written and no digit."""
    monkeypatch.chdir(tmp_path)
    grey = np.full((200, 400), 235, np.uint8)
    for x in (60, 180, 300):
        grey[98:104, x : x + 40] = 40
    Image.fromarray(grey).save("dashes.png")


def test_a_batch_names_each_rejected_picture(dashes, capsys):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    shutil.copy(YEAR, "year.jpg")
    command = ["batch", "dashes.png", "year.jpg", "--out", "out.csv", "--workers", "1"]
    assert main(command) == 1
    assert capsys.readouterr().err == (
        "digits: dashes.png: no digit was recognized\n"
        "digits: 2 pictures read into out.csv, 0 failed, 1 refused\n"
    )


def test_a_report_of_a_rejected_picture_is_written_and_fails_with_the_reason(dashes, capsys):
    sentence = fails(capsys, "report", "dashes.png", status=1)
    assert sentence == "dashes.png: no digit was recognized"
    assert Path("report.html").exists()


def test_a_batch_in_which_everything_fails_ends_its_list(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.chdir(tmp_path)
    names = [f"none{number}.png" for number in range(103)]
    assert main(["batch", *names, "--out", "out.csv", "--workers", "1"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 102
    assert lines[-2] == "digits: and 3 more: out.csv has the reason of each"


@pytest.fixture
def scan(tmp_path, monkeypatch):
    """A PDF of three pages, the year on the second."""
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    blank, year = (Image.open(EXAMPLES / f"{name}.jpg") for name in ("blank paper", "a year"))
    blank.save(tmp_path / "scan.pdf", save_all=True, append_images=[year, blank])
    monkeypatch.chdir(tmp_path)


def test_a_report_has_the_page_number_of_a_pdf(scan, capsys):
    assert main(["report", "scan.pdf"]) == 0
    assert "scan.pdf has 3 pages and this is page 1: choose another with --page" in (
        capsys.readouterr().err
    )
    assert "page 1 of 3" in Path("report.html").read_text("utf-8")


def test_a_report_of_another_page(scan, capsys):
    assert main(["report", "scan.pdf", "--page", "2"]) == 0
    assert capsys.readouterr().err == ""
    written = Path("report.html").read_text("utf-8")
    assert "page 2 of 3" in written
    assert ">2026<" in written
    assert fails(capsys, "report", "scan.pdf", "--page", "4", status=1) == (
        "the PDF has no page 4: it has 3"
    )


def test_ray_comes_with_an_extra_of_this_folder(monkeypatch, capsys):
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "ray" else found(name)
    )
    sentence = fails(capsys, "batch", "x", "--out", "a.csv", "--engine", "ray", status=1)
    quote = '"' if os.name == "nt" else "'"
    package = "." if CHECKOUT else "digits"
    assert f"pip install {quote}{package}[ray]{quote}" in sentence
