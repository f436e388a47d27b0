"""A reader and labelled pictures become a report; the one module that opens MNIST's test digits."""

import csv
import datetime
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digits.errors import DataError, DigitsError, reason_of
from digits.evaluation.classifier import judge
from digits.evaluation.metrics import (
    accepting_threshold,
    align_texts,
    auroc,
    calibration_error,
    interval,
)
from digits.inference.classifier import load_card, load_classifier
from digits.io.document import load_picture
from digits.mnist import MNIST_FILE, Labelled, open_arrays
from digits.reader import Reader
from digits.types import Hint, Reading

LOOKS = Path(__file__).parent.parent.parent / "docs" / "test-looks.csv"
LOOKS_HEADER = "date,commit,recipe,seed,accuracy,wrong\n"
WANTED = 0.99  # share of accepted answers that should be right
FEW = 20  # pictures; of fewer, no half says anything
SHOWN = 12  # confusions in the text of a report
STEPS = 10_000  # a threshold is rounded down to one of these parts of 1, and judged as rounded

Pair = tuple[str | None, str | None]  # a character of the truth, and what it was read as


def judge_on_test(model: Path, path: Path | None = None) -> dict[str, Any]:
    """Judge on MNIST's 10,000 test digits, and write down that they were looked at.

    Each opening of the repository's own file appends a line to ``docs/test-looks.csv``: what is
    published of a recipe is its first look, so nobody may forget one.

    Parameters
    ----------
    model : the ``.onnx`` to judge, with its card beside it
    path : another file than the repository's MNIST; looking at it is not written down
    """
    classifier, card = load_classifier(model), load_card(model)
    pictures, labels = open_arrays(path or MNIST_FILE, "test")
    figures = judge(classifier, Labelled(pictures, labels).frames, labels)
    if path is None and LOOKS.parent.is_dir():
        new = not LOOKS.exists()
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        with LOOKS.open("a", encoding="utf-8", newline="\n") as looks:
            looks.write(LOOKS_HEADER if new else "")
            looks.write(
                f"{today},{card['versions']['commit']},{recipe_name(card)},{card['recipe']['seed']},"
                f"{figures['accuracy']:.4f},{figures['wrong']}\n"
            )
    return figures


def recipe_name(card: dict[str, Any]) -> str:
    """Return a recipe's name: the network, its epochs, and what it saw that MNIST has not."""
    recipe = card["recipe"]
    kinds = [kind for kind in ("handwriting", "drawn", "disturbed", "gentle") if recipe.get(kind)]
    return "-".join([recipe["network"], str(recipe["epochs"]), *kinds])


@dataclass(frozen=True, slots=True)
class EvaluatedPicture:
    """One labelled picture and what was read in it."""

    file: Path
    truth: str  # empty where nothing is written that is a digit
    reading: Reading | None  # None where the picture could not be opened
    seconds: float
    kind: str = ""  # of picture, if the labels say so
    error: str | None = None

    @property
    def text(self) -> str:
        """What was read; nothing where reading failed."""
        return self.reading.text if self.reading else ""

    @property
    def confidence(self) -> float:
        """How sure the reader was of the whole text."""
        return self.reading.confidence if self.reading else 0.0

    @property
    def right(self) -> bool:
        """Whether the whole text is right; of what holds no digit, whether none was read."""
        if not self.truth:
            return self.reading is not None and not any(c.isdigit() for c in self.text)
        return self.text == self.truth

    @property
    def names_digits(self) -> bool:
        """Whether a digit was read: only then does the confidence say anything."""
        return any(character.isdigit() for character in self.text)

    def lines(self) -> list[Pair]:
        """Return each line of the truth beside the line that it was read as."""
        truth, text = self.truth.split("\n"), self.text.split("\n")
        if len(truth) != len(text):
            return align_texts(truth, text)
        return list(zip(truth, text, strict=True))

    def pairs(self) -> list[list[Pair]]:
        """Return each character of the truth beside what it was read as, line by line.

        All is one line where the numbers of lines differ; what parts cells is left out.
        """
        truth, text = (words.replace("\t", "").split("\n") for words in (self.truth, self.text))
        if len(truth) != len(text):
            truth, text = ["".join(truth)], ["".join(text)]
        return [align_texts(*line) for line in zip(truth, text, strict=True)]


@dataclass(frozen=True, slots=True)
class FolderReport:
    """How a reader did on a folder."""

    directory: Path
    answers: tuple[EvaluatedPicture, ...]

    @property
    def wrong(self) -> tuple[EvaluatedPicture, ...]:
        """The answers that differ from their labels."""
        return tuple(answer for answer in self.answers if not answer.right)

    def figures(self) -> dict[str, Any]:
        """Return every figure by its name, as plain values."""
        right = np.array([answer.right for answer in self.answers])
        low, high = interval(int(right.sum()), len(right))
        times = 1000 * np.array([answer.seconds for answer in self.answers])
        return {
            "pictures": len(right),
            "right": int(right.sum()),
            "exact_match": float(right.mean()),
            "interval": [low, high],
            "milliseconds": {
                "median": float(np.median(times)),
                "percentile_95": float(np.percentile(times, 95)),
            },
            "kinds": _by_kind(self.answers),
            "lines": _lines(self.answers),
            "characters": _characters(self.answers),
            "confidence": _confidence(self.answers),
            "accepting": _accepting(self.answers),
        }

    def to_text(self) -> str:
        """Return the report as lines for a terminal."""
        told = self.figures()
        low, high = told["interval"]
        times = told["milliseconds"]
        lines = [
            f"exact match {told['right']} of {told['pictures']}: {told['exact_match']:.1%} "
            f"(95 % interval {low:.1%} to {high:.1%}), {times['median']:.1f} ms a picture "
            f"(95 in 100 within {times['percentile_95']:.1f} ms)"
        ]
        if len(told["kinds"]) > 1:
            lines += [f"  {kind}: {r} of {n}" for kind, (r, n) in told["kinds"].items()]
        if told["lines"]["written"] > told["pictures"]:
            lines.append("lines {right} of {written} right".format(**told["lines"]))
        lines += _characters_as_text(told["characters"])
        lines += _confidence_as_text(told["confidence"])
        lines += [
            f"  {answer.file.name}: {answer.truth!r} was read as {answer.text!r} "
            f"({answer.error or f'{answer.confidence:.2f}'})"
            for answer in self.wrong
        ]
        return "\n".join([*lines, _accepting_as_text(told["accepting"], told["pictures"])])

    def to_json(self) -> dict[str, Any]:
        """Return figures and wrong answers, ready for `json.dumps`."""
        wrong = [
            {
                "file": answer.file.name,
                "truth": answer.truth,
                "text": answer.text,
                "confidence": answer.confidence,
                "error": answer.error,
            }
            for answer in self.wrong
        ]
        return {**self.figures(), "wrong": wrong}


def _by_kind(answers: Sequence[EvaluatedPicture]) -> dict[str, list[int]]:
    """Return right ones and pictures of each kind that the labels name."""
    kinds: dict[str, list[int]] = {}
    for answer in answers:
        counts = kinds.setdefault(answer.kind, [0, 0])
        counts[0] += answer.right
        counts[1] += 1
    return kinds


def _lines(answers: Sequence[EvaluatedPicture]) -> dict[str, int]:
    """Count the lines of the truth, and those that were read without an error."""
    lines = [line for answer in answers if answer.truth for line in answer.lines()]
    written = [(truth, text) for truth, text in lines if truth is not None]
    return {"written": len(written), "right": sum(truth == text for truth, text in written)}


def _characters(answers: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    """Count the digits that were read as they should be, as others, missed, or one too many."""
    pairs = [pair for answer in answers for line in answer.pairs() for pair in line]
    written = [(a, b) for a, b in pairs if a is not None]
    confusions: dict[str, int] = {}
    for a, b in pairs:
        if a != b:
            name = f"{a or 'nothing'} as {'refused' if b == '?' else b or 'nothing'}"
            confusions[name] = confusions.get(name, 0) + 1
    return {
        "written": len(written),
        "right": sum(a == b for a, b in written),
        "missed": sum(b is None for _, b in written),
        "extra": len(pairs) - len(written),
        "confusions": dict(sorted(confusions.items(), key=lambda item: (-item[1], item[0]))),
    }


def _characters_as_text(told: dict[str, Any]) -> list[str]:
    if not told["written"]:
        return []
    share = told["right"] / told["written"]
    lines = [
        f"digits {told['right']} of {told['written']}: {share:.2%} right, {told['missed']} missed, "
        f"{told['extra']} too many"
    ]
    if told["confusions"]:
        confused = (f"{name} ({n})" for name, n in list(told["confusions"].items())[:SHOWN])
        lines.append(f"  read wrongly: {', '.join(confused)}")
    return lines


def _sure_and_right(answers: Sequence[EvaluatedPicture]) -> tuple[np.ndarray, np.ndarray]:
    """Return how sure each answer was that named a digit, and whether it was right: (n,), (n,)."""
    named = [answer for answer in answers if answer.names_digits]
    sure = np.array([answer.confidence for answer in named], np.float64)
    return sure, np.array([answer.right for answer in named], bool)


def _confidence(answers: Sequence[EvaluatedPicture]) -> dict[str, Any] | None:
    """Judge the confidence where digits were read; None where none were."""
    sure, right = _sure_and_right(answers)
    if not sure.size:
        return None
    threshold = accepting_threshold(sure, right, WANTED)
    covered = 0 if threshold is None else int((sure >= threshold).sum())
    mixed = right.any() and not right.all()
    return {
        "calibration_error": calibration_error(sure, right),
        "brier": float(np.mean((sure - right) ** 2)),
        "auroc": auroc(sure[~right], sure[right]) if mixed else None,
        "coverage_at_99": covered / len(answers),
    }


def _confidence_as_text(told: dict[str, Any] | None) -> list[str]:
    if told is None:
        return ["confidence: no digit was read"]
    separation = "" if told["auroc"] is None else f", right against wrong {told['auroc']:.3f}"
    surest = (
        f"the surest {told['coverage_at_99']:.0%} are {WANTED:.0%} right"
        if told["coverage_at_99"]
        else f"even the surest are not {WANTED:.0%} right"
    )
    return [
        f"confidence of the whole: calibration error {told['calibration_error']:.1%}, "
        f"Brier score {told['brier']:.3f}{separation}; {surest}"
    ]


def _accepting(answers: Sequence[EvaluatedPicture]) -> dict[str, Any] | None:
    """Choose a threshold on every other picture, and say how it does on the rest."""
    chosen = accepting_threshold(*_sure_and_right(answers[::2]), WANTED)
    if len(answers) < FEW or chosen is None:
        return None
    threshold = math.floor(chosen * STEPS) / STEPS
    sure, right = _sure_and_right(answers[1::2])
    accepted = sure >= threshold
    n, hits = int(accepted.sum()), int(right[accepted].sum())
    return {
        "threshold": threshold,
        "coverage": n / len(answers[1::2]),
        "accuracy": hits / n if n else None,
        "interval": list(interval(hits, n)),
    }


def _accepting_as_text(told: dict[str, Any] | None, n_pictures: int) -> str:
    if n_pictures < FEW:
        return (
            f"too few pictures to say from which confidence on nobody need look: {n_pictures}, "
            f"and {FEW} are wanted"
        )
    if told is None or told["accuracy"] is None:
        return f"somebody must look at every picture: no confidence keeps {WANTED:.0%} right"
    low, high = (100 * bound for bound in told["interval"])
    return (
        f"accept at confidence >= {told['threshold']:.4f}: {told['coverage']:.0%} of these "
        f"pictures need nobody, {told['accuracy']:.1%} [{low:.1f}, {high:.1f}] of them right "
        "(chosen on every other picture, judged on the rest)"
    )


def evaluate_folder(reader: Reader, directory: Path, hint: Hint) -> FolderReport:
    """Read each picture that ``labels.csv`` in `directory` names, and compare.

    Its columns are ``file`` and ``text``; ``kind``, if there is one, parts the pictures. An empty
    text says that there is no digit to read.

    Raises
    ------
    DataError
        There is no such file, it lacks the columns file and text, or it names no picture.
    """
    labels = _labels(directory)
    return FolderReport(directory, tuple(_answer(reader, *label, hint) for label in labels))


def _labels(directory: Path) -> list[tuple[Path, str, str]]:
    """Return file, text and kind of each row of a folder's ``labels.csv``."""
    path = directory / "labels.csv"
    needed = "it must be a table with the columns file and text"
    if not directory.is_dir():
        raise DataError(f"there is no folder {directory}: name one with pictures and a labels.csv")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise DataError(f"{directory} has no file labels.csv: {needed}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is no CSV in UTF-8: {needed}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({reason_of(error)})") from error
    if not rows:
        raise DataError(f"{path} names no picture: {needed}")
    if None in (value for row in rows for value in (row.get("file"), row.get("text"))):
        raise DataError(f"{path} lacks the column file or text, or a row of it does: {needed}")
    return [(directory / row["file"], row["text"], row.get("kind") or "") for row in rows]


def _answer(reader: Reader, file: Path, truth: str, kind: str, hint: Hint) -> EvaluatedPicture:
    start = time.perf_counter()
    try:
        reading, error = reader.read(load_picture(file), hint), None
    except DigitsError as fault:
        reading, error = None, str(fault)
    return EvaluatedPicture(file, truth, reading, time.perf_counter() - start, kind, error)
