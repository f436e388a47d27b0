"""Keras callbacks: time of each epoch, and checkpoints."""

import sys
import time
from pathlib import Path
from typing import Any

import keras

from digits.training.checkpoint import Record, save_checkpoint
from digits.training.recipes import duration


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
