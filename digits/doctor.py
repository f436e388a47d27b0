"""Check an installation: libraries, models and example pictures."""

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from digits import __version__
from digits.errors import DigitsError, how_to_install
from digits.io.document import load_picture
from digits.registry import available_models, current_reader
from digits.render.messages import count

EXAMPLES = Path(__file__).parent / "ui" / "examples"
KNOWN = {"a year.jpg": "2026", "five on ruled paper.jpg": "5", "blank paper.jpg": ""}
# The libraries of each extra in `pyproject.toml`; "" for the required ones.
LIBRARIES = {
    "": ("numpy", "onnxruntime", "opencv-python-headless", "pillow", "typer"),
    "app": ("alembic", "openpyxl", "pi-heif", "pypdfium2", "segno", "sqlalchemy", "streamlit"),
    "api": ("fastapi", "prometheus-client", "python-multipart", "uvicorn"),
    "postgres": ("psycopg",),
    "train": ("keras", "matplotlib", "onnx", "tensorflow", "tf2onnx"),
}
ABSENT = "not installed"
ALSO = {"tensorflow": "tensorflow-cpu"}  # alternatives


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    what: str
    state: str
    wrong: bool = False  # a fault


def examine() -> Iterator[Finding]:
    """Yield the results in order of dependency."""
    yield Finding("digits", __version__)
    yield Finding("Python", f"{platform.python_version()}, {platform.platform(terse=True)}")
    for part, names in LIBRARIES.items():
        for name in names:
            yield _library(name, part)
    try:
        models = available_models()
    except DigitsError as error:
        models = []
        yield Finding("models", str(error), wrong=True)
    for card in models:
        yield _model(card.name)
    yield from _self_test()


def verdict(findings: Sequence[Finding]) -> str:
    """Return a summary in one line."""
    faults = sum(finding.wrong for finding in findings)
    if faults:
        return f"{count(faults, 'fault')} found, named above"
    absent = [
        part
        for part, names in LIBRARIES.items()
        if any(found.what in names and found.state.startswith(ABSENT) for found in findings)
    ]
    if not absent:
        return "everything works"
    return f"reading works; for the parts {', '.join(absent)} {how_to_install(','.join(absent))}"


def _library(name: str, part: str) -> Finding:
    for candidate in (name, ALSO.get(name, name)):
        try:
            return Finding(candidate, metadata.version(candidate))
        except metadata.PackageNotFoundError:
            continue
    if part:
        return Finding(name, f"{ABSENT}; comes with digits[{part}]")
    return Finding(name, f"{ABSENT}, and nothing is read without it", wrong=True)


def _model(name: str) -> Finding:
    try:
        reader = current_reader(name)
    except DigitsError as error:
        return Finding(f"model {name}", str(error), wrong=True)
    return Finding(f"model {name}", f"opens; sha256 {reader.classifier.name.sha256[:12]}")


def _self_test() -> Iterator[Finding]:
    for file, text in KNOWN.items():
        try:
            found = current_reader().read(load_picture(EXAMPLES / file)).text
        except DigitsError as error:
            yield Finding(f"reads {file}", str(error), wrong=True)
            continue
        right = f'as "{found}"'
        wrong = f'as "{found}", but it says "{text}"'
        yield Finding(f"reads {file}", right if found == text else wrong, wrong=found != text)
