"""A recipe and MNIST become a fitted network; interrupted training goes on where it stopped.

What training writes goes into one folder, `runs/<name>/`; what was shipped is never touched.
"""

import platform
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digits.core import CLASSES, Frames
from digits.data import Labelled, Mnist
from digits.model.augment import augment

CHECKPOINT = "checkpoint.weights.h5"  # in the run's folder, with its epoch beside it
HISTORY = "history.csv"
BATCH = 128  # digits


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides how a network is trained."""

    network: str  # "dense" or "cnn"
    epochs: int
    seed: int = 0
    augmented: bool = False  # distort each digit anew in each epoch
    peak: float = 1e-3  # highest learning rate
    decay: float = 0.0  # weight decay (Loshchilov & Hutter 2019); with a cosine schedule
    batch: int = BATCH


RECIPES = {
    "dense": Recipe("dense", epochs=10),
    "cnn": Recipe("cnn", epochs=24, augmented=True, peak=2e-3, decay=1e-2),
}


class Batches(keras.utils.PyDataset):
    """Training digits in a new order each epoch, distorted where the recipe says so.

    An epoch's batches depend on the seed and on the epoch's number alone, so that training
    that was interrupted sees what it would have seen.
    """

    def __init__(self, digits: Labelled, recipe: Recipe, epoch: int) -> None:
        super().__init__()
        self._digits, self._recipe, self._epoch = digits, recipe, epoch
        self._start_epoch()

    def _start_epoch(self) -> None:
        self._order = np.random.default_rng((self._recipe.seed, self._epoch)).permutation(
            len(self._digits)
        )

    def __len__(self) -> int:
        """Return the number of batches in an epoch; a last, smaller one is left out."""
        return max(1, len(self._digits) // self._recipe.batch)

    def __getitem__(self, index: int) -> tuple[Frames, np.ndarray]:
        """Return frames (n, 28, 28) and their labels, one of ten each."""
        chosen = self._order[index * self._recipe.batch : (index + 1) * self._recipe.batch]
        frames = self._digits.pictures[chosen].astype(np.float32) / np.float32(255)
        if self._recipe.augmented:
            rng = np.random.default_rng((self._recipe.seed, self._epoch, index))
            frames = augment(frames, self._digits.labels[chosen], rng)
        return frames, one_hot(self._digits.labels[chosen])

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch."""
        self._epoch += 1
        self._start_epoch()


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return labels as categorical cross-entropy wants them: (n,) -> (n, 10)."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def compile_network(network: keras.Model, recipe: Recipe, n_train: int) -> None:
    """Give the network its loss and its optimiser: Adam, or AdamW that cools down to nothing."""
    if recipe.decay:
        steps = max(1, n_train // recipe.batch) * recipe.epochs
        schedule = keras.optimizers.schedules.CosineDecay(
            recipe.peak / 10, steps, warmup_target=recipe.peak, warmup_steps=steps // 20
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.decay)
    else:
        optimizer = keras.optimizers.Adam(recipe.peak)
    network.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])


def fit(
    network: keras.Model, mnist: Mnist, recipe: Recipe, run: Path, *, resume: bool = False
) -> None:
    """Train `network` and leave a checkpoint and a line of history for each epoch in `run`.

    Parameters
    ----------
    network : a Keras model, (n, 28, 28) in and (n, 10) probabilities out
    mnist : its train digits teach, its validation digits are shown each epoch
    recipe : how
    run : the folder; made if need be
    resume : go on from the last checkpoint in `run`, if there is one
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    compile_network(network, recipe, len(mnist.train))
    backup = run / "checkpoint"
    done = _epochs_done(run) if resume else 0
    if not resume:
        _forget(run)
    network.fit(
        Batches(mnist.train, recipe, done),
        epochs=recipe.epochs,
        validation_data=(mnist.validation.frames, one_hot(mnist.validation.labels)),
        callbacks=[
            keras.callbacks.BackupAndRestore(backup, delete_checkpoint=False),
            keras.callbacks.CSVLogger(run / HISTORY, append=resume),
        ],
        verbose=1,
    )


def _epochs_done(run: Path) -> int:
    """Return how many epochs the history in `run` holds."""
    history = run / HISTORY
    if not history.exists():
        return 0
    return max(0, len(history.read_text(encoding="utf-8").splitlines()) - 1)


def _forget(run: Path) -> None:
    """Remove an earlier attempt's checkpoint and history, which this one replaces."""
    for path in [*(run / "checkpoint").glob("*"), run / HISTORY]:
        path.unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """Return what this training ran on: libraries, Python, machine, commit."""
    import tensorflow

    return {
        "python": platform.python_version(),
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
        "commit": _commit(),
    }


def _commit() -> str:
    """Return the commit of the checkout, or "unknown" where there is none."""
    try:
        return subprocess.run(  # noqa: S603  # a fixed command
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            check=True,
            cwd=Path(__file__).parent,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
