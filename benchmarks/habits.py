"""What each habit of the composed lines is worth: errors on real numbers with and without it.

    python benchmarks/habits.py FOLDER... [--lines N] [--runs FILE.csv] [--out FILE.md]

One network learns from lines without any habit. Then each of 32 goes on from there with half of
the habits, and reads the labelled pictures of each FOLDER. Which half is a design of Plackett and
Burman (1946): each habit is in 16 of the networks and missing in 16, and so is every other habit
in each of these halves, so that all 32 tell about all habits. What the columns without a habit
tell is the chance in it. Runs that stand in FILE.csv are not run again, so a campaign of an hour
may be interrupted.
"""

import argparse
import csv
import dataclasses
import itertools
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.assembly import current_reader
from digits.core import ANY, ModelName
from digits.data import Labelled, load_mnist
from digits.evaluation import FolderReport, evaluate_folder
from digits.line_training import LineRecipe, as_found, compile_line
from digits.model import hands
from digits.model.card import write_card
from digits.model.classifier import open_session
from digits.model.export import export_line
from digits.model.line import LineNetwork, OnnxLine
from digits.model.networks import build_line
from digits.reader import Reader
from digits.synthesis import paper, writing
from digits.synthesis.batches import WHITE, Batch, compose_batches

RUNS = 31  # prime, and 3 when divided by 4, as the design asks; one run more has no habit at all
PLAIN_EPOCHS = 4  # of `--lines` lines without habits, from which every run goes on
JUDGED = 512  # composed lines of validation digits, with all habits
SEED = 2000  # of lines that no training has seen


def _drop_forms(digit: int) -> None:
    """Leave the forms of a digit that MNIST's writers lack out of those drawn."""
    hands.FORMS = tuple(form for form in hands.FORMS if form.digit != digit or form.in_mnist)


# What is done so that a habit does not occur.
HABITS: dict[str, Callable[[], None]] = {
    **{f"other forms of {digit}": partial(_drop_forms, digit) for digit in range(10)},
    "printed digits": partial(setattr, writing, "P_PRINTED", 0.0),
    "small noughts": partial(setattr, writing, "P_SMALL_NOUGHT", 0.0),
    "joined digits": partial(setattr, writing, "P_GLYPH_JOINED", 0.0),
    "a common bar": partial(setattr, writing, "P_COMMON_BAR", 0.0),
    "numbers that end in noughts": partial(setattr, writing, "P_ROUND", 0.0),
    "marks between digits": partial(setattr, writing, "P_SEPARATED", 0.0),
    "marks after the number": partial(setattr, writing, "P_TRAILING", 0.0),
    "letters": partial(setattr, writing, "P_LEADING", 0.0),
    "flourishes": partial(setattr, writing, "P_SCRIBBLE", 0.0),
    "stamps": partial(setattr, writing, "P_STAMP", 0.0),
    "neighbouring lines": partial(setattr, writing, "P_NEIGHBOUR", 0.0),
    "patterned paper": partial(setattr, paper, "P_PATTERN", 0.0),
    "printed lines": partial(setattr, paper, "P_RULE", 0.0),
    "coarse pictures": partial(setattr, paper, "P_COARSE", 0.0),
    "black and white": partial(setattr, paper, "P_BINARY", 0.0),
}


def design() -> np.ndarray:
    """Return which habit is in which run: bool, (32, 31), columns orthogonal to each other.

    >>> signs = 2 * design().astype(int) - 1
    >>> bool((signs.T @ signs == 32 * np.eye(31)).all())
    True
    """
    residues = {i * i % RUNS for i in range(1, RUNS)}
    first = np.array([i not in residues for i in range(RUNS)])
    cyclic = np.stack([np.roll(first, shift) for shift in range(RUNS)])
    return np.vstack([cyclic, np.zeros(RUNS, bool)])


def compose(missing: list[str], digits: Labelled, lines: int, seed: tuple[int, ...]) -> list[Batch]:
    """Compose lines without some habits. It changes constants: for a process of its own."""
    for habit in missing:
        HABITS[habit]()
    return compose_batches(digits, lines, LineRecipe().batch, seed)


def errors(path: Path, folders: list[Path], composed: list[writing.Written]) -> dict[str, int]:
    """Return how many numbers, and how many of their digits, are read wrongly."""
    shipped = current_reader()
    network = LineNetwork(ModelName("line", ""), OnnxLine(open_session(path)[0]))
    network = dataclasses.replace(network, weight=shipped.line_network.weight)
    reader = Reader(shipped.classifier, network)
    counts = {}
    for folder in folders:
        report = evaluate_folder(reader, folder, ANY)
        counts[f"{folder.name}: numbers"] = len(report.wrong)
        counts[f"{folder.name}: digits"] = _wrong_digits(report)
    read = reader.read_lines([as_found(line) for line in composed])
    counts["composed: numbers"] = sum(a.text != b.text for a, b in zip(read, composed, strict=True))
    return counts


def _wrong_digits(report: FolderReport) -> int:
    """Return how many digits were missed, misread or read where there is none."""
    return sum(
        a != b
        for answer in report.answers
        for line in answer.pairs()
        for a, b in line
        if "\n" not in (a, b)
    )


class Trainer:
    """One network that is trained again and again from the same start."""

    def __init__(self, lines: int) -> None:
        import keras

        keras.utils.set_random_seed(0)
        self.network = build_line()
        compile_line(self.network, LineRecipe(epochs=1, lines=lines))
        self.optimizer = self.network.optimizer
        self.optimizer.build(self.network.trainable_variables)
        self._rest = [np.asarray(variable) for variable in self.optimizer.variables]

    def fit(self, batches: list[Batch], path: Path) -> None:
        """Train for one cycle of the learning rate, and export to `path`."""
        for variable, value in zip(self.optimizer.variables, self._rest, strict=True):
            variable.assign(value)
        for strips, texts in batches:
            self.network.train_on_batch(strips / np.float32(WHITE), texts)
        export_line(self.network, path, batches[0][0] / np.float32(WHITE))
        write_card(path, {"name": "line"})


def run_all(options: argparse.Namespace) -> list[dict[str, str]]:
    """Run what is not in the file yet, and return every run as a row."""
    done = _rows(options.runs)
    todo = [run for run in range(RUNS + 1) if str(run) not in {row["run"] for row in done}]
    if not todo:
        return done
    mnist = load_mnist()
    rng = np.random.default_rng(SEED)
    composed = [writing.compose_line(mnist.validation, rng, writing.TALL) for _ in range(JUDGED)]
    table, names = design(), list(HABITS)
    folder = options.runs.parent
    trainer = Trainer(options.lines)
    # A process for each run: its constants are changed, and it composes while this one trains.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:

        def batches(run: int, epoch: int = 0) -> Future[list[Batch]]:
            missing = [name for name, there in zip(names, table[run], strict=False) if not there]
            return pool.submit(compose, missing, mnist.train, options.lines, (run, epoch))

        plain = folder / "plain.weights.h5"
        if not plain.exists():
            coming = batches(RUNS, 0)
            for epoch in range(PLAIN_EPOCHS):
                now, coming = coming.result(), batches(RUNS, epoch + 1)
                trainer.fit(now, Path(tempfile.mkdtemp()) / "line.onnx")
            trainer.network.save_weights(plain)
        coming = batches(todo[0], PLAIN_EPOCHS)
        for run, after in itertools.zip_longest(todo, todo[1:]):
            now = coming.result()
            if after is not None:
                coming = batches(after, PLAIN_EPOCHS)
            trainer.network.load_weights(plain)
            path = Path(tempfile.mkdtemp()) / "line.onnx"
            trainer.fit(now, path)
            _append(options.runs, {"run": run, **errors(path, options.folders, composed)})
    return _rows(options.runs)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _append(path: Path, row: dict[str, int]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
    print(row, flush=True)


def to_table(rows: list[dict[str, str]], lines: int) -> str:
    """Return what each habit is worth, as Markdown."""
    rows = sorted(rows, key=lambda row: int(row["run"]))
    names = [name for name in rows[0] if name not in ("run", "rows: digits")]  # a handful
    counts = np.array([[float(row[name]) for name in names] for row in rows])
    signs = 2 * design().astype(int) - 1
    effects = -signs.T @ counts / (len(rows) / 2)  # (31, names): more errors without than with
    chance = np.sqrt((effects[len(HABITS) :] ** 2).mean(axis=0))
    told = [
        "# What each habit is worth",
        "",
        "Written by `python benchmarks/habits.py --runs docs/habits.csv --out docs/habits.md`,",
        "which trains nothing while every run stands in [habits.csv](habits.csv). What follows",
        "from it stands in [lines.md](lines.md).",
        "",
        f"32 networks, each trained on {PLAIN_EPOCHS} x {lines:,} lines without any habit and then "
        f"on {lines:,} with half",
        "of them; each habit is in 16 of them, and so is each other one in either half (Plackett &",
        f"Burman 1946). Mean numbers and digits read wrongly; of composed lines, {JUDGED} with all",
        "habits. Bold: without the habit worse by more than two standard errors, which the columns",
        "of the design that stand for no habit tell.",
        "",
        "| habit | " + " | ".join(f"{name}, with / without" for name in names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for habit, column in zip(HABITS, range(len(HABITS)), strict=True):
        there = design()[:, column]
        cells = []
        for i in range(len(names)):
            bold = "**" if effects[column, i] > 2 * chance[i] else ""
            pair = f"{counts[there, i].mean():.1f} / {counts[~there, i].mean():.1f}"
            cells.append(f"{bold}{pair}{bold}")
        told.append(f"| {habit} | " + " | ".join(cells) + " |")
    told.append("| *chance (standard error)* | " + " | ".join(f"{c:.1f}" for c in chance) + " |")
    return "\n".join(told) + "\n"


def main() -> int:
    """Run the design and write the table."""
    parser = argparse.ArgumentParser(description="What each habit of composed lines is worth.")
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--lines", type=int, default=20_480, help="in one cycle of training")
    parser.add_argument("--runs", type=Path, default=Path("runs/habits/runs.csv"))
    parser.add_argument("--out", type=Path, help="a Markdown file for the table")
    options = parser.parse_args()
    options.runs.parent.mkdir(parents=True, exist_ok=True)
    table = to_table(run_all(options), options.lines)
    print(table)
    if options.out:
        options.out.write_text(table, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
