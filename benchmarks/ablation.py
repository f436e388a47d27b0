"""Compare what the convolutional network learns from: MNIST alone, drawn forms, real handwriting.

    python benchmarks/ablation.py --handwriting FOLDER [--epochs N] [--seed N] [--data FILE]
                                  [--pictures FOLDER] [--steps N ...] [--out FILE.md]

Each network is trained by the default recipe with fewer epochs and without reject head. All see the
same number of digits. They are evaluated on MNIST's validation digits, on digits of validation
writers as frames and, where a folder of labelled pictures is given, through the whole reader with
--single.
"""

import argparse
import csv
import dataclasses
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.evaluation.folder import evaluate_folder
from digits.inference.classifier import Classifier, load_classifier
from digits.mnist import MNIST_FILE, Labelled, Mnist, load_mnist
from digits.registry import shipped_reader
from digits.training import digit
from digits.training.architectures import build_network
from digits.training.handwriting import load_handwriting
from digits.training.handwriting_frames import HandwritingFrames, render_handwriting
from digits.training.recipes import QUICK, Recipe
from digits.types import Hint

SINGLE = Hint(single=True)
STEPS: dict[str, dict[str, Any]] = {  # what each network is trained on, and what its recipe lacks
    "MNIST, distorted and disturbed": {"drawn": 0.0, "handwriting": 0.0},
    "and drawn forms": {"handwriting": 0.0},
    "and real handwriting": {},
    "MNIST and real handwriting, no drawn forms": {"drawn": 0.0},
}


def main() -> None:
    """Train, evaluate, print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--handwriting", type=Path, required=True, help="data sets of writers")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", type=Path, default=MNIST_FILE)
    parser.add_argument("--pictures", type=Path, help="a folder of folders with labels.csv")
    parser.add_argument("--steps", type=int, nargs="+", help="some networks only: 0, 1, ...")
    parser.add_argument("--out", type=Path, help="a .md file")
    options = parser.parse_args()
    mnist = load_mnist(options.data)
    written = render_handwriting(load_handwriting(options.handwriting), options.seed)
    base = dataclasses.replace(
        QUICK["cnn"], epochs=options.epochs, seed=options.seed, rejection_epochs=0
    )
    rows: list[list[str]] = []
    steps = list(STEPS.items())
    for name, lacking in steps if options.steps is None else [steps[i] for i in options.steps]:
        started = time.perf_counter()
        classifier = train(dataclasses.replace(base, **lacking), mnist, written)
        figures = dict(evaluate(classifier, mnist, written, options.pictures))
        if not rows:
            rows += [["trained on", *figures], ["---"] * (1 + len(figures))]
        rows.append([name, *figures.values()])
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    print(table)
    if options.out:
        options.out.write_text(table, encoding="utf-8")


def train(recipe: Recipe, mnist: Mnist, written: HandwritingFrames) -> Classifier:
    """Train one network and return it as it is served."""
    with tempfile.TemporaryDirectory() as folder:
        network = build_network(recipe.network)
        digit.fit(network, mnist, recipe, Path(folder), written=written)
        digit.export_run(network, mnist, recipe, Path(folder), None, written)
        return load_classifier(Path(folder) / f"{recipe.network}.onnx")


def evaluate(
    classifier: Classifier, mnist: Mnist, written: HandwritingFrames, pictures: Path | None
) -> Iterator[tuple[str, str]]:
    """Yield the name of each set and how many of its digits are wrong."""
    yield "MNIST validation", wrong(classifier, mnist.validation)
    yield "validation writers", wrong(classifier, written.validation)
    reader = dataclasses.replace(shipped_reader(), classifier=classifier)
    for folder in sorted(pictures.iterdir()) if pictures else ():
        if holds_digits(folder):
            report = evaluate_folder(reader, folder, SINGLE)
            yield f"`{folder.name}`", f"{len(report.wrong)} of {len(report.answers)}"


def holds_digits(folder: Path) -> bool:
    """Return whether a folder holds labelled pictures of one digit each."""
    try:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
            return all(len(row["text"]) == 1 for row in csv.DictReader(file))
    except OSError:
        return False


def wrong(classifier: Classifier, digits: Labelled) -> str:
    """Return how many digits a network gets wrong, of how many."""
    answers = classifier.classify(digits.frames).probabilities.argmax(axis=1)
    return f"{int((answers != digits.labels).sum())} of {len(digits)}"


if __name__ == "__main__":
    main()
