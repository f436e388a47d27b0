"""Keras callbacks: time of each epoch, checkpoints, and learning rate."""

import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from digits.training.checkpoint import Record, save_checkpoint
from digits.training.recipes import duration

WARM_UP = 2  # epochs in which the learning rate rises
LOWEST = 0.02  # of the highest learning rate, its last one
STOP_EARLY = 0.03  # of the minutes: an epoch that ends so late is the last


class Clock(keras.callbacks.Callback):
    """Add the seconds of each epoch to its figures, and print the time left before the next."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: list[float] = []  # seconds of each epoch

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Start the clock."""
        if self._taken:
            left = (self.params["epochs"] - epoch) * sum(self._taken) / len(self._taken)
            sys.stdout.write(f"Left for these epochs: {duration(left)}\n")
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        """Stop the clock."""
        self._taken.append(time.perf_counter() - self._started)
        if logs is not None:
            logs["seconds"] = self._taken[-1]


class Checkpoint(keras.callbacks.Callback):
    """Save a checkpoint after each epoch."""

    def __init__(self, run: Path, record: Record) -> None:
        super().__init__()
        self._run = run
        self.record = record  # of the epochs so far

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Save the checkpoint of this epoch."""
        figures = {name: float(value) for name, value in (logs or {}).items()}
        self.record = self.record.with_epoch(figures)
        save_checkpoint(self.model, self._run, self.record)


class LearningRate(keras.callbacks.Callback):
    """Raise the learning rate, then let it fall as a cosine over all epochs, or over the minutes.

    It is set for whole epochs: on JAX, Keras reads the optimizer's variables once an epoch.

    Parameters
    ----------
    peak : highest learning rate
    epochs : of the whole training, with those before it was resumed
    minutes : after which to stop at the end of an epoch; None for all epochs
    """

    def __init__(self, peak: float, epochs: int, minutes: float | None = None) -> None:
        super().__init__()
        self._peak, self._epochs, self._minutes = peak, epochs, minutes
        self._start = time.monotonic()

    def _spent(self, epoch: int) -> float:
        """Return the share of the epochs, or of the minutes, that is over."""
        if self._minutes is None:
            return epoch / self._epochs
        return (time.monotonic() - self._start) / (60 * self._minutes)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Set the rate of this epoch."""
        fallen = 0.5 + 0.5 * float(np.cos(np.pi * min(1.0, self._spent(epoch))))
        risen = min(1.0, (1 + epoch) / (1 + WARM_UP))
        self.model.optimizer.learning_rate = self._peak * risen * max(LOWEST, fallen)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Stop where the next epoch would not end in time."""
        if self._minutes is not None and self._spent(epoch) > 1 - STOP_EARLY:
            self.model.stop_training = True
