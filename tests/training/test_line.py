"""The line network on a few lines: what training leaves, how it goes on, what stands beside it."""

import dataclasses
import json

import numpy as np
import pytest

from digits.inference.line_recognizer import LineRecognizer
from digits.types import ModelName

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")

from digits.inference.classifier import load_classifier  # noqa: E402
from digits.inference.line_recognizer import load_line_recognizer  # noqa: E402
from digits.registry import WEIGHTS, current_reader  # noqa: E402
from digits.synthesis.line import compose_line  # noqa: E402
from digits.training.architectures import build_line  # noqa: E402
from digits.training.callbacks import LearningRate  # noqa: E402
from digits.training.checkpoint import load_history, restore  # noqa: E402
from digits.training.ink_bank import load_bank  # noqa: E402
from digits.training.line import (  # noqa: E402
    FixedLines,
    average,
    compile_line,
    export_line_run,
    fit_line,
    judge_lines,
)
from digits.training.recipes import LineRecipe  # noqa: E402

pytestmark = pytest.mark.slow  # trains, and imports TensorFlow

TINY = LineRecipe(epochs=2, lines=16, batch=8)


@pytest.fixture(scope="module", autouse=True)
def narrow(small_line_network):
    """All line networks here are small."""


@pytest.fixture(scope="module")
def mnist(mnist):
    """Validation digits in every part: nothing here is to be judged."""
    return dataclasses.replace(mnist, train=mnist.validation)


@pytest.fixture(scope="module")
def trained(mnist, small_line_network, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "line-0"
    network = build_line()
    classifier = load_classifier(WEIGHTS / "cnn.onnx")
    small_line_network.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digits.training.line.JUDGED", 6)
        fit_line(network, mnist, TINY, run)
        card = export_line_run(network, mnist, TINY, run, classifier)
    # Every set of lines that is composed is shown: one for each epoch, and none after the last.
    assert small_line_network == [(0, 0, 0), (0, 1, 0)]
    return network, run, card


def test_the_validation_lines_are_the_same_in_every_epoch(trained, mnist):
    _, run, _ = trained
    network = build_line()
    compile_line(network, TINY)
    restore(network, run)  # the weights of the last epoch: what is exported is their average
    bank = load_bank(mnist.validation, None, len(mnist.validation.labels))
    lines = FixedLines(bank, TINY.lines, TINY.batch, (TINY.seed + 1, 0))
    before = [lines[i] for i in range(len(lines))]
    lines.on_epoch_begin()
    lines.on_epoch_end()
    for (strips, texts), again in zip(before, (lines[i] for i in range(len(lines))), strict=True):
        np.testing.assert_array_equal(strips, again[0])
        np.testing.assert_array_equal(texts, again[1])
    # In the last epoch as in the first: its loss is that of lines composed before any.
    result = load_history(run)[-1]["val_loss"]
    assert network.evaluate(lines, verbose=0) == pytest.approx(result, rel=1e-4)


def test_training_leaves_history_a_card_and_what_is_served(trained, mnist):
    network, run, card = trained
    assert len((run / "history.csv").read_text("utf-8").splitlines()) == 3
    assert card["validation"]["lines"] == 6
    assert json.loads((run / "line.json").read_text("utf-8"))["data_sha256"] == mnist.sha256
    served = load_line_recognizer(run / "line.onnx")
    strips = np.random.default_rng(0).random((3, 32, 100)).astype(np.float32)
    np.testing.assert_allclose(served.network(strips), network(strips), atol=1e-4)


def test_the_average_of_the_weights_comes_back_from_the_checkpoint(trained):
    network, run, _ = trained
    again = build_line()
    assert average(again, TINY, run) == TINY.epochs
    for mine, theirs in zip(again.trainable_weights, network.trainable_weights, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_the_rate_falls_by_the_clock_and_ends_the_training_in_time():
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    network.compile("adam", "mse")
    rate = LearningRate(2e-3, 50, minutes=1e-4)
    zeros = np.zeros((4, 1))
    history = network.fit(zeros, zeros, epochs=50, callbacks=[rate], verbose=0)
    assert len(history.epoch) == 1


def test_a_trained_line_network_can_be_used_to_read(trained):
    assert current_reader(str(trained[1] / "line.onnx")).line_recognizer.name.name == "line"


def test_the_shipped_network_reads_composed_lines_it_never_saw(mnist):
    rng = np.random.default_rng(99)
    bank = load_bank(mnist.validation, None)
    lines = [compose_line(bank, rng) for _ in range(100)]
    figures = judge_lines(current_reader(), lines)
    assert figures["accuracy"] > 0.6  # many of them no person could read
    assert figures["calibration_error"] < 0.12


def test_confidence_rises_with_certainty():
    silent = lambda strips: np.zeros((len(strips), 1, 11), np.float32)  # noqa: E731
    beside = LineRecognizer(ModelName("x", ""), silent, slope=0.7, offset=-1.0)
    confidence = [beside.confidence(p) for p in (0.0, 0.2, 0.9, 1.0)]
    assert confidence == sorted(confidence)
    assert 0 <= confidence[0] < confidence[-1] <= 1
