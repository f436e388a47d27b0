"""A batch: the same file whatever happens on the way, and a row for whatever cannot be read."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from digits import reader
from digits.batch import job as batch
from digits.batch.job import SCHEMA, Tally, run_batch, run_local
from digits.cli import main
from digits.errors import BatchError, ModelError
from digits.io.sources import Source, find_sources
from digits.types import ANY, Hint

ROOT = Path(__file__).parent.parent.parent


CHUNK = 12  # pictures in a part, instead of 64


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(batch, "CHUNK", CHUNK)


@pytest.fixture(scope="module")
def png(validation):
    """Return a function that gives validation digits side by side, as a file."""

    def encode(*which: int) -> bytes:
        side_by_side = np.hstack([validation.pictures[i] for i in which])
        file = io.BytesIO()
        Image.fromarray(255 - np.pad(side_by_side, 12)).save(file, "PNG")
        return file.getvalue()

    return encode


@pytest.fixture(scope="module")
def labels(validation):
    return [str(label) for label in validation.labels]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, png):
    """Return a folder with 30 pictures of one digit, one that is none, and other things."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "more").mkdir()
    for i in range(30):
        (folder / ("more" if i >= 20 else "") / f"{i:03d}.png").write_bytes(png(i))
    (folder / "010b.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture either")
    (folder / ".hidden.png").write_bytes(png(0))
    return folder


def run(names, out, **options):
    """Run in this process, which is faster than to start others."""

    def here(chunks, job, _workers):
        for chunk in chunks:
            yield batch.read_chunk(chunk, job)

    given = {"hint": Hint(single=True), "engine": here} | options
    return run_batch([str(name) for name in names], str(out), **given)


def rows(path):
    return parquet.read_table(path).to_pylist()


def test_every_picture_is_a_row_in_order(folder, tmp_path, labels):
    out = tmp_path / "out.parquet"
    assert run([folder], out) == Tally(31, 1)
    found = rows(out)
    names = [Path(row["file"]).name for row in found]
    assert names == sorted(names)
    assert len(names) == 31
    good = [row for row in found if row["status"] != "failed"]
    right = sum(row["text"] == label for row, label in zip(good, labels, strict=False))
    assert right >= 29
    (bad,) = [row for row in found if row["status"] == "failed"]
    assert bad["file"].endswith("010b.png")
    assert "image" in bad["error"]
    assert not (tmp_path / "out.parquet.parts").exists()


def test_the_columns_are_those_that_are_documented(folder, tmp_path):
    out = tmp_path / "out.parquet"
    run([folder / "more"], out)
    assert parquet.read_schema(out).equals(SCHEMA)
    documented = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    for field in SCHEMA:
        assert f"| `{field.name}` |" in documented
    row = rows(out)[0]
    reading = json.loads(row["reading"])
    assert reading["text"] == row["text"]
    assert reading["written"] == row["written"]
    assert reading["status"] == row["status"]
    assert [row["width"], row["height"]] == reading["size"]


def test_csv_and_jsonl_hold_the_same_as_parquet(folder, tmp_path):
    for ending in ("parquet", "csv", "jsonl"):
        run([folder], tmp_path / f"out.{ending}")
    expected = rows(tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["text"] for row in table] == [row["text"] for row in expected]
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file"] for line in lines] == [row["file"] for row in expected]


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_separators_and_marks_have_columns(ending, tmp_path):
    sheet = ROOT / "digits" / "ui" / "examples" / "a mark sheet.jpg"
    (tmp_path / "list.csv").write_text(f'file,box\n{sheet},"330,222,150,65"\n', encoding="utf-8")
    out = tmp_path / f"out.{ending}"
    run([tmp_path / "list.csv"], out, hint=ANY)
    if ending == "parquet":
        (row,) = rows(out)
    else:
        with out.open(encoding="utf-8", newline="") as file:
            (row,) = csv.DictReader(file)
    assert (row["text"], row["written"], row["marks"]) == ("75", "7.5", "dot")


def test_a_csv_holds_no_formula(tmp_path, png):
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "a.csv").write_text("file\n=cmd()\n", encoding="utf-8")
    (tmp_path / "=1+1.png").write_bytes(png(0))
    os.chdir(tmp_path)
    run(["=1+1.png"], tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.DictReader(file))["file"] == "'=1+1.png"


def test_processes_read_the_same(folder, tmp_path):
    run([folder], tmp_path / "here.parquet")
    run([folder], tmp_path / "there.parquet", engine=run_local, workers=2)
    assert rows(tmp_path / "here.parquet") == rows(tmp_path / "there.parquet")


def test_a_resumed_batch_reads_only_the_rest(folder, tmp_path, monkeypatch):
    run([folder], tmp_path / "whole.parquet")
    read = []

    def stopping(chunks, job, _workers):
        for chunk in chunks:
            if len(read) == 1:
                raise KeyboardInterrupt
            read.append(chunk.number)
            yield batch.read_chunk(chunk, job)

    out = tmp_path / "out.parquet"
    with pytest.raises(KeyboardInterrupt):
        run([folder], out, engine=stopping)
    assert not out.exists()
    assert len(list((tmp_path / "out.parquet.parts").iterdir())) == 1
    again = []

    def going_on(chunks, job, _workers):
        for chunk in chunks:
            again.append(chunk.number)
            yield batch.read_chunk(chunk, job)

    assert run([folder], out, engine=going_on) == Tally(31, 1)
    assert read == [0]
    assert again == [1, 2]
    assert rows(out) == rows(tmp_path / "whole.parquet")


def test_a_picture_that_changed_meanwhile_is_read_again(folder, tmp_path, png, labels):
    out, changing = tmp_path / "out.parquet", tmp_path / "changing"
    shutil.copytree(folder / "more", changing)

    def all_but_the_end(chunks, job, _workers):
        for chunk in chunks:
            yield batch.read_chunk(chunk, job)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run([changing], out, engine=all_but_the_end)
    (changing / "020.png").write_bytes(png(3))
    run([changing], out)
    assert rows(out)[0]["text"] == labels[3]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_at_any_moment_it_ends_with_the_same_file(folder, tmp_path):
    run([folder], tmp_path / "whole.parquet")
    out = tmp_path / "out.parquet"
    script = (
        f"from digits.batch import job; job.CHUNK = {CHUNK}; "
        "from digits.cli import main; raise SystemExit(main())"
    )
    command = [sys.executable, "-c", script, "batch", str(folder), "--single", "--workers", "1"]
    command += ["--out", str(out)]
    parts = tmp_path / "out.parquet.parts"
    for wanted in (1, 2):  # killed once that many parts are there, with all its workers
        with subprocess.Popen(
            command, cwd=ROOT, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            until = time.monotonic() + 60
            while time.monotonic() < until and not out.exists():
                if parts.exists() and len(list(parts.glob("0*"))) >= wanted:
                    break
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)
    assert subprocess.run(command, cwd=ROOT, stderr=subprocess.DEVNULL).returncode == 1
    assert rows(out) == rows(tmp_path / "whole.parquet")
    assert not parts.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_picture_that_stops_the_program_is_a_row(folder, tmp_path, monkeypatch):
    out = tmp_path / "out.parquet"
    script = """
import os, sys
from digits import reader
from digits.batch import job as batch
from digits.types import Hint
real = reader.load_source
batch.CHUNK = 12
def deadly(source):
    if source.path.endswith("025.png"):
        os.kill(os.getpid(), 9)
    return real(source)
reader.load_source = deadly
if __name__ == "__main__":
    tally = batch.run_batch(sys.argv[1:2], sys.argv[2], hint=Hint(single=True), workers=2)
    print(tally.pictures, tally.failed)
"""
    (tmp_path / "deadly.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "deadly.py", str(folder), str(out)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "31 2", done.stderr
    broken = [row for row in rows(out) if row["status"] == "failed"]
    assert [Path(row["file"]).name for row in broken] == ["010b.png", "025.png"]
    assert "crashed the program" in broken[1]["error"]


def test_an_unexpected_error_in_one_picture_is_a_row(folder, tmp_path, monkeypatch):
    def surprising(source):
        if source.path.endswith("007.png"):
            raise TypeError("nobody thought of this")
        return load(source)

    load = reader.load_source
    monkeypatch.setattr(reader, "load_source", surprising)
    assert run([folder], tmp_path / "out.parquet") == Tally(31, 2)


def test_progress_is_reported_up_to_the_end(folder, tmp_path):
    result = []
    run([folder], tmp_path / "o.csv", progress=lambda tally, n: result.append((tally.pictures, n)))
    assert [pictures for pictures, _ in result] == [CHUNK, 2 * CHUNK, 31, 31]
    assert {total for _, total in result} == {31}


def test_a_list_names_pictures_and_known_regions(tmp_path, png, labels):
    (tmp_path / "form.png").write_bytes(png(0, 1, 2))
    (tmp_path / "list.csv").write_text(
        'file,box\nform.png,"12,12,28,28"\nform.png,"68,12,28,28"\nform.png,\n'
        'form.png,"1,2"\nform.png,"0,0,999,999"\n',
        encoding="utf-8-sig",
    )
    run([tmp_path / "list.csv"], tmp_path / "out.parquet", hint=ANY)
    found = rows(tmp_path / "out.parquet")
    assert [row["box"] for row in found] == [
        "12,12,28,28",
        "68,12,28,28",
        None,
        None,
        "0,0,999,999",
    ]
    assert [row["text"] for row in found[:2]] == [labels[0], labels[2]]
    assert [row["status"] for row in found[3:]] == ["failed", "failed"]


def test_a_zip_is_read_without_unpacking(tmp_path, png, labels):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for i in range(3):
            archive.writestr(f"scans/{i}.png", png(i))
        archive.writestr("scans/read me.txt", "no picture")
        archive.writestr("__MACOSX/scans/0.png", b"what macOS adds")
    run([tmp_path / "all.zip"], tmp_path / "out.parquet")
    found = rows(tmp_path / "out.parquet")
    assert [row["text"] for row in found] == labels[:3]
    assert [Path(row["file"]).name for row in found] == ["0.png", "1.png", "2.png"]


def test_sources_without_pictures_give_a_reason(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.zip").write_bytes(b"no zip")
    (tmp_path / "bad.csv").write_text("name\na.png\n", encoding="utf-8")
    names = [tmp_path / "empty", tmp_path / "bad.zip", tmp_path / "bad.csv", tmp_path / "none.png"]
    names += [tmp_path / "*.tif", "nowhere://bucket/x"]
    assert run(names, tmp_path / "out.parquet") == Tally(6, 6)
    assert all(row["error"] for row in rows(tmp_path / "out.parquet"))


def test_a_circular_link_is_not_followed(tmp_path, png):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "0.png").write_bytes(png(0))
    try:
        (tmp_path / "a" / "again").symlink_to(tmp_path / "a", target_is_directory=True)
    except OSError:
        pytest.skip("links may not be made here")
    assert [Path(s.path).name for s in find_sources([str(tmp_path / "a")])] == ["0.png"]


def test_files_at_an_address_are_those_on_the_disk(folder, tmp_path):
    found = list(find_sources([folder.as_uri()]))
    assert len(found) == 31
    assert run([(folder / "more").as_uri()], tmp_path / "out.parquet") == Tally(10, 0)


@pytest.mark.parametrize("out", ["out.xls", "out", "parquet"])
def test_an_unknown_ending_is_one_error(folder, tmp_path, out):
    with pytest.raises(BatchError, match=r"\.parquet"):
        run([folder], tmp_path / out)


def test_an_output_that_cannot_be_written_is_one_error(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BatchError, match="cannot be written"):
        run([folder], tmp_path / "file" / "out.csv")


def test_an_unknown_model_is_reported_before_reading(folder, tmp_path):
    with pytest.raises(ModelError):
        run([folder], tmp_path / "out.csv", model="nobody")
    assert not any(tmp_path.iterdir())


def test_the_command_reports_failures_and_exits_with_1(folder, tmp_path, capsys):
    status = main(["batch", str(folder), "--single", "--out", str(tmp_path / "o.csv")])
    result = capsys.readouterr()
    assert status == 1
    assert "31 pictures read" in result.err
    assert "1 failed" in result.err
    assert result.out == ""


def test_a_picture_in_an_archive_is_named_with_it():
    assert Source("a.zip", "b.png").name == "a.zip/b.png"


NAMES = ("a.png", "b.png", "c d.png", "é.png", "bad.png", "gone.png", "=1+1.png")


@settings(max_examples=10, deadline=None)
@given(
    names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=9),
    chunk=st.integers(1, 4),
    ending=st.sampled_from(("parquet", "jsonl")),
)
def test_any_list_in_any_order_is_a_row_for_each_and_the_same_row(listed, names, chunk, ending):
    folder, alone = listed
    with tempfile.TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "CHUNK", chunk)
        out = Path(scratch) / f"out.{ending}"
        tally = run([folder / name for name in names], out)
        lines = out.read_text("utf-8").splitlines() if ending == "jsonl" else []
        found = [json.loads(line) for line in lines] or rows(out)
    assert tally == Tally(len(names), sum(alone[name][0] == "failed" for name in names))
    assert [Path(row["file"]).name for row in found] == names
    assert [(row["status"], row["text"]) for row in found] == [alone[name] for name in names]


@pytest.fixture(scope="module")
def listed(tmp_path_factory, png):
    """Return a folder, and what each of `NAMES` in it is read as by itself."""
    folder = tmp_path_factory.mktemp("listed")
    for which, name in enumerate(NAMES):
        if name != "gone.png":
            (folder / name).write_bytes(b"no picture" if name == "bad.png" else png(which))
    alone = {}
    for name in NAMES:
        run([folder / name], folder / "alone.jsonl")
        (row,) = map(json.loads, (folder / "alone.jsonl").read_text("utf-8").splitlines())
        alone[name] = (row["status"], row["text"])
    return folder, alone
