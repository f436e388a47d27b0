"""A few digits to train on, and the training command inside this process."""

import sys
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from digits.mnist import open_arrays
from digits.synthesis.batches import WIDTHS, compose_batches

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A file like MNIST's, of 1,320 validation and calibration digits, none of them a test's."""
    pictures, labels = open_arrays(ROOT / "data" / "mnist.npz", "train")
    path = tmp_path_factory.mktemp("data") / "few.npz"
    np.savez(
        path,
        x_train=pictures[55000:56200],
        y_train=labels[55000:56200],
        x_test=pictures[56200:56320],
        y_test=labels[56200:56320],
    )
    return path


@pytest.fixture(scope="module")
def small_line_network():
    """Build line networks with few channels, and compose their lines in this process.

    Returns the seeds of the lines that were composed.
    """
    seeds = []

    class Inline:
        def __init__(self, _workers, _context, initializer, initargs):
            (self.bank,) = initargs

        def submit(self, _function, lines, batch, seed):
            seeds.append(seed)
            done = Future()
            done.set_result(compose_batches(self.bank, lines, batch, seed))
            return done

        def shutdown(self, **_options):
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digits.training.architectures.LINE_WIDTHS", (4, 4, 4, 4))
        patch.setattr("digits.training.architectures.LINE_CONTEXT", 8)
        patch.setattr("digits.synthesis.batches.WIDTHS", WIDTHS[-1:])  # one graph to trace
        patch.setattr("digits.training.line.ProcessPoolExecutor", Inline)
        yield seeds


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder where the training command writes instead of in the checkout."""
    import train_model

    monkeypatch.setattr(train_model, "HERE", tmp_path)
    monkeypatch.setattr("digits.registry.RUNS", tmp_path / "runs")
    return tmp_path


@pytest.fixture
def command(here, few, monkeypatch):
    """Run ``train_model.py`` with these options on a few digits; return its exit status."""
    import train_model

    def run(*words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["train_model.py", "--data", str(few), *words])
        return train_model.main()

    return run
