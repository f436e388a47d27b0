"""Find and open models, corrections and sheets of this installation."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from digits.errors import DigitsError, MissingLibraryError, UnknownModelError, how_to_install
from digits.inference.classifier import load_card, load_classifier
from digits.inference.line_recognizer import (
    LineRecognizer,
    load_line_recognizer,
    open_line_recognizer,
)
from digits.inference.segmenter import Segmenter, open_segmenter
from digits.reader import Reader
from digits.settings import load_settings
from digits.types import ModelName

if TYPE_CHECKING:
    from digits.corrections.store import Corrections
    from digits.inference.reference_set import ReferenceSet
    from digits.marksheet.store import SheetStore

WEIGHTS = Path(__file__).parent / "weights"  # shipped with the package, read-only
RUNS = Path(__file__).parent.parent / "runs"  # trained in this checkout
DEFAULT = "cnn"
LINE = "line"  # the line network; cannot be chosen
PAGE = "page"  # the page network; cannot be chosen

_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model that can be chosen."""

    name: str  # for `--model`
    title: str  # shown to the user
    accuracy: float | None  # on MNIST's test digits, or on validation digits
    path: Path


def current_reader(model: str | None = None, *, lazy: bool = False) -> Reader:
    """Return the reader of a model, cached by the version of its file.

    Parameters
    ----------
    model : a name from `available_models`, that of a run with or without ``runs/``, the path of
        a `.onnx` or `.h5`, or None for the default; with a line network, digits are classified by
        the default network
    lazy : open the line network when a number needs it; a damaged one is then an error of each
        picture that does

    Returns
    -------
    Reader
        With the active personal head, if the model is given by name instead of a path.

    Raises
    ------
    ModelError
        There is no such model, or it or its personal head is damaged.
    MissingLibraryError
        A `.h5` was named and TensorFlow is not installed.
    """
    name = model or DEFAULT
    path = _path(name).resolve()
    with _lock:
        changed = _changed(path, name)
        shipped = _open(path, changed)
        if not lazy:
            shipped.line_recognizer.open()
        if _is_file(name) or not (folder := _learned(shipped)).is_dir():
            return shipped
        # Personal heads are imported for those who have learned one.
        from digits.personalization.versions import current_name

        learned = current_name(folder)
        return shipped if learned is None else _personal(path, changed, learned)


def shipped_reader(model: str | None = None) -> Reader:
    """Return the reader without personal head, else as `current_reader`."""
    name = model or DEFAULT
    path = _path(name).resolve()
    with _lock:
        return _open(path, _changed(path, name))


def learned_folder(model: str | None = None) -> Path:
    """Return the folder of a model's personal heads, which depends on its checksum."""
    return _learned(shipped_reader(model))


def current_reference_set(model: str | None = None) -> "ReferenceSet":
    """Return the reference set of a model.

    Raises
    ------
    ModelError
        As `current_reader`; or the model is an `.h5`, which has no reference set.
    """
    name = model or DEFAULT
    path = _path(name).resolve()
    with _lock:
        return _reference_set(path, _changed(path, name))


def current_corrections() -> "Corrections":
    """Return the store of corrections at the configured address.

    Raises
    ------
    SettingsError
        The settings are invalid.
    CorrectionsError
        The address of the database cannot be used.
    MissingLibraryError
        SQLAlchemy or Alembic is not installed.
    """
    with _lock:
        return _open_corrections(load_settings().database_url)


def current_sheets() -> "SheetStore":
    """Return the store of sheets at the configured address.

    Raises
    ------
    SettingsError
        The settings are invalid.
    SheetsError
        The address of the database cannot be used.
    MissingLibraryError
        SQLAlchemy or Alembic is not installed.
    """
    with _lock:
        return _open_sheets(load_settings().database_url)


def available_models() -> list[ModelCard]:
    """Return the shipped models, the default first, then trained ones, the newest first."""
    shipped = sorted(WEIGHTS.glob("*.onnx"), key=lambda path: (path.stem != DEFAULT, path.stem))
    trained = sorted(RUNS.glob("*/*.onnx"), key=lambda path: path.stat().st_mtime, reverse=True)
    cards = []
    for path in [path for path in [*shipped, *trained] if path.stem not in (LINE, PAGE)]:
        name = path.stem if path.parent == WEIGHTS else f"runs/{path.parent.name}"
        try:
            cards.append(_card(path, name, path.with_suffix(".json").stat().st_mtime_ns))
        except (DigitsError, OSError):  # an incomplete run
            continue
    return cards


@lru_cache(maxsize=64)
def _card(path: Path, name: str, changed: int) -> ModelCard:  # noqa: ARG001  # as `_open`
    card = load_card(path)
    return ModelCard(name, card.get("title", name), _accuracy(card), path)


def _accuracy(card: dict[str, object]) -> float | None:
    for part in ("test", "validation"):
        figures = card.get(part)
        if isinstance(figures, dict) and "accuracy" in figures:
            return float(figures["accuracy"])
    return None


def _path(model: str) -> Path:
    """Return the file of a model's name."""
    if _is_file(model):
        return Path(model)
    shipped = WEIGHTS / f"{model}.onnx"
    run = RUNS / model.removeprefix("runs/")
    if shipped in WEIGHTS.glob("*.onnx") or run.parent != RUNS or run.name == "..":
        return shipped
    try:
        return next(iter(sorted(run.glob("*.onnx"))), shipped)
    except OSError:  # the name is too long for a file
        return shipped


def _is_file(model: str) -> bool:
    return Path(model).suffix in (".onnx", ".h5", ".keras")


def _changed(path: Path, name: str) -> int:
    """Return the modification time of a model's file, which is part of the cache key."""
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        names = ", ".join(card.name for card in available_models())
        raise UnknownModelError(
            f"there is no model {name}: choose one of {names or 'those you train'}, "
            "or name an .onnx or .h5 file"
        ) from error


@lru_cache(maxsize=8)
def _open(path: Path, changed: int) -> Reader:  # noqa: ARG001  # a new version is a new key
    if path.stem == LINE:
        return Reader(
            load_classifier(WEIGHTS / f"{DEFAULT}.onnx"), load_line_recognizer(path), _segmenter()
        )
    if path.suffix == ".onnx":
        return Reader(load_classifier(path), _line_recognizer(), _segmenter())
    # The only import of TensorFlow for reading.
    from digits.inference.keras_backend import load_keras_file

    return Reader(load_keras_file(path), _line_recognizer(), _segmenter())


@lru_cache(maxsize=8)
def _personal(path: Path, changed: int, learned: str) -> Reader:
    """Add a version of the personal head to a shipped reader."""
    from digits.personalization.kernel_head import with_head
    from digits.personalization.versions import load_version

    shipped = _open(path, changed)
    head, version = load_version(_learned(shipped), learned)
    versions = shipped.classifier.name.sha256 + version.name
    name = ModelName(
        f"{shipped.classifier.name.name}, personal", hashlib.sha256(versions.encode()).hexdigest()
    )
    return replace(shipped, classifier=replace(with_head(shipped.classifier, head), name=name))


def _learned(shipped: Reader) -> Path:
    model = shipped.classifier.name
    return load_settings().folder / "learned" / f"{model.name}-{model.sha256[:12]}"


@lru_cache(maxsize=4)
def _open_corrections(url: str) -> "Corrections":
    with _database_libraries("corrections"):
        # Imported here: reading needs no database.
        from digits.corrections.store import Corrections
    return Corrections(url)


@lru_cache(maxsize=4)
def _open_sheets(url: str) -> "SheetStore":
    with _database_libraries("sheets"):
        from digits.marksheet.store import SheetStore
    return SheetStore(url)


@contextmanager
def _database_libraries(what: str) -> Iterator[None]:
    """Turn an ImportError into instructions to install the library."""
    try:
        yield
    except ImportError as error:
        raise MissingLibraryError(
            f"stored {what} need {error.name}, which is not installed: {how_to_install('app')}"
        ) from error


@lru_cache(maxsize=1)
def _line_recognizer() -> LineRecognizer:
    return open_line_recognizer(WEIGHTS / f"{LINE}.onnx")


@lru_cache(maxsize=1)
def _segmenter() -> Segmenter | None:
    """Return the shipped page network, if there is one."""
    return open_segmenter(WEIGHTS / f"{PAGE}.onnx")


@lru_cache(maxsize=2)
def _reference_set(path: Path, changed: int) -> "ReferenceSet":  # noqa: ARG001  # as above
    from digits.inference.reference_set import load_reference_set

    return load_reference_set(path)
