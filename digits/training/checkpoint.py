"""What training goes on from: after each epoch one file, whole or the one before it."""

import tempfile
from pathlib import Path
from typing import Any

import h5py
import keras

from digits.errors import ModelError
from digits.io.atomic_write import write_whole

FILE = "checkpoint.weights.h5"  # in the folder of the run
HISTORY = "history.csv"  # beside it: a line of names, and one for each epoch
EPOCHS = "epochs"  # attribute of the file: how many were done


class Checkpoint(keras.callbacks.Callback):
    """Keep the weights, the optimiser and how many epochs they have seen, in one step.

    Keras' own `BackupAndRestore` writes over its last file, and the number of epochs into another:
    killed in between, it has neither the old state nor the new one.
    """

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Replace the file by one of this epoch."""
        with tempfile.TemporaryDirectory() as folder:
            written = Path(folder) / FILE
            self.model.save_weights(written)
            with h5py.File(written, "a") as file:
                file.attrs[EPOCHS] = epoch + 1
            write_whole(self._run / FILE, written.read_bytes())


def restore(network: keras.Model, run: Path) -> int:
    """Bring a compiled network to its last checkpoint; return how many epochs that has seen.

    The history is cut to as many lines: an epoch that was told of and not kept is trained again.

    Raises
    ------
    ModelError
        The checkpoint is damaged, or of another network.
    """
    if not (run / FILE).exists():
        forget(run)
        return 0
    try:
        with h5py.File(run / FILE) as file:
            epochs = int(file.attrs[EPOCHS])
        network.optimizer.build(network.trainable_variables)
        network.load_weights(run / FILE)
        told = (run / HISTORY).read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"training cannot go on: {run.name}/{FILE} is damaged or of another network; "
            "train anew without --resume"
        ) from error
    write_whole(run / HISTORY, "".join(told[: epochs + 1]).encode())
    return epochs


def forget(run: Path) -> None:
    """Remove an earlier attempt's checkpoint and history, which another replaces."""
    for name in (FILE, HISTORY):
        (run / name).unlink(missing_ok=True)
