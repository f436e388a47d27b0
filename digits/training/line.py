"""Train the line network on composed lines with CTC, calibrate it, and export it."""

import dataclasses
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digits.evaluation.metrics import calibration_error, interval
from digits.image.binarize import to_ink
from digits.image.page_segmentation import TextRegion
from digits.inference.calibration import fit_platt
from digits.inference.card import write_card
from digits.inference.classifier import Classifier, load_card
from digits.inference.line_recognizer import load_line_recognizer
from digits.mnist import Labelled, Mnist
from digits.reader import Reader
from digits.synthesis.batches import (
    WHITE,
    Batch,
    compose_batches,
    compose_part,
    start_composer,
    to_batch,
)
from digits.synthesis.line import TALL, SyntheticLine, compose_line
from digits.training.architectures import build_line
from digits.training.callbacks import Checkpoint, Clock
from digits.training.checkpoint import Record, checksums, forget, restore
from digits.training.digit import provenance
from digits.training.export import export_line, multiply_adds, staged
from digits.training.recipes import LineRecipe
from digits.types import Box, Page

TITLE = "Line network: where the digits of a number stand"
SHOWN = 1024  # lines of validation digits that each epoch is tried on
PART = 32  # batches composed at a time
JUDGED = 2000  # lines that fit what stands beside the network, and as many that judge it
JUDGING_SEED = 1000  # added to the recipe's, for lines that nothing else has seen
MEASURED_WIDTH = 256  # px of the strip for which multiplications are counted
# Of the digit network's log-probabilities. On composed lines the likeliest is 0.05, for there the
# line network is at home; on strangers' numbers from 0.3 to 0.6 fewer are wrong.
WEIGHT = 0.4
SURE = 1e-9  # no text is likelier than 1 minus this, nor less likely


class FixedLines(keras.utils.PyDataset):
    """Lines that are composed once and stay the same in every epoch, as for validation."""

    def __init__(self, digits: Labelled, lines: int, batch: int, seed: tuple[int, ...]) -> None:
        super().__init__()
        self._batches = compose_batches(digits, lines, batch, seed)

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return strips, float32, (n, 32, w), and their texts (n, 12) as CTC wants them."""
        return _as_input(self._batches[index])


class ComposedLines(keras.utils.PyDataset):
    """Lines composed anew for each epoch, in another process while this one trains.

    Which lines depends on seed and epoch alone, so that a resumed training sees what an
    uninterrupted one sees. Keras must not shuffle them: it would take a global generator.

    Parameters
    ----------
    epoch : how many epochs are done; the lines of the next one are composed at once
    """

    def __init__(self, digits: Labelled, recipe: LineRecipe, epoch: int) -> None:
        super().__init__()
        self._recipe, self._epoch = recipe, epoch
        # A new process, and not a copy of this one, whose threads would be missing in it.
        self._composer = ProcessPoolExecutor(
            1, get_context("spawn"), initializer=start_composer, initargs=(digits,)
        )
        self._now: list[Future[list[Batch]]] = []
        self._next = self._compose(epoch)

    def close(self) -> None:
        """End the process that composes."""
        self._composer.shutdown(cancel_futures=True)

    def _compose(self, epoch: int) -> list[Future[list[Batch]]]:
        """Have the lines of an epoch composed, in parts: the first may be used before the last."""
        lines, batch = self._recipe.lines, self._recipe.batch
        return [
            self._composer.submit(
                compose_part,
                min(PART * batch, lines - start),
                batch,
                (self._recipe.seed, epoch, start),
            )
            for start in range(0, lines, PART * batch)
        ]

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self._recipe.lines // self._recipe.batch)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return strips, float32, (n, 32, w), and their texts (n, 12) as CTC wants them."""
        part, place = divmod(index, PART)
        return _as_input((self._now or self._next)[part].result()[place])

    def on_epoch_begin(self) -> None:
        """Take the lines of this epoch and have those of the next one composed."""
        self._now = self._next
        self._epoch += 1
        self._next = self._compose(self._epoch) if self._epoch < self._recipe.epochs else []


def _as_input(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    strips, texts = batch
    return strips / np.float32(WHITE), texts


def compile_line(network: keras.Model, recipe: LineRecipe) -> None:
    """Give the network CTC and an optimiser that warms up and cools down to nothing."""
    steps = recipe.lines // recipe.batch * recipe.epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.peak / 10, steps, warmup_target=recipe.peak, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.decay, global_clipnorm=5.0)
    network.compile(optimizer, loss=keras.losses.CTC())


def fit_line(
    network: keras.Model, mnist: Mnist, recipe: LineRecipe, run: Path, *, resume: bool = False
) -> None:
    """Train `network`, leaving a checkpoint and a line of history for each epoch in `run`.

    Parameters and errors are those of `digits.training.digit.fit`.
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    compile_line(network, recipe)
    record = Record(dataclasses.asdict(recipe), checksums(mnist))
    if resume:
        record = dataclasses.replace(record, history=restore(network, run).history)
    else:
        forget(run)
    shown = FixedLines(
        mnist.validation, min(SHOWN, recipe.lines), recipe.batch, (recipe.seed + 1, 0)
    )
    with closing(ComposedLines(mnist.train, recipe, record.epochs)) as lines:
        network.fit(
            lines,
            initial_epoch=record.epochs,
            epochs=recipe.epochs,
            shuffle=False,
            validation_data=shown,
            callbacks=[Clock(), Checkpoint(run, record)],
            verbose=2,
        )


def export_line_run(
    network: keras.Model, mnist: Mnist, recipe: LineRecipe, run: Path, classifier: Classifier
) -> dict[str, Any]:
    """Fit what stands beside the line network, and write what is served and its card to `run`.

    Parameters
    ----------
    classifier : the digit network whose scores are added to this one's

    Returns
    -------
    the card: recipe, data, versions, and the figures on lines of validation digits
    """
    with staged(run) as folder:
        path = folder / f"{recipe.network}.onnx"
        rng = np.random.default_rng(recipe.seed + JUDGING_SEED)
        fitting = [compose_line(mnist.calibration, rng, TALL) for _ in range(JUDGED)]
        judging = [compose_line(mnist.validation, rng, TALL) for _ in range(JUDGED)]
        strips, _ = to_batch([compose_line(mnist.calibration, rng) for _ in range(recipe.batch)])
        export_line(network, path, strips / np.float32(WHITE))
        card: dict[str, Any] = {
            **provenance(recipe.network, TITLE, dataclasses.asdict(recipe), mnist),
            "parameters": network.count_params(),
            "multiply_adds": multiply_adds(build_line(MEASURED_WIDTH)),
            "beside": classifier.name.sha256,
            "weight": WEIGHT,
            "slope": 1.0,
            "offset": 0.0,
        }
        write_card(path, card)
        card |= _fit_beside(Reader(classifier, load_line_recognizer(path)), fitting)
        write_card(path, card)
        card["validation"] = judge_lines(Reader(classifier, load_line_recognizer(path)), judging)
        write_card(path, card)
        return load_card(path)


def summary(card: dict[str, Any], run: Path) -> str:
    """Return what a training came to, as lines for a terminal."""
    figures = card["validation"]
    low, high = figures["interval"]
    return (
        f"\nThe network and its card are in runs/{run.name}/. "
        f"Read with it: python -m digits read --model runs/{run.name} PICTURE\n"
        f"Done: the line network reads {figures['accuracy']:.1%} of {figures['lines']:,} composed "
        f"numbers of validation digits right (95 % interval {low:.1%} to {high:.1%}).\n"
    )


def judge_lines(reader: Reader, lines: list[SyntheticLine]) -> dict[str, Any]:
    """Return how well whole lines are read, as plain figures for the card."""
    read = reader.read_lines([as_text_region(line) for line in lines])
    right = np.array([a.text == b.text for a, b in zip(read, lines, strict=True)])
    confidence = np.array([line.confidence for line in read])
    low, high = interval(int(right.sum()), len(lines))
    return {
        "lines": len(lines),
        "accuracy": float(right.mean()),
        "interval": [low, high],
        "calibration_error": calibration_error(confidence, right),
    }


def as_text_region(line: SyntheticLine) -> TextRegion:
    """Return a composed line as if it had been found on a page."""
    height, width = line.strip.shape
    page = Page(to_ink(line.strip), line.strip, np.eye(3), (width, height))
    return TextRegion(page, Box(0, 0, width, height))


def _fit_beside(reader: Reader, lines: list[SyntheticLine]) -> dict[str, float]:
    """Fit what makes a whole number's confidence honest."""
    read = reader.read_lines([as_text_region(line) for line in lines])
    named = [(a, b) for a, b in zip(read, lines, strict=True) if a.digits]
    if not named:  # a network that has learned nothing: there is nothing to fit
        return {"slope": 1.0, "offset": 0.0}
    raw = np.clip([a.confidence for a, _ in named], SURE, 1 - SURE)
    right = np.array([a.text == b.text for a, b in named], float)
    slope, offset = fit_platt(np.log(raw / (1 - raw)), right, np.full(len(raw), 1 / len(raw)))
    return {"slope": slope, "offset": offset}
