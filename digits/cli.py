"""The command: standard output is data, standard error is for people.

Exit status 0: everything was read. 1: something failed, and each failure was named.
2: the command itself was wrong.
"""

import csv
import glob
import io
import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digits import __version__
from digits.core import Box, DigitsError, Hint, HintError, ModelName, PictureError, Reading

if TYPE_CHECKING:
    from digits.reader import Reader

FAILED, USAGE, INTERRUPTED = 1, 2, 130  # exit status
FORMULA = ("=", "+", "-", "@")  # how a spreadsheet's formula begins
STDIN = "-"

app = typer.Typer(
    name="digits",
    help="Read handwritten digits from photographs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How readings are printed."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


Single = Annotated[bool, typer.Option("--single", help="Each picture holds exactly one digit.")]
Model = Annotated[
    str | None, typer.Option(help="cnn, dense, runs/NAME, or the path of an .h5 or .onnx file.")
]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = app(args=None if argv is None else list(argv), standalone_mode=False)
    except typer.Exit as leave:
        return leave.exit_code
    except typer.Abort:
        return INTERRUPTED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has had enough; Python must not complain when it closes it.
        sys.stdout = io.StringIO()
        return FAILED
    except HintError as error:
        _tell(f"digits: {error}")
        return USAGE
    except DigitsError as error:
        _tell(f"digits: {error}")
        return FAILED
    except Exception as error:
        # Typer's own complaint about arguments has no public parent class, but says how it ends.
        if hasattr(error, "exit_code") and hasattr(error, "format_message"):
            _tell(f"digits: {error.format_message()} See: digits --help")
            return USAGE
        logging.getLogger("digits").exception("digits: something unforeseen happened")
        return FAILED
    return status if isinstance(status, int) else 0


def _version(wanted: bool) -> None:
    if wanted:
        _print(f"digits {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[  # noqa: ARG001  # its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read handwritten digits from photographs."""


@app.command()
def read(  # noqa: PLR0913  # one argument for each option
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, folders, patterns; - is standard input.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.text,
    single: Single = False,
    length: Annotated[int | None, typer.Option(help="One line of this many digits.")] = None,
    box: Annotated[
        list[str] | None, typer.Option(help="Read only x,y,width,height; may be repeated.")
    ] = None,
    accept: Annotated[float, typer.Option(help="Less confident readings are doubtful.")] = 0.5,
    model: Model = None,
) -> int:
    """Print what is written in each picture.

    digits read photo.jpg

    digits read --single --format csv folder/
    """
    from digits.assembly import current_reader

    hint = _hint(single=single, length=length, box=box or [], accept=accept)
    reader = current_reader(model)
    failures = 0

    def readings() -> Iterator[Reading]:
        nonlocal failures
        for source in _sources(paths):
            reading = _read(reader, source, hint)
            if reading.error:
                failures += 1
                _tell(f"digits: {reading.file}: {reading.error}")
            yield reading

    _WRITERS[format_](readings())
    return FAILED if failures else 0


@app.command()
def evaluate(
    directory: Annotated[Path, typer.Argument(help="Pictures, and labels.csv with file,text.")],
    single: Single = False,
    model: Model = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the wrong ones, as images.")] = None,
) -> int:
    """Read a folder of labelled pictures and say how many are right.

    digits evaluate --single pictures/
    """
    from digits.assembly import current_reader
    from digits.evaluation import evaluate_folder, write_wrong_ones

    report = evaluate_folder(current_reader(model), directory, Hint(single=single))
    _print(report.to_text())
    if out is not None:
        _print(f"wrong ones: {write_wrong_ones(report, out)}")
    return 0


def _hint(*, single: bool, length: int | None, box: list[str], accept: float) -> Hint:
    """Return the hint, checked as far as it can be without a picture."""
    if length is not None and length < 1:
        raise HintError(f"--length takes a number of digits from 1 on, not {length}")
    if single and length not in (None, 1):
        raise HintError("--single and --length contradict each other: leave one out")
    if not 0 <= accept <= 1:
        raise HintError(f"--accept takes a confidence between 0 and 1, not {accept}")
    return Hint(single=single, length=length, accept=accept, boxes=tuple(map(_box, box)))


def _box(text: str) -> Box:
    """Return the box that "x,y,width,height" names."""
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise HintError(f'--box takes x,y,width,height in whole pixels, not "{text}"') from None
    return Box(x, y, width, height)


def _sources(paths: list[str]) -> Iterator[str | DigitsError]:
    """Yield each picture once; a path that names none is yielded as what is wrong with it."""
    from digits.image.pixels import EXTENSIONS

    for name in paths:
        path = Path(name)
        if name == STDIN or path.is_file():
            yield name
        elif path.is_dir():
            pictures = sorted(
                str(file)
                for file in path.rglob("*")
                if file.suffix.lower().lstrip(".") in EXTENSIONS and not file.name.startswith(".")
            )
            if not pictures:
                yield PictureError(f"{name}: this folder holds no picture ({', '.join(EXTENSIONS)})")
            yield from pictures
        elif glob.has_magic(name):  # Windows' shells leave patterns to the program
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  # absolute patterns too
            if not found:
                yield PictureError(f"{name}: nothing matches this pattern")
            yield from found
        else:
            yield name


def _read(reader: "Reader", source: str | DigitsError, hint: Hint) -> Reading:
    """Read one picture; what goes wrong becomes a reading that says so."""
    from dataclasses import replace

    from digits.image.pixels import load_picture

    if isinstance(source, DigitsError):
        name, _, sentence = str(source).partition(": ")
        return _failed(name, sentence, reader.classifier.name)
    try:
        picture = load_picture(sys.stdin.buffer.read() if source == STDIN else source)
        return replace(reader.read(picture, hint), file=source)
    except DigitsError as error:
        return _failed(source, str(error), reader.classifier.name)


def _failed(name: str, sentence: str, model: ModelName) -> Reading:
    return Reading(
        id="",
        size=(0, 0),
        status="failed",
        model=model,
        text="",
        confidence=0.0,
        file=name,
        error=sentence,
    )


def _write_text(readings: Iterable[Reading]) -> None:
    for reading in readings:
        if not reading.error:
            _print(f"{reading.file}\t{reading.text.replace(chr(10), ' ')}")


def _write_jsonl(readings: Iterable[Reading]) -> None:
    for reading in readings:
        _print(json.dumps(reading.to_json(), ensure_ascii=False))


def _write_json(readings: Iterable[Reading]) -> None:
    _print(json.dumps([reading.to_json() for reading in readings], ensure_ascii=False, indent=2))


def _write_csv(readings: Iterable[Reading]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["file", "text", "confidence", "status", "error"])
    for reading in readings:
        row = [reading.file or "", reading.text, f"{reading.confidence:.4f}", reading.status]
        table.writerow([_escaped(cell) for cell in [*row, reading.error or ""]])


def _escaped(cell: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


_WRITERS = {
    Format.text: _write_text,
    Format.json: _write_json,
    Format.jsonl: _write_jsonl,
    Format.csv: _write_csv,
}


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
