"""Evaluate a reader on a folder of labelled pictures, or on MNIST's test digits."""

import csv
import datetime
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from digits.errors import DataError, reason_of
from digits.evaluation.classifier import judge
from digits.evaluation.metrics import (
    accepting_threshold,
    align_texts,
    auroc,
    calibration_error,
    interval,
)
from digits.inference.classifier import load_card, load_classifier
from digits.mnist import MNIST_FILE, Labelled, is_mnist, open_arrays
from digits.reader import AT_ONCE, Reader, read_each
from digits.types import Hint, Reading

TEST_LOG = Path(__file__).parent.parent.parent / "docs" / "test-looks.csv"
LOOKS_HEADER = "date,commit,recipe,seed,accuracy,wrong\n"
TARGET_ACCURACY = 0.99  # share of accepted readings that should be right
MIN_PICTURES = 20  # pictures; with fewer, no threshold is chosen
MAX_CONFUSIONS = 12  # in the text of a report
THRESHOLD_STEPS = 10_000  # thresholds are rounded down to a multiple of 1 / THRESHOLD_STEPS

Pair = tuple[str | None, str | None]  # a character of the truth and the one that was read


def judge_on_test(model: Path, path: Path | None = None) -> dict[str, Any]:
    """Evaluate a model on MNIST's 10,000 test digits, and log that they were used.

    Each use of the repository's file, or of a copy of it, appends a line to
    ``docs/test-looks.csv``: the published figure of a recipe is that of its first use.

    Parameters
    ----------
    model : the ``.onnx`` to evaluate, with its card
    path : another file than the repository's MNIST
    """
    classifier, card = load_classifier(model), load_card(model)
    pictures, labels = open_arrays(path or MNIST_FILE, "test")
    figures = judge(classifier, Labelled(pictures, labels).frames, labels)
    if is_mnist(path or MNIST_FILE) and TEST_LOG.parent.is_dir():
        new = not TEST_LOG.exists()
        today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
        with TEST_LOG.open("a", encoding="utf-8", newline="\n") as looks:
            looks.write(LOOKS_HEADER if new else "")
            looks.write(
                f"{today},{card['versions']['commit']},{recipe_name(card)},{card['recipe']['seed']},"
                f"{figures['accuracy']:.4f},{figures['wrong']}\n"
            )
    return figures


def recipe_name(card: dict[str, Any]) -> str:
    """Return a recipe's name: the network, its epochs, and its data other than MNIST."""
    recipe = card["recipe"]
    kinds = [kind for kind in ("handwriting", "drawn", "disturbed", "gentle") if recipe.get(kind)]
    return "-".join([recipe["network"], str(recipe["epochs"]), *kinds])


@dataclass(frozen=True, slots=True)
class EvaluatedPicture:
    """A labelled picture and its reading."""

    file: Path
    truth: str  # empty where no digit is written
    reading: Reading | None  # None where the picture could not be opened
    seconds: float  # an equal share of the time of those that were read together
    kind: str = ""  # of picture, if the labels have that column
    error: str | None = None

    @property
    def text(self) -> str:
        """The text of the reading; empty if reading failed."""
        return self.reading.text if self.reading else ""

    @property
    def confidence(self) -> float:
        """The confidence in the whole text; 0 if reading failed."""
        return self.reading.confidence if self.reading else 0.0

    @property
    def right(self) -> bool:
        """Whether the whole text is right; without digits, whether none was read."""
        if not self.truth:
            return self.reading is not None and not any(c.isdigit() for c in self.text)
        return self.text == self.truth

    @property
    def names_digits(self) -> bool:
        """Whether a digit was read; only then is the confidence defined."""
        return any(character.isdigit() for character in self.text)

    def lines(self) -> list[Pair]:
        """Return pairs of lines: the truth and the text that was read."""
        truth, text = self.truth.split("\n"), self.text.split("\n")
        if len(truth) != len(text):
            return align_texts(truth, text)
        return list(zip(truth, text, strict=True))

    def pairs(self) -> list[list[Pair]]:
        """Return pairs of characters, line by line: the truth and the one that was read.

        All is one line if the numbers of lines differ; separators of cells are left out.
        """
        truth, text = (words.replace("\t", "").split("\n") for words in (self.truth, self.text))
        if len(truth) != len(text):
            truth, text = ["".join(truth)], ["".join(text)]
        return [align_texts(*line) for line in zip(truth, text, strict=True)]


@dataclass(frozen=True, slots=True)
class FolderReport:
    """The evaluation of a folder."""

    directory: Path
    answers: tuple[EvaluatedPicture, ...]

    @property
    def wrong(self) -> tuple[EvaluatedPicture, ...]:
        """The pictures whose reading differs from the label."""
        return tuple(answer for answer in self.answers if not answer.right)

    def figures(self) -> dict[str, Any]:
        """Return all figures as a JSON-serializable dict."""
        right = np.array([answer.right for answer in self.answers])
        low, high = interval(int(right.sum()), len(right))
        seconds = float(np.mean([answer.seconds for answer in self.answers]))
        return {
            "pictures": len(right),
            "right": int(right.sum()),
            "exact_match": float(right.mean()),
            "interval": [low, high],
            "milliseconds": {"mean": 1000 * seconds},  # pictures are read together
            "kinds": _by_kind(self.answers),
            "lines": _lines(self.answers),
            "characters": _characters(self.answers),
            "confidence": _confidence(self.answers),
            "accepting": _accepting(self.answers),
        }

    def to_text(self) -> str:
        """Return the report as lines for a terminal."""
        figures = self.figures()
        low, high = figures["interval"]
        lines = [
            f"exact match {figures['right']} of {figures['pictures']}: "
            f"{figures['exact_match']:.1%} (95 % interval {low:.1%} to {high:.1%}), "
            f"{figures['milliseconds']['mean']:.1f} ms a picture on average"
        ]
        if len(figures["kinds"]) > 1:
            lines += [f"  {kind}: {r} of {n}" for kind, (r, n) in figures["kinds"].items()]
        if figures["lines"]["written"] > figures["pictures"]:
            lines.append("lines {right} of {written} right".format(**figures["lines"]))
        lines += _characters_as_text(figures["characters"])
        lines += _confidence_as_text(figures["confidence"])
        lines += [
            f"  {answer.file.name}: {answer.truth!r} was read as {answer.text!r} "
            f"({answer.error or f'{answer.confidence:.2f}'})"
            for answer in self.wrong
        ]
        return "\n".join([*lines, _accepting_as_text(figures["accepting"], figures["pictures"])])

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
    """Return the numbers of right pictures and of all pictures for each kind."""
    kinds: dict[str, list[int]] = {}
    for answer in answers:
        counts = kinds.setdefault(answer.kind, [0, 0])
        counts[0] += answer.right
        counts[1] += 1
    return kinds


def _lines(answers: Sequence[EvaluatedPicture]) -> dict[str, int]:
    """Count the lines, and those read without error."""
    lines = [line for answer in answers if answer.truth for line in answer.lines()]
    written = [(truth, text) for truth, text in lines if truth is not None]
    return {"written": len(written), "right": sum(truth == text for truth, text in written)}


def _characters(answers: Sequence[EvaluatedPicture]) -> dict[str, Any]:
    """Count the digits that are right, confused, missed or extra."""
    pairs = [pair for answer in answers for line in answer.pairs() for pair in line]
    written = [(a, b) for a, b in pairs if a is not None]
    return {
        "written": len(written),
        "right": sum(a == b for a, b in written),
        "missed": sum(b is None for _, b in written),
        "extra": len(pairs) - len(written),
        "confusions": _confusions(pairs),
    }


def _confusions(pairs: Sequence[Pair]) -> dict[str, int]:
    """Count the characters that were read as others, the most frequent first."""
    counts = Counter(
        f"{a or 'nothing'} as {'refused' if b == '?' else b or 'nothing'}"
        for a, b in pairs
        if a != b
    )
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _characters_as_text(figures: dict[str, Any]) -> list[str]:
    if not figures["written"]:
        return []
    share = figures["right"] / figures["written"]
    lines = [
        f"digits {figures['right']} of {figures['written']}: {share:.2%} right, "
        f"{figures['missed']} missed, {figures['extra']} too many"
    ]
    if figures["confusions"]:
        confused = (
            f"{name} ({n})" for name, n in list(figures["confusions"].items())[:MAX_CONFUSIONS]
        )
        lines.append(f"  read wrongly: {', '.join(confused)}")
    return lines


def _confidence_and_right(answers: Sequence[EvaluatedPicture]) -> tuple[np.ndarray, np.ndarray]:
    """Return the confidence of each reading with digits, and whether it is right: (n,), (n,)."""
    named = [answer for answer in answers if answer.names_digits]
    confidence = np.array([answer.confidence for answer in named], np.float64)
    return confidence, np.array([answer.right for answer in named], bool)


def _confidence(answers: Sequence[EvaluatedPicture]) -> dict[str, Any] | None:
    """Return calibration error, Brier score, AUROC and coverage; None if no digit was read."""
    confidence, right = _confidence_and_right(answers)
    if not confidence.size:
        return None
    threshold = accepting_threshold(confidence, right, TARGET_ACCURACY)
    covered = 0 if threshold is None else int((confidence >= threshold).sum())
    mixed = right.any() and not right.all()
    return {
        "calibration_error": calibration_error(confidence, right),
        "brier": float(np.mean((confidence - right) ** 2)),
        "auroc": auroc(confidence[~right], confidence[right]) if mixed else None,
        "coverage_at_99": covered / len(answers),
    }


def _confidence_as_text(figures: dict[str, Any] | None) -> list[str]:
    if figures is None:
        return ["confidence: no digit was read"]
    separation = "" if figures["auroc"] is None else f", right against wrong {figures['auroc']:.3f}"
    most_confident = (
        f"the most confident {figures['coverage_at_99']:.0%} are {TARGET_ACCURACY:.0%} right"
        if figures["coverage_at_99"]
        else f"no confidence threshold reaches {TARGET_ACCURACY:.0%} accuracy"
    )
    return [
        f"confidence: calibration error {figures['calibration_error']:.1%}, "
        f"Brier score {figures['brier']:.3f}{separation}; {most_confident}"
    ]


def _accepting(answers: Sequence[EvaluatedPicture]) -> dict[str, Any] | None:
    """Choose a confidence threshold on every other picture, and evaluate it on the rest."""
    chosen = accepting_threshold(*_confidence_and_right(answers[::2]), TARGET_ACCURACY)
    if len(answers) < MIN_PICTURES or chosen is None:
        return None
    threshold = math.floor(chosen * THRESHOLD_STEPS) / THRESHOLD_STEPS
    confidence, right = _confidence_and_right(answers[1::2])
    accepted = confidence >= threshold
    n, hits = int(accepted.sum()), int(right[accepted].sum())
    return {
        "threshold": threshold,
        "coverage": n / len(answers[1::2]),
        "accuracy": hits / n if n else None,
        "interval": list(interval(hits, n)),
    }


def _accepting_as_text(figures: dict[str, Any] | None, n_pictures: int) -> str:
    if n_pictures < MIN_PICTURES:
        return (
            f"too few pictures to choose a confidence threshold: {n_pictures}, "
            f"at least {MIN_PICTURES} are needed"
        )
    if figures is None or figures["accuracy"] is None:
        return (
            f"no confidence threshold reaches {TARGET_ACCURACY:.0%} accuracy: check every picture"
        )
    low, high = (100 * bound for bound in figures["interval"])
    return (
        f"confidence threshold {figures['threshold']:.4f}: {figures['coverage']:.0%} of these "
        f"pictures need no check, {figures['accuracy']:.1%} [{low:.1f}, {high:.1f}] of them right "
        "(chosen on every other picture, evaluated on the rest)"
    )


def evaluate_folder(reader: Reader, directory: Path, hint: Hint) -> FolderReport:
    """Read each picture that ``labels.csv`` in `directory` lists, and compare.

    Its columns are ``file``, ``text`` and optionally ``kind``, which groups the pictures. The text
    is empty for a picture without digits.

    Raises
    ------
    DataError
        There is no such file, it lacks the columns file and text, or it lists no picture.
    """
    labels = _labels(directory)
    groups = (labels[start : start + AT_ONCE] for start in range(0, len(labels), AT_ONCE))
    answers = (answer for group in groups for answer in _answers(reader, group, hint))
    return FolderReport(directory, tuple(answers))


def _labels(directory: Path) -> list[tuple[Path, str, str]]:
    """Return file, text and kind of each row of a folder's ``labels.csv``."""
    path = directory / "labels.csv"
    needed = "it must be a table with the columns file and text"
    if not directory.is_dir():
        raise DataError(f"there is no folder {directory}: name one with pictures and a labels.csv")
    rows = _read_table(path, needed)
    if not rows:
        raise DataError(f"{path} lists no picture: {needed}")
    if None in (value for row in rows for value in (row.get("file"), row.get("text"))):
        raise DataError(f"{path} lacks the column file or text, or a row of it does: {needed}")
    return [(directory / row["file"], row["text"], row.get("kind") or "") for row in rows]


def _read_table(path: Path, needed: str) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        raise DataError(f"{path.parent} has no file {path.name}: {needed}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV in UTF-8: {needed}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({reason_of(error)})") from error


def _answers(
    reader: Reader, labels: Sequence[tuple[Path, str, str]], hint: Hint
) -> Iterator[EvaluatedPicture]:
    """Read some pictures together; each takes its share of the time."""
    start = time.perf_counter()
    readings = list(read_each(reader, [file for file, _, _ in labels], hint))
    seconds = (time.perf_counter() - start) / len(labels)
    for (file, truth, kind), reading in zip(labels, readings, strict=True):
        found = None if reading.status == "failed" else reading
        yield EvaluatedPicture(file, truth, found, seconds, kind, reading.error)
