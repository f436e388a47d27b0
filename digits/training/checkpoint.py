"""Save and restore checkpoints: weights, optimizer, recipe and history in one file per run.

The file is replaced atomically. Reading its recipe needs no TensorFlow.
"""

import csv
import io
import json
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digits.errors import ModelError
from digits.io.atomic_write import atomic_write

if TYPE_CHECKING:
    from digits.mnist import Mnist
    from digits.training.handwriting_frames import HandwritingFrames

FILE = "checkpoint.weights.h5"  # in the folder of the run
HEAD = "head.weights.h5"  # a trained reject head, until it is exported
HISTORY = "history.csv"  # CSV with a line for each epoch
RECORD = "training"  # dataset of the file: the record as JSON
GENERATORS = "generators"  # group of the file: the states of dropout's random generators


@dataclass(frozen=True, slots=True)
class Record:
    """Recipe, data and history of a training."""

    recipe: dict[str, Any]  # fields of the recipe
    data: dict[str, str | None]  # see `checksums`
    history: tuple[dict[str, float], ...] = ()  # figures of each epoch

    @property
    def epochs(self) -> int:
        """Number of completed epochs."""
        return len(self.history)

    def with_epoch(self, figures: dict[str, float]) -> "Record":
        """Return the record after one more epoch."""
        return replace(self, history=(*self.history, figures))


def checksums(mnist: "Mnist", written: "HandwritingFrames | None" = None) -> dict[str, str | None]:
    """Return checksums of the training data."""
    return {
        "data_sha256": mnist.sha256,
        "corrections_sha256": mnist.corrections_sha256,
        "handwriting_sha256": None if written is None else written.sha256,
    }


def save_checkpoint(network: Any, run: Path, record: Record) -> None:  # noqa: ANN401  # a Keras model
    """Replace the checkpoint and the history in `run`.

    Keras' `BackupAndRestore` overwrites its last file, and writes the number of epochs to another
    one: if it is killed in between, both states are lost.
    """
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / FILE
        network.save_weights(written)
        with h5py.File(written, "a") as file:
            file[RECORD] = json.dumps(asdict(record))
            for number, state in enumerate(_generators(network)):  # no weights to Keras
                file[f"{GENERATORS}/{number}"] = state.numpy()
        atomic_write(run / FILE, written.read_bytes())
    _write_history(run, record)


def load_record(run: Path) -> Record | None:
    """Return the record of the checkpoint in `run`; None without a checkpoint.

    Raises
    ------
    ModelError
        The checkpoint is damaged, or from a version that kept no record.
    """
    if not (run / FILE).exists():
        return None
    import h5py

    try:
        with h5py.File(run / FILE) as file:
            stored = json.loads(file[RECORD][()])
        return Record(stored["recipe"], stored["data"], tuple(stored["history"]))
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise _damaged(run) from error


def restore(network: Any, run: Path) -> Record:  # noqa: ANN401  # a Keras model
    """Restore a compiled network and the history from the checkpoint in `run`.

    Raises
    ------
    ModelError
        There is no checkpoint, or it is damaged or of another network.
    """
    import h5py

    record = load_record(run)
    if record is None:
        raise ModelError(f"there is no checkpoint in runs/{run.name}/: train without --resume")
    try:
        network.optimizer.build(network.trainable_variables)
        network.load_weights(run / FILE)
        with h5py.File(run / FILE) as file:
            for number, state in enumerate(_generators(network)):
                state.assign(file[f"{GENERATORS}/{number}"][()])
    except (OSError, KeyError, ValueError) as error:
        raise _damaged(run) from error
    _write_history(run, record)
    return record


def forget(run: Path) -> None:
    """Remove the checkpoint and history of an earlier training."""
    for name in (FILE, HEAD, HISTORY):
        (run / name).unlink(missing_ok=True)


def load_history(run: Path) -> list[dict[str, float]]:
    """Return the figures of each epoch, such as loss and accuracy, rounded to 5 decimals."""
    with (run / HISTORY).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {name: round(float(value), 5) for name, value in row.items() if name != "epoch"}
        for row in rows
    ]


def _generators(network: Any) -> list[Any]:  # noqa: ANN401  # a Keras model and its variables
    """Return the states of a network's random generators, in the order of its layers."""
    weights = {id(variable) for variable in network.weights}
    return [variable for variable in network.variables if id(variable) not in weights]


def _write_history(run: Path, record: Record) -> None:
    table = io.StringIO()
    writer = csv.DictWriter(table, ["epoch", *record.history[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows({"epoch": n, **row} for n, row in enumerate(record.history, start=1))
    atomic_write(run / HISTORY, table.getvalue().encode())


def _damaged(run: Path) -> ModelError:
    return ModelError(
        f"training cannot be resumed: the checkpoint in runs/{run.name}/ is damaged, of another "
        "network or of another version; train again without --resume"
    )
