"""The one place that chooses files: which model answers, and where models lie."""

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digits.core import DigitsError, MissingLibraryError, ModelError
from digits.model.classifier import load_card, load_classifier
from digits.model.line import LineNetwork, load_line_network
from digits.reader import Reader
from digits.settings import load_settings

if TYPE_CHECKING:
    from digits.corrections import Corrections

WEIGHTS = Path(__file__).parent / "weights"  # shipped with the package, never written to
RUNS = Path(__file__).parent.parent / "runs"  # what a person trained in this checkout
DEFAULT = "cnn"
LINE = "line"  # the network that finds the digits of a line; not one to choose among

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model that can be chosen, and how good it is."""

    name: str  # what `--model` takes
    title: str  # for people
    accuracy: float | None  # share of right answers on MNIST's test digits, or on validation
    path: Path


def current_reader(model: str | None = None) -> Reader:
    """Return the reader to use now: one for each model and version of its file.

    Parameters
    ----------
    model : a name from `available_models`, the path of a `.onnx` or `.h5`, or None for the
        default; where it names a line network, the default network names the digits

    Raises
    ------
    ModelError
        There is no such model, or it is damaged.
    MissingLibraryError
        A `.h5` was named and TensorFlow is not installed.
    """
    path = _path(model or DEFAULT)
    try:
        changed = path.stat().st_mtime_ns
    except OSError as error:
        names = ", ".join(card.name for card in available_models())
        raise ModelError(
            f"there is no model {model or DEFAULT}: choose one of {names or 'those you train'}, "
            "or name an .onnx or .h5 file"
        ) from error
    with _lock:
        return _open(path.resolve(), changed)


def current_corrections() -> "Corrections":
    """Return the store of corrections that the settings name: one for each address.

    Raises
    ------
    SettingsError
        The settings make no sense.
    CorrectionsError
        The address of the database cannot be used.
    MissingLibraryError
        SQLAlchemy or Alembic is not installed.
    """
    with _lock:
        return _open_store(load_settings().database_url)


def available_models() -> list[ModelCard]:
    """Return the shipped models, the default first, then what was trained here, newest first."""
    shipped = sorted(WEIGHTS.glob("*.onnx"), key=lambda path: (path.stem != DEFAULT, path.stem))
    trained = sorted(RUNS.glob("*/*.onnx"), key=lambda path: path.stat().st_mtime, reverse=True)
    cards = []
    for path in [path for path in [*shipped, *trained] if path.stem != LINE]:
        name = path.stem if path.parent == WEIGHTS else f"runs/{path.parent.name}"
        try:
            card = load_card(path)
        except DigitsError:  # half of a run that was stopped: nothing to choose
            continue
        cards.append(ModelCard(name, card.get("title", name), _accuracy(card), path))
    return cards


def _accuracy(card: dict[str, object]) -> float | None:
    for part in ("test", "validation"):
        figures = card.get(part)
        if isinstance(figures, dict) and "accuracy" in figures:
            return float(figures["accuracy"])
    return None


def _path(model: str) -> Path:
    """Return the file that a model's name stands for."""
    if Path(model).suffix in (".onnx", ".h5", ".keras"):
        return Path(model)
    if model.startswith("runs/"):
        found = sorted((RUNS / model.removeprefix("runs/")).glob("*.onnx"))
        return found[0] if found else RUNS / "no.onnx"
    return WEIGHTS / f"{model}.onnx"


@lru_cache(maxsize=8)
def _open(path: Path, changed: int) -> Reader:  # noqa: ARG001  # a new version is a new key
    if path.stem == LINE:
        return Reader(load_classifier(WEIGHTS / f"{DEFAULT}.onnx"), load_line_network(path))
    if path.suffix == ".onnx":
        return Reader(load_classifier(path), _line_network())
    # Only here is TensorFlow imported to read.
    from digits.model.keras_file import load_keras_file

    return Reader(load_keras_file(path), _line_network())


@lru_cache(maxsize=4)
def _open_store(url: str) -> "Corrections":
    try:
        # Only here: reading needs no database.
        from digits.corrections import Corrections
    except ImportError as error:
        raise MissingLibraryError(
            f"corrections need {error.name}, which is not installed: pip install alembic sqlalchemy"
        ) from error
    return Corrections(url)


@lru_cache(maxsize=1)
def _line_network() -> LineNetwork:
    return load_line_network(WEIGHTS / f"{LINE}.onnx")
