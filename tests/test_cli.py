"""The command as a person or a script meets it: output, complaints and exit status."""

import ast
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from digits import __version__, registry
from digits.cli import main
from digits.errors import HintError, ModelError
from digits.inference.classifier import Classifier, Scores
from digits.inference.line_recognizer import LineRecognizer
from digits.reader import Reader
from digits.types import ANY, Box, Hint, Line, Mark, ModelName, Paper, Reading

FAKE = ModelName("fake", "0" * 64)
TEXTS = {0: "", 1: "1", 12: "12\n34"}  # what the fake reads in a picture of this grey level
MARKED, REFUSED = 75, 80  # grey levels read as a 7.5, and as nothing that is a digit
TROUBLES = {100: HintError("the box lies outside"), 101: RuntimeError("a bug")}


@dataclass(frozen=True)
class FakeReader(Reader):
    """Reads a picture's grey level, and keeps the hints that it was given."""

    hints: list = field(default_factory=list)

    def read_together(self, jobs):
        return [self.read(*job) for job in jobs]

    def read(self, picture, hint=ANY):
        self.hints.append(hint)
        level = int(picture.grey[0, 0])
        if level == 102:
            raise KeyboardInterrupt
        if level in TROUBLES:
            raise TROUBLES[level]
        size, box = (picture.width, picture.height), Box(0, 0, 4, 3)
        if level == MARKED:
            line = Line("75", 0.99, box, (), (Mark("dot", box),), "7.5")
            result = {"lines": (line,), "notes": ("Check 7.5.",), "written": "7.5"}
            return Reading(picture.sha256, size, "doubtful", FAKE, "75", 0.99, **result)
        if level == REFUSED:
            notes = ("The picture is blurred.",)
            return Reading(picture.sha256, size, "refused", FAKE, "?", 0.0, notes=notes)
        text = TEXTS[level]
        return Reading(
            id=picture.sha256,
            size=(picture.width, picture.height),
            status="read" if text else "blank",
            model=FAKE,
            text=text,
            confidence=0.9 if text else 0.0,
        )


@pytest.fixture
def reader(monkeypatch):
    """Put a fake in the place of the only source of readers."""
    fake = FakeReader(
        Classifier(FAKE, lambda frames: Scores(np.zeros((len(frames), 10), np.float32))),
        LineRecognizer(FAKE, lambda strips: np.zeros((len(strips), 1, 11), np.float32)),
    )
    monkeypatch.setattr(registry, "current_reader", lambda model=None, **_: fake)
    return fake


def picture(path: Path, level: int = 1) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (4, 3), level).save(path, "PNG")
    return str(path)


@pytest.fixture
def one(tmp_path):
    return picture(tmp_path / "one.png")


def test_text_is_one_line_a_picture(tmp_path, reader, capsys):
    names = [picture(tmp_path / f"{level}.png", level) for level in TEXTS]
    assert main(["read", *names]) == 0
    out, err = capsys.readouterr()
    assert out == f"{names[0]}\t\tblank\n{names[1]}\t1\n{names[2]}\t12 34\n"
    assert err == ""


def test_text_shows_separators_and_marks_what_is_doubtful(tmp_path, reader, capsys):
    name = picture(tmp_path / "a.png", MARKED)
    assert main(["read", name]) == 0
    assert capsys.readouterr() == (f"{name}\t7.5\tdoubtful\n", "")


@pytest.mark.parametrize("how", ["text", "jsonl", "csv"])
def test_a_rejected_picture_is_named_with_its_reason_and_fails(how, tmp_path, one, reader, capsys):
    name = picture(tmp_path / "scribble.png", REFUSED)
    assert main(["read", "--format", how, name, one]) == 1
    out, err = capsys.readouterr()
    assert err == f"digits: {name}: no digit was recognized. The picture is blurred\n"
    assert "refused" in out
    if how == "text":
        assert out == f"{name}\t?\trefused\n{one}\t1\n"


def test_jsonl_is_one_object_a_line(tmp_path, reader, capsys):
    names = [picture(tmp_path / f"é{level}.png", level) for level in TEXTS]
    assert main(["read", "--format", "jsonl", *names]) == 0
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["status"], first["text"], first["error"]) == ("blank", "", None)
    assert second["file"] == names[1]
    assert second["size"] == [4, 3]
    assert second["model"] == {"name": "fake", "sha256": "0" * 64}
    assert second["schema"] == 1
    assert third["text"] == "12\n34"


def test_json_is_one_array(one, reader, capsys):
    assert main(["read", "--format", "json", one]) == 0
    (reading,) = json.loads(capsys.readouterr().out)
    assert reading["text"] == "1"


def test_csv_has_a_header_and_no_formulas(tmp_path, monkeypatch, reader, capsys):
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "=1+1.png", 12)
    assert main(["read", "--format", "csv", "=1+1.png"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert rows == [
        ["file", "text", "confidence", "status", "error", "page", "written", "marks", "notes"],
        ["'=1+1.png", "12\n34", "0.9000", "read", "", "", "12\n34", "", ""],
    ]


def test_csv_shows_separators_and_marks(tmp_path, reader, capsys):
    name = picture(tmp_path / "a.png", MARKED)
    assert main(["read", "--format", "csv", name]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["text"], row["written"], row["marks"]) == ("75", "7.5", "dot")
    assert (row["status"], row["notes"]) == ("doubtful", "Check 7.5.")


def test_one_failure_loses_nothing_else(tmp_path, one, reader, capsys):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    missing = str(tmp_path / "missing.png")
    assert main(["read", "--format", "jsonl", str(broken), one, missing]) == 1
    out, err = capsys.readouterr()
    readings = [json.loads(line) for line in out.splitlines()]
    assert [reading["status"] for reading in readings] == ["failed", "read", "failed"]
    assert readings[0]["text"] == ""
    assert readings[0]["size"] == [0, 0]
    assert "not an image we can open" in readings[0]["error"]
    assert len(err.splitlines()) == 2
    assert f"{broken}: " in err
    assert "there is no file" in err


def test_a_pdf_gives_one_object_a_page(tmp_path, reader, capsys):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    name = str(tmp_path / "scan.pdf")
    sheets = [Image.new("L", (40, 30), level) for level in (1, 100, 12)]
    sheets[0].save(name, "PDF", save_all=True, append_images=sheets[1:])
    assert main(["read", "--format", "jsonl", name]) == 1
    out, err = capsys.readouterr()
    objects = [json.loads(line) for line in out.splitlines()]
    assert [(each["file"], each["page"]) for each in objects] == [(name, n) for n in (1, 2, 3)]
    assert [each["status"] for each in objects] == ["read", "failed", "read"]
    assert err == f"digits: {name}, page 2: the box lies outside\n"


def test_a_failed_picture_keeps_its_line_of_text(tmp_path, one, reader, capsys):
    missing = str(tmp_path / "missing.png")
    assert main(["read", missing, one]) == 1
    assert capsys.readouterr().out == f"{missing}\t\tfailed\n{one}\t1\n"


def test_folders_are_searched_and_hidden_ones_left_alone(tmp_path, reader, capsys):
    found = [picture(tmp_path / name) for name in ("a.PNG", "b/c.jpg", "b/d.webp")]
    for name in (".hidden.png", ".trash/e.png", "b/.f/g.png", "notes.txt"):
        picture(tmp_path / name)
    (tmp_path / "folder.png").mkdir()
    assert main(["read", str(tmp_path)]) == 0
    names = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert names == found


def test_a_hidden_folder_that_is_named_is_searched(tmp_path, reader, capsys):
    inside = picture(tmp_path / ".scans" / "a.png")
    assert main(["read", str(tmp_path / ".scans")]) == 0
    assert capsys.readouterr().out == f"{inside}\t1\n"


def test_a_folder_without_pictures(tmp_path, one, reader, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert main(["read", str(empty), one]) == 1
    out, err = capsys.readouterr()
    assert out == f"{empty}\t\tfailed\n{one}\t1\n"
    assert f"{empty}: this folder holds no picture" in err


def test_patterns_that_the_shell_left_alone(tmp_path, reader, capsys):
    names = [picture(tmp_path / name) for name in ("a1.png", "a2.png")]
    picture(tmp_path / "b.png")
    assert main(["read", str(tmp_path / "a*.png")]) == 0
    assert capsys.readouterr().out == "".join(f"{name}\t1\n" for name in names)
    assert main(["read", str(tmp_path / "z*.png")]) == 1
    assert "nothing matches this pattern" in capsys.readouterr().err


def test_a_file_whose_name_looks_like_a_pattern(tmp_path, reader, capsys):
    name = picture(tmp_path / "scan [1].png")
    assert main(["read", name]) == 0
    assert capsys.readouterr().out == f"{name}\t1\n"


def test_standard_input(one, reader, capsys, monkeypatch):
    content = io.BytesIO(Path(one).read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=content))
    assert main(["read", "-"]) == 0
    assert capsys.readouterr().out == "-\t1\n"


def test_hints_arrive(one, reader):
    boxes = ["--box", "1,2,3,4", "--box", "5,6,7,8"]
    assert main(["read", one, "--length", "3", "--accept", "0.7", *boxes]) == 0
    assert main(["read", one, "--single"]) == 0
    assert main(["read", one, "--paper", "0,0,4,0,4.5,3,-0.5,3"]) == 0
    assert main(["read", one, "--whole-picture"]) == 0
    assert reader.hints == [
        Hint(length=3, accept=0.7, boxes=(Box(1, 2, 3, 4), Box(5, 6, 7, 8))),
        Hint(single=True),
        Hint(paper=Paper(((0.0, 0.0), (4.0, 0.0), (4.5, 3.0), (-0.5, 3.0)))),
        Hint(whole_picture=True),
    ]


def test_hints_arrive_in_a_report(one, reader, tmp_path):
    hints = ["--length", "3", "--accept", "0.7", "--box", "1,2,3,4", "--whole-picture"]
    assert main(["report", one, "--out", str(tmp_path / "a.html"), *hints]) == 0
    assert reader.hints == [
        Hint(length=3, accept=0.7, boxes=(Box(1, 2, 3, 4),), whole_picture=True)
    ]


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--length", "0"], "--length"),
        (["--length", "101"], "--length"),
        (["--length", "500000"], "100"),
        (["--length", "many"], "--length"),
        (["--accept", "1.5"], "--accept"),
        (["--accept", "nan"], "--accept"),
        (["--box", "1,2,3"], "--box"),
        (["--box", "1,2,x,4"], "--box"),
        (["--box", "1,2,0,4"], "--box"),
        (["--box", "-1,2,3,4"], "--box"),
        (["--paper", "1,2,3,4"], "--paper takes x1,y1"),
        (["--paper", "0,0,0,3,4,3,4,0"], "--paper takes the 4 corners"),
        (["--paper", "0,0,4,0,4,3,0,x"], "--paper takes x1,y1"),
        (["--paper", "0,0,4,0,4,3,0,3", "--whole-picture"], "--paper and --whole-picture"),
        (["--length", "2", "--single"], "--single and --length contradict each other"),
        (["--format", "xml"], "--format"),
        (["--nonsense"], "--nonsense"),
    ],
)
def test_wrong_use_is_explained_in_one_line(arguments, word, one, reader, capsys):
    assert main(["read", one, *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert word in err
    assert err.count("\n") == 1
    assert reader.hints == []


@pytest.mark.parametrize("arguments", [[], ["read"], ["nonsense"], ["evaluate"]])
def test_no_use_at_all(arguments, capsys):
    assert main(arguments) == 2
    assert "digits" in "".join(capsys.readouterr())


def test_a_hint_that_does_not_fit_one_picture(tmp_path, one, reader, capsys):
    small = picture(tmp_path / "small.png", 100)
    assert main(["read", small, one]) == 1
    out, err = capsys.readouterr()
    assert out.endswith(f"{one}\t1\n")
    assert err == f"digits: {small}: the box lies outside\n"


@pytest.mark.parametrize("name", ["no-such-model", "no-such-file.onnx", "runs/none", "n" * 300])
def test_a_missing_model(name, one, capsys):
    assert main(["read", "--model", name, one]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert name in err
    assert err.count("\n") == 1


def test_a_corrupt_model(one, tmp_path, capsys):
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"no model")
    assert main(["read", "--model", str(model), one]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1


def test_the_model_that_was_asked_for(one, reader, monkeypatch):
    asked = []
    monkeypatch.setattr(
        registry, "current_reader", lambda model=None, **_: asked.append(model) or reader
    )
    assert main(["read", one]) == 0
    assert main(["read", one, "--model", "dense"]) == 0
    assert asked == [None, "dense"]


def test_an_unexpected_error_is_logged_with_its_traceback(tmp_path, reader, caplog):
    assert main(["read", picture(tmp_path / "bug.png", 101)]) == 1
    (record,) = caplog.records
    assert record.exc_info[0] is RuntimeError


def test_ctrl_c_is_quiet(tmp_path, reader, capsys):
    assert main(["read", picture(tmp_path / "slow.png", 102)]) == 130
    assert capsys.readouterr().err == ""


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"digits {__version__}\n"


def test_evaluate(tmp_path, reader, capsys):
    for level in (1, 12):
        picture(tmp_path / f"{level}.png", level)
    (tmp_path / "labels.csv").write_text("file,text\n1.png,1\n12.png,7\n", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["evaluate", str(tmp_path), "--single", "--out", str(out)]) == 0
    assert "1 of 2" in capsys.readouterr().out
    assert any(out.iterdir())
    assert {hint.single for hint in reader.hints} == {True}


def test_evaluate_without_a_model(tmp_path, monkeypatch, capsys):
    def refuse(model=None):
        raise ModelError("there is no model: train one")

    monkeypatch.setattr(registry, "current_reader", refuse)
    assert main(["evaluate", str(tmp_path)]) == 1
    assert capsys.readouterr().err == "digits: there is no model: train one\n"


def run(*arguments, **options):
    """Run Python as a shell would, from the checkout."""
    root = Path(__file__).parent.parent
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, capture_output=True, timeout=120, **options
    )


def test_as_a_process():
    done = run("-m", "digits", "--help", encoding="utf-8")
    assert done.returncode == 0
    assert "read" in done.stdout
    assert "evaluate" in done.stdout
    assert done.stderr == ""


def test_as_a_process_with_a_letter_that_the_console_lacks(tmp_path):
    name = str(tmp_path / "дом.png")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = run("-m", "digits", "read", name, env=environment, encoding="utf-8")
    assert done.returncode == 1
    assert done.stdout == f"{name}\t\tfailed\n"
    assert "дом.png" in done.stderr


# What reading a picture that holds one certain digit may import; each costs at every start.
OF_ONE_DIGIT = """
arrays cli errors image inference io reader reading registry render settings types
cli.commands cli.form cli.options cli.output
image.binarize image.components image.digit_segmentation image.mnist_normalize
image.page_segmentation image.quality image.rectify image.ruling image.separators
image.single_digit
inference.calibration inference.classifier inference.ctc inference.line_recognizer
inference.segmenter
io.csv_escape io.document io.image io.pdf io.places io.sandbox io.sources io.verified
reading.composition reading.hypotheses reading.known_length reading.number_reader
reading.sheets reading.singles reading.steps
render.messages render.text
"""
LIBRARIES = {"PIL", "cv2", "numpy", "onnxruntime", "typer"}
LIBRARIES |= {"annotated_doc", "click", "shellingham"}  # of Typer


def modules_after_reading(path):
    code = (
        "import sys; from digits.cli import main; main(['read', '--single', sys.argv[1]]); "
        "print(set(sys.modules) - sys.stdlib_module_names)"
    )
    return ast.literal_eval(run("-c", code, path, encoding="utf-8").stdout.splitlines()[-1])


def libraries_among(modules):
    tops = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    return {name for name in tops if not name.startswith("_")}


def test_reading_one_digit_imports_only_what_it_needs(held_out, tmp_path):
    path = str(tmp_path / "digit.png")
    Image.fromarray(255 - held_out.pictures[0]).save(path)
    loaded = modules_after_reading(path)
    assert libraries_among(loaded) <= LIBRARIES | {"digits"}
    assert "numpy.ma" not in loaded  # 40 ms
    own = {name.removeprefix("digits.") for name in loaded if name.startswith("digits.")}
    assert own <= set(OF_ONE_DIGIT.split())


def test_reading_a_photograph_of_a_digit_imports_no_other_library():
    loaded = modules_after_reading("digits/ui/examples/five on ruled paper.jpg")
    assert libraries_among(loaded) <= LIBRARIES | {"digits"}


def test_help_loads_nothing_heavy():
    heavy = "{'cv2', 'onnxruntime', 'tensorflow', 'PIL', 'streamlit'}"
    done = run("-c", f"import sys, digits.cli; print({heavy} & set(sys.modules))", encoding="utf-8")
    assert done.stdout == "set()\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no broken pipes")
def test_a_closed_output_pipe_ends_quietly():
    process = subprocess.Popen(
        [sys.executable, "-m", "digits", "--help"],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(120) == 1
