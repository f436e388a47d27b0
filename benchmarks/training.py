"""Measure how fast training reaches an accuracy: our recipes against keras.io's example.

    python benchmarks/training.py [--epochs N] [--out FILE.md]

Each is trained on the same 55,000 digits and judged after each epoch on the same 2,500 validation
digits; the seconds are those of both. Our recipes are the swift and the quick one of
`train_model.py`.
"""

import argparse
import dataclasses
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks about the machine
sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import keras
from keras_io import BATCH, EPOCHS, build_example

from digits.mnist import Labelled, Mnist, load_mnist
from digits.training.architectures import build_network
from digits.training.callbacks import Clock
from digits.training.checkpoint import load_history
from digits.training.digit import fit, one_hot
from digits.training.recipes import RECIPES

HEAD = """# How soon a training is good

Written by `python benchmarks/training.py --out docs/training.md`: two of our recipes, and
keras.io's example of a convolutional network for MNIST as it stands there, in turn on one
machine, with the same 55,000 digits and the same 2,500 validation digits after each epoch. Seconds
are those of training and validation. The default recipe is not made to be quick but to read
people's own pictures: it sees digits distorted, drawn in other forms and on grey paper, which costs
it time here.

"""
MILESTONES = (0.99, 0.995)  # share of validation digits right
FEW = 512  # digits that show that it runs

Epoch = dict[str, float]


def train_example(mnist: Mnist, epochs: int) -> list[Epoch]:
    """Train keras.io's example on undistorted digits."""
    keras.utils.set_random_seed(0)
    network = build_example()
    history = network.fit(
        mnist.train.frames,
        one_hot(mnist.train.labels),
        batch_size=BATCH,
        epochs=epochs,
        validation_data=(mnist.validation.frames, one_hot(mnist.validation.labels)),
        callbacks=[Clock()],
        verbose=2,
    ).history
    return [{name: values[i] for name, values in history.items()} for i in range(epochs)]


def train_ours(mnist: Mnist, name: str, epochs: int | None) -> list[Epoch]:
    """Train our convolutional network by one of its recipes."""
    recipe = RECIPES[name]["cnn"]
    recipe = dataclasses.replace(recipe, epochs=epochs or recipe.epochs)
    with tempfile.TemporaryDirectory() as folder:
        fit(build_network("cnn"), mnist, recipe, Path(folder))
        return load_history(Path(folder))


def reached(history: list[Epoch], share: float) -> str:
    """Return after how many seconds and epochs so many validation digits were right."""
    seconds = 0.0
    for number, epoch in enumerate(history, start=1):
        seconds += epoch["seconds"]
        if epoch["val_accuracy"] >= share:
            return f"{seconds:.0f} s (epoch {number})"
    return "not reached"


def report(histories: dict[str, list[Epoch]]) -> str:
    """Return the table."""
    *_, example = histories.values()
    last = example[-1]["val_accuracy"]
    wanted = [*MILESTONES, last]
    lines = [
        "| recipe | epochs | seconds | right at last | "
        + " | ".join(f"{share:.2%} right after" for share in wanted)
        + " |",
        "|---|---|---|---|" + "---|" * len(wanted),
    ]
    for name, history in histories.items():
        seconds = sum(epoch["seconds"] for epoch in history)
        lines.append(
            f"| {name} | {len(history)} | {seconds:.0f} | {history[-1]['val_accuracy']:.2%} | "
            + " | ".join(reached(history, share) for share in wanted)
            + " |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Train both, print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="How soon training is good.")
    parser.add_argument("--quick", action="store_true", help="a few digits, to see it run")
    parser.add_argument("--epochs", type=int, help="of both; default: what each recipe has")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    parser.add_argument("--recipes", nargs="+", default=["swift", "quick"], help="of ours")
    options = parser.parse_args()
    mnist = load_mnist()
    if options.quick:
        few = Labelled(mnist.train.pictures[:FEW], mnist.train.labels[:FEW])
        mnist = dataclasses.replace(mnist, train=few)
    epochs = options.epochs or (1 if options.quick else None)
    ours = {f"ours, {name}": train_ours(mnist, name, epochs) for name in options.recipes}
    text = report({**ours, "keras.io's": train_example(mnist, epochs or EPOCHS)})
    print(text, end="")
    if options.out:
        options.out.write_text(HEAD + text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
