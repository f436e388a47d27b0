"""Train a digit network by a recipe, calibrate it, and export it to a folder in ``runs/``."""

import dataclasses
import datetime
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digits import __version__
from digits.errors import ModelError
from digits.evaluation.classifier import describe, judge
from digits.inference.calibration import fit_temperature
from digits.inference.card import write_card
from digits.inference.classifier import load_card, load_classifier
from digits.inference.dense_weights import WEIGHTS_CHECKSUM, write_dense_weights
from digits.inference.reference_set import CHECKSUM, write_reference_set
from digits.io.atomic_write import atomic_write
from digits.mnist import Labelled, Mnist, joined
from digits.registry import WEIGHTS
from digits.synthesis.allographs import draw_frame
from digits.synthesis.negatives import NOT_A_DIGIT
from digits.training.architectures import build_rejection_head
from digits.training.augmentation import GENTLE, augment
from digits.training.callbacks import Checkpoint, Clock
from digits.training.checkpoint import HEAD, Record, checksums, forget, load_history, restore
from digits.training.corruption import disturb
from digits.training.export import export_onnx, multiply_adds, staged, with_logits
from digits.training.handwriting_frames import HandwritingFrames
from digits.training.recipes import SECONDS, Recipe, duration
from digits.training.rejection import calibrate_head, fit_head
from digits.types import CLASSES, Frames

TITLES = {
    "dense": "Dense network, as requested",
    "wide": "Dense network, wider, on distorted digits",
    "cnn": "Convolutional network",
}
SETTLING = 0.3  # share of the epochs, at the end
SHOWN_PLAIN = 0.5  # share of the digits that are not distorted then
GENTLE_PEAK = 0.35  # of the highest learning rate, which rises once more for them
GENTLE_MIX = (0.25, 0.5, 0.25)  # shares of digits distorted strongly, gently and not at all


class Batches(keras.utils.PyDataset):
    """Batches of training digits, shuffled each epoch and distorted as the recipe says.

    An epoch's batches depend only on the seed and the number of the epoch, so that a resumed
    training sees the same batches as an uninterrupted one. Keras must not shuffle them, since it
    uses a global generator.

    Parameters
    ----------
    epoch : number of completed epochs
    """

    def __init__(
        self, digits: Labelled, recipe: Recipe, epoch: int, written: Labelled | None = None
    ) -> None:
        super().__init__()
        self._digits, self._recipe, self._epoch = digits, recipe, epoch
        self._written = written  # digits of other data sets, which replace a share of MNIST's
        self._shuffle()

    def _shuffle(self) -> None:
        self._order = np.random.default_rng((self._recipe.seed, self._epoch)).permutation(
            len(self._digits)
        )

    def __len__(self) -> int:
        """Return the number of full batches in an epoch."""
        return max(1, len(self._digits) // self._recipe.batch)

    def __getitem__(self, index: int) -> tuple[Frames, np.ndarray]:
        """Return frames (n, 28, 28) and one-hot labels (n, 10)."""
        chosen = self._order[index * self._recipe.batch : (index + 1) * self._recipe.batch]
        pictures, labels = self._digits.pictures[chosen], self._digits.labels[chosen]
        rng = np.random.default_rng((self._recipe.seed, self._epoch, index))
        # Only MNIST's digits get additional strokes; other writers have their own.
        habits = labels
        if self._written is not None:
            replaced = rng.random(len(chosen)) < self._recipe.handwriting
            others = rng.integers(len(self._written), size=len(chosen))
            pictures = np.where(replaced[:, None, None], self._written.pictures[others], pictures)
            labels = np.where(replaced, self._written.labels[others], labels)
            habits = np.where(replaced, NOT_A_DIGIT, labels).astype(np.uint8)
        frames = pictures.astype(np.float32) / np.float32(255)
        if self._recipe.augmented:
            self._show(frames, habits, rng)
        return frames, one_hot(labels)

    def _show(self, frames: Frames, habits: np.ndarray, rng: np.random.Generator) -> None:
        """Distort these frames in place, as strongly as the epoch requires."""
        strong_epochs = self._recipe.epochs - self._recipe.gentle_epochs
        if self._epoch > strong_epochs:
            kind = rng.choice(("strong", "gentle", "plain"), len(frames), p=GENTLE_MIX)
            strong, gentle = kind == "strong", kind == "gentle"
            frames[strong] = self._distort(frames[strong], habits[strong], rng)
            frames[gentle] = augment(frames[gentle], habits[gentle], rng, GENTLE)
            return
        distorted = self._distort(frames, habits, rng)
        # At the end half of the digits are not distorted, as most digits to be read.
        late = self._epoch >= (1 - SETTLING) * strong_epochs
        plain = rng.random((len(frames), 1, 1)) < (SHOWN_PLAIN if late else 0)
        np.copyto(frames, distorted, where=~plain)

    def _distort(self, frames: Frames, habits: np.ndarray, rng: np.random.Generator) -> Frames:
        """Replace some digits by drawn ones, in place, and return all as in users' pictures."""
        for i in np.flatnonzero(rng.random(len(frames)) < self._recipe.drawn):
            if habits[i] != NOT_A_DIGIT:
                frames[i] = draw_frame(int(habits[i]), rng)
        return disturb(augment(frames, habits, rng), rng, self._recipe.disturbed)

    def on_epoch_begin(self) -> None:
        """Shuffle for this epoch; Keras may end an epoch twice, but begins it once."""
        self._epoch += 1
        self._shuffle()


class WarmupSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """Learning rate with two cosine cycles, the second lower.

    Loshchilov & Hutter (2017), "SGDR: Stochastic Gradient Descent with Warm Restarts".
    """

    def __init__(self, recipe: Recipe, n_train: int) -> None:
        each = max(1, n_train // recipe.batch)
        self._strong = each * (recipe.epochs - recipe.gentle_epochs)
        self._first = _rise(recipe.peak, self._strong)
        self._second = _rise(GENTLE_PEAK * recipe.peak, each * recipe.gentle_epochs)

    def __call__(self, step: Any) -> Any:  # noqa: ANN401  # tensors
        """Return the rate at a step, counted from 0."""
        first, second = self._first(step), self._second(step - self._strong)
        return keras.ops.where(step < self._strong, first, second)


def _rise(peak: float, steps: int) -> keras.optimizers.schedules.CosineDecay:
    """Return a warm-up from a tenth of the peak, and a cosine decay to 0."""
    return keras.optimizers.schedules.CosineDecay(
        peak / 10, max(1, steps), warmup_target=peak, warmup_steps=steps // 20
    )


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return one-hot labels: (n,) -> (n, 10)."""
    return np.eye(CLASSES, dtype=np.float32)[labels]


def compile_network(network: keras.Model, recipe: Recipe, n_train: int) -> None:
    """Compile a network with Adam, or AdamW and a schedule."""
    if recipe.decay:
        optimizer = keras.optimizers.AdamW(
            WarmupSchedule(recipe, n_train), weight_decay=recipe.decay
        )
    else:
        optimizer = keras.optimizers.Adam(recipe.peak)
    network.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])


def fit(
    network: keras.Model,
    mnist: Mnist,
    recipe: Recipe,
    run: Path,
    *,
    written: HandwritingFrames | None = None,
    resume: bool = False,
) -> None:
    """Train `network`, with a checkpoint and a line of history for each epoch in `run`.

    Parameters
    ----------
    network : a Keras model, (n, 28, 28) in and (n, 10) probabilities out
    mnist : training digits, and validation digits for each epoch
    recipe : of the training
    run : folder of the checkpoint
    written : digits of other data sets, of which the recipe shows a share
    resume : continue from the checkpoint in `run`; otherwise remove it

    Raises
    ------
    ModelError
        The checkpoint is missing, damaged or of another network.
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    compile_network(network, recipe, len(mnist.train))
    record = Record(dataclasses.asdict(recipe), checksums(mnist, written))
    if resume:
        record = dataclasses.replace(record, history=restore(network, run).history)
    else:
        forget(run)
    network.fit(
        Batches(mnist.train, recipe, record.epochs, written.train if written else None),
        initial_epoch=record.epochs,
        epochs=recipe.epochs,
        shuffle=False,
        validation_data=(mnist.validation.frames, one_hot(mnist.validation.labels)),
        callbacks=[Clock(), Checkpoint(run, record)],
        verbose=1,
    )


def add_head(
    network: keras.Model, mnist: Mnist, recipe: Recipe, written: HandwritingFrames | None = None
) -> keras.Model | None:
    """Train the reject head of a trained network; None if the recipe has none."""
    if not recipe.rejection_epochs:
        return None
    keras.utils.set_random_seed(recipe.seed)  # independent of resuming
    head = build_rejection_head(network)
    seconds = recipe.rejection_epochs * SECONDS[recipe.network]
    sys.stdout.write(
        f"The reject head, {recipe.rejection_epochs} epochs: {duration(seconds)} on two idle "
        "processor cores\n"
    )
    head.get_layer("not_a_digit").summary()
    fit_head(head, mnist, recipe.seed, recipe.rejection_epochs, written)
    network.trainable = True  # as before, for users of the .h5
    return head


def load_head(network: keras.Model, run: Path) -> keras.Model | None:
    """Return the reject head that `save_head` stored in `run`, or None."""
    if not (run / HEAD).exists():
        return None
    head = build_rejection_head(network)
    try:
        head.load_weights(run / HEAD)
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"the reject head in runs/{run.name}/ is damaged: remove {HEAD}"
        ) from error
    network.trainable = True
    return head


def head_logits(head: keras.Model) -> Callable[[Frames], np.ndarray]:
    """Return what gives the head's logits for frames: (n, 28, 28) -> (n,)."""

    def logits(frames: Frames) -> np.ndarray:
        return np.asarray(head.predict(frames, batch_size=256, verbose=0))[:, 0]

    return logits


def save_head(head: keras.Model, run: Path) -> None:
    """Save a trained reject head in `run`, to be exported later."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / HEAD
        head.save_weights(path)
        atomic_write(run / HEAD, path.read_bytes())


def renew_head(
    mnist: Mnist, recipe: Recipe, run: Path, written: HandwritingFrames | None = None
) -> dict[str, Any]:
    """Train a new reject head for the shipped network, and write both and their card to `run`.

    The classes and their figures in the card do not change.
    """
    network = keras.saving.load_model(WEIGHTS / "mnist_model.h5", compile=False)
    head = add_head(network, mnist, recipe, written)
    if head is None:
        raise ModelError(f"the recipe of {recipe.network} has no reject head")
    with staged(run) as folder:
        path = folder / f"{recipe.network}.onnx"
        export_onnx(network, path, mnist.calibration.frames, head)
        together = with_logits(network, head)
        details = {"seed": recipe.seed, "epochs": recipe.rejection_epochs, "versions": versions()}
        card = load_card(WEIGHTS / path.name) | {
            "parameters": together.count_params(),
            "multiply_adds": multiply_adds(together),
            "not_a_digit": calibrate_head(head_logits(head), mnist, recipe.seed, written) | details,
        }
        write_card(path, card)
        known = mnist.held_out
        write_card(path, card | {CHECKSUM: write_reference_set(path, known.pictures, known.labels)})
        return load_card(path)


def export_run(
    network: keras.Model,
    mnist: Mnist,
    recipe: Recipe,
    run: Path,
    head: keras.Model | None = None,
    written: HandwritingFrames | None = None,
    *,
    judge_test: Callable[[Path], dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Calibrate `network`, and write its ONNX, card and learning curves to `run`.

    All files appear in `run` at the end, or none.

    Parameters
    ----------
    judge_test : returns the figures on test digits of an ``.onnx``; None to leave them out

    Returns
    -------
    the card: recipe, data, versions, temperature, and the figures on validation and test digits

    Raises
    ------
    ModelError
        The exported network differs from Keras.
    """
    with staged(run) as folder:
        path = folder / f"{recipe.network}.onnx"
        held_out = mnist.held_out
        calibrating = held_out if written is None else joined(held_out, written.calibration)
        scores = export_onnx(network, path, calibrating.frames, head)
        history = load_history(run)
        card = {
            **provenance(recipe.network, TITLES[recipe.network], dataclasses.asdict(recipe), mnist),
            "parameters": network.count_params(),
            "multiply_adds": multiply_adds(network),
            "minutes": round(sum(epoch["seconds"] for epoch in history) / 60, 1),
            "temperature": fit_temperature(scores.logits, calibrating.labels),
            "history": history,
        }
        if written is not None:
            card["handwriting"] = {
                "digits": written.digits,
                "writers": written.writers,
                "calibration_frames": len(written.calibration),
                "sha256": written.sha256,
            }
        if head is not None:
            together = with_logits(network, head)
            card["parameters"] = together.count_params()
            card["multiply_adds"] = multiply_adds(together)
            card["not_a_digit"] = calibrate_head(head_logits(head), mnist, recipe.seed, written)
        weights = network.get_weights()
        if [array.ndim for array in weights] == [2, 1, 2, 1]:  # one hidden layer
            card[WEIGHTS_CHECKSUM] = write_dense_weights(path, weights)
        write_card(path, card)
        card[CHECKSUM] = write_reference_set(path, held_out.pictures, held_out.labels)
        card["validation"] = judge(
            load_classifier(path), mnist.validation.frames, mnist.validation.labels
        )
        if judge_test is not None:
            card["test"] = judge_test(path)
        write_card(path, card)
        save_h5(network, folder / f"{recipe.network}.h5")
        draw_curves(history, folder / "curves.png")
        return load_card(path)


def provenance(name: str, title: str, recipe: dict[str, Any], mnist: Mnist) -> dict[str, Any]:
    """Return the first fields of a card: name, date, recipe, data and versions."""
    return {
        "name": name,
        "title": title,
        "trained": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "digits": __version__,
        "recipe": recipe,
        "data_sha256": mnist.sha256,
        "corrections": mnist.corrections,
        "corrections_sha256": mnist.corrections_sha256,
        "versions": versions(),
    }


def save_h5(network: keras.Model, path: Path) -> None:
    """Save as ``.h5`` without Keras' warning about the format."""
    from absl import logging

    logging.set_verbosity(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / path.name
        network.save(written, include_optimizer=False)  # the optimizer would triple the size
        atomic_write(path, written.read_bytes())


def draw_curves(history: list[dict[str, float]], path: Path) -> None:
    """Plot accuracy and loss by epoch, for training and validation digits."""
    from matplotlib.figure import Figure

    epochs = range(1, len(history) + 1)
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("accuracy", "loss"), strict=True):
        axes.plot(epochs, [row[name] for row in history], "o--", label="training")
        axes.plot(epochs, [row[f"val_{name}"] for row in history], "s-", label="validation")
        axes.set(xlabel="epoch", ylabel=name, title=name)
        axes.legend()
    figure.savefig(path, dpi=100)


def summary(card: dict[str, Any], shipped: dict[str, Any], run: Path) -> str:
    """Return a summary of a training for the terminal.

    Parameters
    ----------
    shipped : card of the shipped network of the same kind, for comparison
    """
    part = "test" if "test" in card else "validation"
    right = card[part]["accuracy"]
    return (
        f"\nOn {part} digits: {describe(card[part])}\n{_beside_shipped(card, shipped, part)}"
        f"Its files are in runs/{run.name}/: learning curves, card, and the network as it is "
        f"served. Read with it: python -m digits read --model runs/{run.name} PICTURE\n"
        f"Done: mnist_model.h5 is now this {card['name']} network, which reads {right:.2%} of "
        f"{card[part]['digits']:,} {part} digits right.\n"
    )


def _beside_shipped(card: dict[str, Any], shipped: dict[str, Any], part: str) -> str:
    """Return a sentence that compares two networks of one kind on the same digits."""
    if part not in shipped or shipped["data_sha256"] != card["data_sha256"]:
        return ""
    theirs = shipped[part]["accuracy"]
    points = 100 * (card[part]["accuracy"] - theirs)
    than = f"{abs(points):.2f} percentage points {'better' if points > 0 else 'worse'}"
    return (
        f"The shipped {card['name']} network reads {theirs:.2%} of the same digits right: this "
        f"one {f'is {than}' if round(points, 2) else 'does as well'}.\n"
    )


def head_summary(card: dict[str, Any], run: Path) -> str:
    """Return a summary of the reject head for the terminal."""
    head = card["not_a_digit"]
    return (
        f"\nThe network and its card are in runs/{run.name}/. "
        f"Read with it: python -m digits read --model runs/{run.name} PICTURE\n"
        f"Done: the reject head rejects {head['others_rejected']:.1%} of what is not a digit and "
        f"{1 - head['digits_kept']:.2%} of validation digits (AUROC {head['auroc']:.3f}).\n"
    )


def versions() -> dict[str, str]:
    """Return versions of libraries and Python, the machine and the commit."""
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
    """Return the commit of the checkout, or "unknown"."""
    try:
        return subprocess.run(  # a fixed command
            ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607
            capture_output=True,
            check=True,
            cwd=Path(__file__).parent,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
