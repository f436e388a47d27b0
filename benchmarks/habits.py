"""What each habit of the composed lines is worth: errors on real numbers with and without it.

    python benchmarks/habits.py FOLDER... [--lines N] [--seeds N] [--out FILE.md]

For each habit a line network is trained from nothing without it, and one with all of them, on the
same number of lines, and both read the labelled pictures of each FOLDER. A habit without which no
more is wrong is not worth its lines. Rows are written as they come; those in FILE.md already
are not measured again, so a campaign of hours may be interrupted.
"""

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.assembly import current_reader
from digits.core import ANY, ModelName
from digits.data import Mnist, load_mnist
from digits.evaluation import evaluate_folder
from digits.line_training import LineRecipe, compile_line
from digits.model.card import write_card
from digits.model.classifier import open_session
from digits.model.export import export_line
from digits.model.line import LineNetwork, OnnxLine
from digits.model.networks import build_line
from digits.reader import Reader
from digits.synthesis import paper, writing
from digits.synthesis.batches import WHITE, compose_batches

# What is changed so that a habit does not occur: where it is set, under which name, to what.
HABITS: dict[str, list[tuple[ModuleType, str, object]]] = {
    "all habits": [],
    "without drawn forms": [(writing, "P_DRAWN", (1.0, 0.0, 0.0))],
    "without printed digits": [(writing, "P_PRINTED", 0.0)],
    "without small noughts": [(writing, "P_SMALL_NOUGHT", 0.0)],
    "without joined digits": [(writing, "P_JOINED", 0.0)],
    "without a common bar": [(writing, "P_COMMON_BAR", 0.0)],
    "without numbers that end in noughts": [(writing, "P_ROUND", 0.0)],
    "without marks between digits": [(writing, "P_SEPARATED", 0.0)],
    "without marks after the number": [(writing, "P_TRAILING", 0.0)],
    "without letters": [(writing, "P_LEADING", 0.0)],
    "without flourishes": [(writing, "P_SCRIBBLE", 0.0)],
    "without neighbouring lines": [(writing, "P_NEIGHBOUR", 0.0)],
    "without patterned paper": [(paper, "P_PATTERN", 0.0)],
    "without printed lines": [(paper, "P_RULE", 0.0)],
    "without coarse pictures": [(paper, "P_COARSE", 0.0)],
}


def train(
    mnist: Mnist, changes: list[tuple[ModuleType, str, object]], lines: int, seed: int
) -> Path:
    """Train a line network under changed habits, and return where it was exported to."""
    kept = [(module, name, getattr(module, name)) for module, name, _ in changes]
    for module, name, value in changes:
        setattr(module, name, value)
    try:
        batches = compose_batches(mnist.train, lines, LineRecipe().batch, (seed, 0))
    finally:
        for module, name, value in kept:
            setattr(module, name, value)
    keras.utils.set_random_seed(seed)
    network = build_line()
    compile_line(network, LineRecipe(epochs=1, lines=lines, seed=seed))
    for strips, texts in batches:
        network.train_on_batch(strips / np.float32(WHITE), texts)
    path = Path(tempfile.mkdtemp()) / "line.onnx"
    export_line(network, path, batches[0][0] / np.float32(WHITE))
    write_card(path, {"name": "line"})
    return path


def errors(path: Path, folders: list[Path]) -> list[int]:
    """Return how many pictures of each folder are read wrongly."""
    network = LineNetwork(ModelName("line", ""), OnnxLine(open_session(path)[0]))
    weight = current_reader().line_network.weight
    reader = Reader(current_reader().classifier, dataclasses.replace(network, weight=weight))
    return [len(evaluate_folder(reader, folder, ANY).wrong) for folder in folders]


def main() -> int:
    """Measure habit by habit and write a row for each."""
    parser = argparse.ArgumentParser(description="What each habit of composed lines is worth.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--lines", type=int, default=100_000, help="that each network sees")
    parser.add_argument("--seeds", type=int, default=3, help="networks for each habit")
    parser.add_argument("--out", type=Path, help="a Markdown file to add rows to")
    options = parser.parse_args()
    done = options.out.read_text("utf-8") if options.out and options.out.exists() else ""
    if not done:
        names = " | ".join(f"{folder.name}, wrong" for folder in options.folders)
        columns = "|".join(["---"] * (len(options.folders) + 2))
        write(f"| lines | networks | {names} |\n|{columns}|", options.out)
    mnist = load_mnist()
    for habit, changes in HABITS.items():
        if f"| {habit} |" in done:
            continue
        counts = np.array(
            [
                errors(train(mnist, changes, options.lines, seed), options.folders)
                for seed in range(options.seeds)
            ]
        )
        cells = " | ".join(
            f"{column.mean():.1f} ({min(column)}-{max(column)})" for column in counts.T
        )
        write(f"| {habit} | {options.seeds} x {options.lines:,} lines | {cells} |", options.out)
    return 0


def write(row: str, out: Path | None) -> None:
    """Print a row, and add it to the file at once."""
    sys.stdout.write(f"{row}\n")
    sys.stdout.flush()
    if out:
        with out.open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{row}\n")


if __name__ == "__main__":
    sys.exit(main())
