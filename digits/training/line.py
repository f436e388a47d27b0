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
from digits.inference.ctc import log_softmax
from digits.inference.line_recognizer import load_line_recognizer
from digits.mnist import Mnist
from digits.reader import Reader
from digits.reading.hypotheses import to_frames
from digits.synthesis.batches import (
    WHITE,
    Batch,
    compose_batches,
    compose_part,
    start_composer,
    to_batch,
)
from digits.synthesis.line import TALL, SyntheticLine, compose_line
from digits.synthesis.page_ink import InkBank
from digits.training.architectures import build_line
from digits.training.callbacks import Checkpoint, Clock, LearningRate
from digits.training.checkpoint import Record, checksums, forget, load_record, restore
from digits.training.digit import provenance
from digits.training.export import export_line, multiply_adds, staged
from digits.training.handwriting import SOURCES, Handwriting, Side
from digits.training.ink_bank import load_bank
from digits.training.recipes import LineRecipe
from digits.types import ALPHABET, CONFIDENCE_THRESHOLD, Box, Page

TITLE = "Line network: where the digits of a number stand"
SHOWN = 1024  # lines of validation digits for each epoch
PART = 8  # batches composed at a time, each of similar widths
JUDGED = 2000  # lines for calibration, and as many for evaluation
JUDGING_SEED = 1000  # added to the recipe's, for lines that were not used before
EXPORTED = 16  # lines on which the exported network must agree with Keras
FITTED_JUDGED: tuple[Side, Side] = ("calibration", "validation")
MEASURED_WIDTH = 256  # px of the strip for which multiplications are counted
# On forms and sheets a slash is rarer than in composed lines, where dates and fractions are
# frequent; without this a slanted 1 is read as one.
PRIOR = {"/": 0.05}
# Of the digit network's log-probabilities. 0.0 fits composed lines of held-out writers best, on
# which the line network was trained; on other pictures 0.4 reads more right (docs/decisions.md).
WEIGHT = 0.4
WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)
TINY = 1e-12  # probability; the logarithm of 0 is not a number
SURE = 1e-9  # probabilities are clipped to this and 1 minus this


class FixedLines(keras.utils.PyDataset):
    """Lines that are composed once and are the same in every epoch, as for validation."""

    def __init__(self, bank: InkBank, lines: int, batch: int, seed: tuple[int, ...]) -> None:
        super().__init__()
        self._batches = compose_batches(bank, lines, batch, seed)

    def __len__(self) -> int:
        """Return the number of batches."""
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return strips, float32, (n, 32, w), and their texts (n, 16) in the format of CTC."""
        return _as_input(self._batches[index])


class ComposedLines(keras.utils.PyDataset):
    """Lines composed anew for each epoch, in other processes while this one trains.

    Which lines depends on seed and epoch alone, so that a resumed training sees what an
    uninterrupted one sees. Keras must not shuffle them: it would take a global generator.

    Parameters
    ----------
    epoch : how many epochs are done; the lines of the next two are composed at once
    """

    def __init__(self, bank: InkBank, recipe: LineRecipe, epoch: int) -> None:
        super().__init__()
        self._recipe = recipe
        # A new process: a fork would lack the threads of this one.
        self._composer = ProcessPoolExecutor(
            recipe.workers, get_context("spawn"), initializer=start_composer, initargs=(bank,)
        )
        self._parts: dict[int, list[Future[list[Batch]]]] = {}
        self.begin(epoch)

    def begin(self, epoch: int) -> None:
        """Use the lines of this epoch from now on, and compose those of the next one.

        Keras' own `on_epoch_begin` comes once more on JAX than there are epochs.
        """
        self._epoch = epoch
        for each in (epoch, epoch + 1):
            if each not in self._parts and each < self._recipe.epochs:
                self._parts[each] = self._compose(each)
        for each in [each for each in self._parts if each < epoch]:
            del self._parts[each]

    def close(self) -> None:
        """End the processes that compose."""
        self._composer.shutdown(cancel_futures=True)

    def _compose(self, epoch: int) -> list[Future[list[Batch]]]:
        """Compose the lines of an epoch in parts: the first may be used before the last."""
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
        """Return strips, float32, (n, 32, w), and their texts (n, 16) in the format of CTC."""
        part, place = divmod(index, PART)
        return _as_input(self._parts[self._epoch][part].result()[place])


def _as_input(batch: Batch) -> tuple[np.ndarray, np.ndarray]:
    strips, texts = batch
    return strips / np.float32(WHITE), texts


def compile_line(network: keras.Model, recipe: LineRecipe) -> None:
    """Compile with CTC and AdamW, with averaged weights; `LearningRate` sets its rate."""
    optimizer = keras.optimizers.AdamW(
        recipe.peak,
        weight_decay=recipe.decay,
        global_clipnorm=5.0,
        use_ema=True,
        ema_momentum=recipe.momentum,
    )
    network.compile(optimizer, loss=keras.losses.CTC())


def fit_line(
    network: keras.Model,
    mnist: Mnist,
    recipe: LineRecipe,
    run: Path,
    *,
    handwriting: Handwriting | None = None,
    resume: bool = False,
    minutes: float | None = None,
) -> None:
    """Train `network`, with a checkpoint and a line of history for each epoch in `run`.

    Afterwards it has the running average of its weights, as from `average`.

    Parameters
    ----------
    handwriting : of other data sets, split by writer here; None for MNIST alone
    minutes : after which to stop at the end of an epoch; the learning rate then falls by the
        clock. None trains all epochs

    The others, and errors, are those of `digits.training.digit.fit`.
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
        _bank(mnist, handwriting, "validation"),
        min(SHOWN, recipe.lines),
        recipe.batch,
        (recipe.seed + 1, 0),
    )
    bank = _bank(mnist, handwriting, "train")
    with closing(ComposedLines(bank, recipe, record.epochs)) as lines:
        network.fit(
            lines,
            initial_epoch=record.epochs,
            epochs=recipe.epochs,
            shuffle=False,
            validation_data=shown,
            callbacks=[
                keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: lines.begin(epoch)),
                Clock(),
                Checkpoint(run, record),
                LearningRate(recipe.peak, recipe.epochs, minutes),
            ],
            verbose=2,
        )


def _bank(mnist: Mnist, handwriting: Handwriting | None, side: Side) -> InkBank:
    """Return the handwriting for lines of one split."""
    digits = {
        "train": mnist.train,
        "validation": mnist.validation,
        "calibration": mnist.calibration,
    }[side]
    return load_bank(digits, handwriting and handwriting.side(side), len(digits.labels))


def average(network: keras.Model, recipe: LineRecipe, run: Path) -> int:
    """Set the network's weights to the averaged weights of the checkpoint in `run`.

    Returns
    -------
    int
        How many epochs it has seen.
    """
    compile_line(network, recipe)
    record = restore(network, run)
    network.optimizer.finalize_variable_values(network.trainable_variables)
    return record.epochs


def export_line_run(
    network: keras.Model,
    mnist: Mnist,
    recipe: LineRecipe,
    run: Path,
    classifier: Classifier,
    *,
    handwriting: Handwriting | None = None,
) -> dict[str, Any]:
    """Calibrate the line network, and write the served network and its card to `run`.

    Parameters
    ----------
    classifier : the digit network whose scores are added to this one's
    handwriting : of other data sets; writers of the other two splits calibrate and evaluate

    Returns
    -------
    the card: recipe, data, versions, and the figures on lines of validation digits
    """
    with staged(run) as folder:
        path = folder / f"{recipe.network}.onnx"
        rng = np.random.default_rng(recipe.seed + JUDGING_SEED)
        fitted, judged = (_bank(mnist, handwriting, side) for side in FITTED_JUDGED)
        fitting = [compose_line(fitted, rng, TALL) for _ in range(JUDGED)]
        judging = [compose_line(judged, rng, TALL) for _ in range(JUDGED)]
        strips, _ = to_batch([compose_line(fitted, rng) for _ in range(EXPORTED)])
        export_line(network, path, strips / np.float32(WHITE))
        card: dict[str, Any] = {
            **provenance(recipe.network, TITLE, dataclasses.asdict(recipe), mnist),
            "parameters": network.count_params(),
            "multiply_adds": multiply_adds(build_line(MEASURED_WIDTH)),
            "epochs": load_epochs(run),
            "alphabet": ALPHABET,
            "handwriting": _describe(handwriting),
            "beside": classifier.name.sha256,
            "prior": PRIOR,
            "weight": WEIGHT,
            "slope": 1.0,
            "offset": 0.0,
        }
        write_card(path, card)
        card["weight_on_lines"] = fit_weight(
            Reader(classifier, load_line_recognizer(path)), fitting
        )
        write_card(path, card)
        card |= _fit_confidence(Reader(classifier, load_line_recognizer(path)), fitting)
        write_card(path, card)
        card["validation"] = judge_lines(Reader(classifier, load_line_recognizer(path)), judging)
        write_card(path, card)
        return load_card(path)


def load_epochs(run: Path) -> int:
    """Return the number of completed epochs in `run`."""
    record = load_record(run)
    return 0 if record is None else record.epochs


def _describe(handwriting: Handwriting | None) -> list[str]:
    """Return the names of the handwriting data, for the card."""
    others = () if handwriting is None else handwriting.sources
    return ["MNIST", *(SOURCES[source].title for source in others if source != "optdigits")]


def summary(card: dict[str, Any], run: Path) -> str:
    """Return the result of a training, as lines for a terminal."""
    figures = card["validation"]
    low, high = figures["interval"]
    return (
        f"\nThe network and its card are in runs/{run.name}/. "
        f"Read with it: python -m digits read --model runs/{run.name} PICTURE\n"
        f"Done: the line network reads {figures['accuracy']:.1%} of {figures['lines']:,} composed "
        f"numbers of validation digits right (95 % interval {low:.1%} to {high:.1%}).\n"
    )


def judge_lines(reader: Reader, lines: list[SyntheticLine]) -> dict[str, Any]:
    """Return the accuracy of whole lines, as figures for the card.

    "accuracy" counts numbers with all of their digits, "written" those with their separators too;
    "silent" the share of lines that are wrong with a confidence above the threshold.
    """
    read = reader.read_lines([as_text_region(line) for line in lines])
    pairs = list(zip(read, lines, strict=True))
    right = np.array([a.text == b.text for a, b in pairs])
    written = np.array([a.written == b.written for a, b in pairs])
    confidence = np.array([line.confidence for line in read])
    low, high = interval(int(right.sum()), len(lines))
    points = np.array(["." in b.written for _, b in pairs])
    kept = np.array(["." in a.written for a in read])
    return {
        "lines": len(lines),
        "accuracy": float(right.mean()),
        "interval": [low, high],
        "written": float(written.mean()),
        "points": int(points.sum()),
        "points_lost": int((points & ~kept).sum()),
        "points_lost_in_silence": int(
            (points & ~kept & (confidence >= CONFIDENCE_THRESHOLD)).sum()
        ),
        "silent": float((~written & (confidence >= CONFIDENCE_THRESHOLD)).mean()),
        "calibration_error": calibration_error(confidence, written),
    }


def as_text_region(line: SyntheticLine) -> TextRegion:
    """Return a composed line as a region of a page."""
    height, width = line.strip.shape
    page = Page(to_ink(line.strip), line.strip, np.eye(3), (width, height))
    return TextRegion(page, Box(0, 0, width, height))


def fit_weight(reader: Reader, lines: list[SyntheticLine]) -> float:
    """Return the weight of the digit network relative to the line network.

    The one of `WEIGHTS` under which the digits of lines that both cut alike are likeliest.
    """
    found = [as_text_region(line) for line in lines]
    hypotheses = reader.find_hypotheses(found)
    frames = to_frames([glyph for number in hypotheses for glyph in number.glyphs])
    answers = reader.classifier.classify(frames)
    named = np.log(np.maximum(np.asarray(answers.probabilities), TINY))
    scores, opinions, truth, start = [], [], [], 0
    for number, line in zip(hypotheses, lines, strict=True):
        rows = named[start : start + len(number)]
        start += len(number)
        digits = line.text
        if len(digits) == len(number) and number.scores is not None:
            scores.append(number.scores)
            opinions.append(rows)
            truth += [int(digit) for digit in digits]
    if not truth:
        return WEIGHTS[0]
    line_scores, digit_scores = np.concatenate(scores), np.concatenate(opinions)
    chosen = np.arange(len(truth)), np.array(truth)
    fits = [log_softmax(line_scores + w * digit_scores)[chosen].mean() for w in WEIGHTS]
    return WEIGHTS[int(np.argmax(fits))]


def _fit_confidence(reader: Reader, lines: list[SyntheticLine]) -> dict[str, float]:
    """Return the calibration of the confidence of a whole number with its separators."""
    read = reader.read_lines([as_text_region(line) for line in lines])
    named = [(a, b) for a, b in zip(read, lines, strict=True) if a.digits]
    if not named:  # an untrained network: there is nothing to fit
        return {"slope": 1.0, "offset": 0.0}
    raw = np.clip([a.confidence for a, _ in named], SURE, 1 - SURE)
    right = np.array([a.written == b.written for a, b in named], float)
    slope, offset = fit_platt(np.log(raw / (1 - raw)), right, np.full(len(raw), 1 / len(raw)))
    return {"slope": slope, "offset": offset}
