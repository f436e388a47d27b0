"""The report on a folder of labelled pictures: every figure against readings that are known."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import brier_score_loss, roc_auc_score

from digits import registry
from digits.cli import main
from digits.errors import DataError
from digits.evaluation import folder as evaluation
from digits.evaluation.contact_sheet import PER_SHEET, write_sheets
from digits.evaluation.folder import EvaluatedPicture, FolderReport, evaluate_folder
from digits.evaluation.metrics import accepting_threshold, align_texts
from digits.mnist import MNIST_FILE
from digits.render.segmentation import COLOURS
from digits.types import ANY, Box, Digit, Line, ModelName, Reading

FRAME = np.zeros((28, 28), np.float32)


def reading(text, confidence=0.9):
    lines = tuple(
        Line(
            line,
            confidence,
            Box(0, 0, 9 * len(line), 8),
            tuple(
                Digit(
                    int(c) if c.isdigit() else None,
                    0.9,
                    Box(9 * i, 0, 8, 8),
                    (0.1,) * 10,
                    None,
                    FRAME,
                )
                for i, c in enumerate(line)
            ),
        )
        for line in text.split("\n")
        if line
    )
    model = ModelName("fake", "")
    return Reading("0" * 64, (200, 40), "read", model, text, confidence, lines)


def answer(truth, text, confidence=0.9, kind=""):
    return EvaluatedPicture(Path("x.png"), truth, reading(text, confidence), 0.002, kind)


def report(*answers):
    return FolderReport(Path("folder"), answers)


@pytest.mark.parametrize(
    ("truth", "read", "differences"),
    [("123", "123", 0), ("123", "13", 1), ("13", "123", 1), ("55", "5", 1), ("7", "", 1),
     ("", "9", 1), ("4720", "4270", 2), ("111", "711", 1)],
)  # fmt: skip
def test_texts_are_paired_with_as_few_differences_as_can_be(truth, read, differences):
    pairs = align_texts(truth, read)
    assert "".join(a for a, _ in pairs if a) == truth
    assert "".join(b for _, b in pairs if b) == read
    assert sum(a != b for a, b in pairs) == differences


def test_digits_are_counted_right_wrong_missed_and_too_many():
    result = report(
        answer("123", "123"), answer("456", "46"), answer("78", "788"), answer("9", "?")
    )
    counted = result.figures()["characters"]
    assert counted["written"] == 9
    assert counted["right"] == 7
    assert counted["missed"] == 1
    assert counted["extra"] == 1
    assert counted["confusions"] == {"5 as nothing": 1, "9 as refused": 1, "nothing as 8": 1}


def test_pages_are_compared_line_by_line():
    page = answer("12\n34", "12\n35")
    assert page.pairs() == [[("1", "1"), ("2", "2")], [("3", "3"), ("4", "5")]]
    assert answer("12\n34", "1234").pairs() == [[(c, c) for c in "1234"]]
    assert report(page, answer("5", "5")).figures()["lines"] == {"written": 3, "right": 2}
    assert "lines 2 of 3 right" in report(page, answer("5", "5")).to_text()
    assert "lines" not in report(answer("5", "5")).to_text()


@pytest.mark.parametrize("text", ["12\n56", "34\n56", "12\n34\n56\n7"])
def test_a_line_missed_or_too_many_leaves_the_others_right(text):
    result = report(answer("12\n34\n56", text)).figures()["lines"]
    assert result == {"written": 3, "right": min(3, len(text.split("\n")))}


def test_what_parts_cells_is_no_character():
    assert answer("12\t34", "12\t34").pairs() == [[(c, c) for c in "1234"]]
    assert answer("12\t34", "125\t34").pairs() == [
        [("1", "1"), ("2", "2"), (None, "5"), ("3", "3"), ("4", "4")]
    ]
    assert answer("12", "1\t2").pairs() == [[("1", "1"), ("2", "2")]]
    assert not answer("12", "1\t2").right


@pytest.mark.parametrize(("text", "right"), [("", True), ("?", True), ("??", True), ("3", False)])
def test_where_nothing_is_written_no_digit_may_be_read(text, right):
    assert answer("", text).right is right


def test_a_picture_that_cannot_be_opened_is_never_right():
    assert not EvaluatedPicture(Path("x.png"), "", None, 0.0, error="damaged").right
    assert (
        "damaged"
        in report(EvaluatedPicture(Path("x.png"), "1", None, 0.0, error="damaged")).to_text()
    )


def test_confidence_is_judged_as_scikit_learn_judges_it():
    rng = np.random.default_rng(4)
    sure = rng.random(200)
    right = rng.random(200) < sure
    result = report(
        *(answer("1", "1" if r else "2", float(c)) for c, r in zip(sure, right, strict=True))
    ).figures()["confidence"]
    assert result["auroc"] == pytest.approx(roc_auc_score(right, sure), abs=1e-6)
    assert result["brier"] == pytest.approx(brier_score_loss(right, sure))


def test_confidence_is_not_judged_where_no_digit_was_read():
    """A blank sheet called blank is right, and nobody was sure of any number."""
    blank = answer("", "", 0.0)
    alone = report(answer("1", "1", 0.9), answer("2", "3", 0.4)).figures()
    among = report(*[blank] * 8, answer("1", "1", 0.9), answer("2", "3", 0.4)).figures()
    for name in ("calibration_error", "brier", "auroc"):
        assert among["confidence"][name] == alone["confidence"][name]
    assert among["confidence"]["coverage_at_99"] == 0.1
    assert report(blank, answer("", "?", 0.0)).figures()["confidence"] is None
    assert "no digit was read" in report(blank).to_text()


def test_the_threshold_is_the_lowest_that_keeps_the_accuracy():
    sure = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    right = np.array([True, False, True, True, True])
    assert accepting_threshold(sure, right, 0.99) == 0.5
    assert accepting_threshold(sure, right, 0.8) == 0.1
    assert accepting_threshold(sure, ~right, 0.99) is None
    tied = np.array([0.5, 0.5, 0.9])
    assert accepting_threshold(tied, np.array([True, False, True]), 0.99) == 0.9


def test_the_closing_sentence_is_chosen_on_one_half_and_judged_on_the_other():
    answers = []
    for i in range(40):
        sure = i % 4 < 2
        answers.append(answer("1", "1" if sure else "2", 0.95 if sure else 0.4))
    result = report(*answers).figures()["accepting"]
    assert result["threshold"] == 0.95
    assert result["coverage"] == 0.5
    assert result["accuracy"] == 1.0
    text = report(*answers).to_text()
    assert "confidence threshold 0.9500: 50% of these pictures need no check, 100.0%" in text


def test_too_few_pictures_name_no_threshold():
    result = report(*[answer("1", "1")] * 19)
    assert result.figures()["accepting"] is None
    assert result.to_text().endswith("choose a confidence threshold: 19, at least 20 are needed")


def test_no_threshold_where_the_most_confident_are_wrong():
    result = report(*[answer("1", "2", 0.99), answer("1", "2", 0.98), answer("1", "1", 0.2)] * 20)
    assert result.figures()["accepting"] is None
    assert "check every picture" in result.to_text()
    assert "no confidence threshold reaches 99% accuracy" in result.to_text()


def test_the_threshold_that_is_printed_is_the_one_that_was_judged():
    """0.99996 would be printed as 1.0000, which nothing reaches."""
    result = report(*[answer("1", "1", 0.99996)] * 40)
    assert result.figures()["accepting"]["threshold"] == 0.9999
    assert result.figures()["accepting"]["coverage"] == 1
    assert "confidence threshold 0.9999: 100%" in result.to_text()


def test_kinds_are_counted_apart():
    result = report(
        answer("1", "1", kind="row"), answer("2", "3", kind="page"), answer("4", "4", kind="row")
    )
    assert result.figures()["kinds"] == {"row": [2, 2], "page": [0, 1]}
    assert "row: 2 of 2" in result.to_text()


@pytest.fixture
def folder(tmp_path, held_out):
    rows = ["file,text,kind"]
    for i in range(4):
        Image.fromarray(255 - held_out.pictures[i]).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,{held_out.labels[i]},good")
    rows.append("0.png,77,bad")
    (tmp_path / "none.png").write_bytes(b"no picture")
    rows.append("none.png,1,bad")
    (tmp_path / "labels.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


def test_a_folder_is_read_and_judged(folder):
    result = evaluate_folder(registry.current_reader(), folder, ANY)
    assert result.figures()["kinds"] == {"good": [4, 4], "bad": [0, 2]}
    mean = np.mean([answer.seconds for answer in result.answers])
    assert result.figures()["milliseconds"]["mean"] == pytest.approx(1000 * mean)
    assert " ms a picture on average" in result.to_text()


def sheets(result, out):
    pictures = []
    for path in write_sheets(result, out):
        with Image.open(path) as sheet:
            pictures.append(np.asarray(sheet.convert("RGB")))
    return pictures


def test_the_contact_sheet_shows_picture_frame_and_what_cannot_be_opened(folder, tmp_path):
    result = evaluate_folder(registry.current_reader(), folder, ANY)
    (sheet,) = sheets(result, tmp_path / "out")
    digit = next(a for a in result.wrong if a.reading).reading.digits[0]
    shown = Image.fromarray((255 - 255 * digit.frame).astype(np.uint8)).resize((42, 42))
    assert holds(sheet, np.asarray(shown))
    opened = [a for a in result.answers if a not in result.wrong or a.reading]
    (without,) = sheets(FolderReport(folder, tuple(opened)), tmp_path / "out")
    assert (sheet != 255).sum() > (without != 255).sum()
    segmenter = registry.current_reader().segmenter
    (path,) = write_sheets(result, tmp_path / "maps", segmenter)
    coloured = np.asarray(Image.open(path), int)
    blue = np.array(COLOURS["handwritten digits"].rgb)
    near = [(np.abs(each - blue).max(axis=-1) < 80).sum() for each in (coloured, sheet.astype(int))]
    assert near[0] > near[1]


def holds(sheet, picture):
    """Return whether the grey `picture` stands somewhere on the sheet, pixel by pixel."""
    match = cv2.matchTemplate(sheet[:, :, 0], picture, cv2.TM_SQDIFF_NORMED)
    return match.min() < 1e-4


def test_the_contact_sheet_shows_every_frame_of_a_page(tmp_path):
    """Twelve lines of eleven digits, each frame unlike the others; a row holds nine."""
    rng = np.random.default_rng(2)
    Image.new("L", (200, 40), 255).save(tmp_path / "x.png")
    read = reading("\n".join(["12345678901"] * 12))
    frames = [rng.random((28, 28), np.float32) for _ in read.digits]
    fresh = iter(frames)
    lines = tuple(
        replace(line, digits=tuple(replace(digit, frame=next(fresh)) for digit in line.digits))
        for line in read.lines
    )
    wrong = EvaluatedPicture(tmp_path / "x.png", "1", replace(read, lines=lines), 0.0)
    (sheet,) = sheets(FolderReport(tmp_path, (wrong,)), tmp_path / "out")
    for frame in frames:
        shown = Image.fromarray((255 - 255 * frame).astype(np.uint8)).resize((42, 42))
        assert holds(sheet, np.asarray(shown))
        assert not holds(sheet, np.asarray(shown)[:, ::-1])


@pytest.mark.parametrize("n", [0, 1, PER_SHEET, PER_SHEET + 1])
def test_many_wrong_answers_make_several_sheets(tmp_path, n):
    wrong = EvaluatedPicture(tmp_path / "none.png", "1", None, 0.0, error="damaged")
    result = FolderReport(tmp_path, (*[wrong] * n, answer("1", "1")))
    assert len(write_sheets(result, tmp_path)) == -(-n // PER_SHEET)


def test_the_command_gives_json_and_names_the_picture_that_failed(folder, capsys):
    assert main(["evaluate", str(folder), "--format", "json", "--out", str(folder / "out")]) == 1
    out, err = capsys.readouterr()
    assert f"digits: {folder / 'none.png'}: this is not an image" in err
    printed = json.loads(out)
    assert printed["pictures"] == 6
    assert {wrong["file"] for wrong in printed["wrong"]} == {"0.png", "none.png"}


def test_labels_that_are_missing_are_named(tmp_path):
    with pytest.raises(DataError, match=r"labels\.csv"):
        evaluate_folder(registry.current_reader(), tmp_path, ANY)
    with pytest.raises(DataError, match="there is no folder"):
        evaluate_folder(registry.current_reader(), tmp_path / "none", ANY)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        (b"file,text\n", "lists no picture"),
        (b"", "lists no picture"),
        (b"file,truth\na.png,1\n", "lacks the column file or text"),
        (b"file,text\na.png\n", "lacks the column file or text"),
        (b"file,text\n\xff\xfe,1\n", "is not a CSV in UTF-8"),
    ],
)
def test_labels_that_are_no_table_of_labels(tmp_path, table, sentence):
    (tmp_path / "labels.csv").write_bytes(table)
    with pytest.raises(DataError, match=sentence) as refused:
        evaluate_folder(registry.current_reader(), tmp_path, ANY)
    assert "columns file and text" in str(refused.value)


def test_a_picture_that_is_missing_is_named(tmp_path, capsys):
    (tmp_path / "labels.csv").write_text("file,text\nnone.png,5\n", "utf-8")
    assert main(["evaluate", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "exact match 0 of 1" in out
    assert err == f"digits: there is no file {tmp_path / 'none.png'}: check the name\n"


def test_each_use_of_the_test_digits_is_logged_and_other_digits_are_not(
    held_out, tmp_path, monkeypatch
):
    log = tmp_path / "looks.csv"
    monkeypatch.setattr(evaluation, "TEST_LOG", log)
    monkeypatch.setattr(evaluation, "judge", lambda *_: {"accuracy": 0.5, "wrong": 5_000})
    copy, other = tmp_path / "copy.npz", tmp_path / "other.npz"
    copy.write_bytes(MNIST_FILE.read_bytes())
    np.savez(other, x_test=held_out.pictures[:9], y_test=held_out.labels[:9])
    for path, n_looks in ((None, 1), (copy, 2), (other, 2)):
        evaluation.judge_on_test(registry.WEIGHTS / "dense.onnx", path)
        header, *looks = log.read_text("utf-8").splitlines()
        assert header == evaluation.LOOKS_HEADER.strip()
        assert len(looks) == n_looks
        assert all(look.endswith(",0.5000,5000") for look in looks)
