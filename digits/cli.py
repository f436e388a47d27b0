"""The command line: results go to standard output, messages to standard error.

Exit status 0: everything was read. 1: something failed or was rejected; each is named with its
reason. 2: wrong usage. 130: interrupted by Ctrl-C.
"""

import csv
import importlib.util
import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digits import __version__
from digits.errors import (
    DigitsError,
    HintError,
    MissingLibraryError,
    OutputFormatError,
    UnknownModelError,
    how_to_install,
    reason_of,
)
from digits.io.csv_escape import escape_unless_number
from digits.render.messages import count, describe_failure
from digits.types import CONFIDENCE_THRESHOLD, MAX_LENGTH, Hint, Reading

if TYPE_CHECKING:
    from digits.batch.job import Engine, Tally
    from digits.io.sources import Source

FAILED, USAGE, INTERRUPTED = 1, 2, 130  # exit status
STDIN = "-"
MAX_NAMED = 100  # failures of a batch that are printed; the result has all
HOST = "localhost"  # this computer only
SERVING = ("fastapi", "prometheus_client", "python_multipart", "uvicorn")
SHIPPED = "shipped"  # the name of the network without a personal head

app = typer.Typer(
    name="digits",
    help="Read handwritten digits from photographs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
form_app = typer.Typer(
    name="form",
    help="""Define a form once, and read the pages that people filled in.

    digits form new empty.pdf --blank --out form.json

    digits form read form.json scans/ --out table.xlsx
    """,
    no_args_is_help=True,
)
app.add_typer(form_app)


class ReportFormat(StrEnum):
    """Formats of an evaluation."""

    text = "text"
    json = "json"


class EngineName(StrEnum):
    """Engines of a batch."""

    local = "local"
    ray = "ray"


class Format(StrEnum):
    """Formats of readings."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


Single = Annotated[bool, typer.Option("--single", help="Each picture holds exactly one digit.")]
Length = Annotated[
    int | None, typer.Option(help=f"One line of this many digits, at most {MAX_LENGTH}.")
]
Boxes = Annotated[
    list[str] | None,
    typer.Option("--box", help="Read only x,y,width,height in pixels; may be repeated."),
]
Corners = Annotated[
    str | None,
    typer.Option(
        "--paper",
        metavar="X1,Y1,...,X4,Y4",
        help="Corners of the page in pixels: top left, top right, bottom right, bottom left.",
    ),
]
WholePicture = Annotated[
    bool,
    typer.Option("--whole-picture", help="The page fills the picture: do not look for its edges."),
]
Accept = Annotated[float, typer.Option(help="A less confident reading is doubtful.")]
Model = Annotated[
    str | None, typer.Option(help="cnn, dense, wide, a run's name, or an .h5 or .onnx file.")
]


NUMBERS = {"float": "a number", "int": "a whole number"}  # by Typer's names of its types


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows' encoding lacks many letters
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = app(args=None if argv is None else list(argv), standalone_mode=False)
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as ending:  # Typer exits on a broken pipe
        if isinstance(ending, SystemExit) and not ending.code:  # shell completion was printed
            sys.stdout.flush()
            return 0
        _stop_writing()
        return FAILED
    except (HintError, UnknownModelError, OutputFormatError) as error:
        _tell(f"digits: {error}. {_see(argv)}")
        return USAGE
    except DigitsError as error:
        _tell(f"digits: {error}")
        return FAILED
    except OSError as error:  # the disk is full, or writing is not allowed
        what = error.filename or "the output"
        _tell(f"digits: {what} cannot be read or written ({reason_of(error)})")
        _stop_writing()
        return FAILED
    except Exception as error:
        return _outermost(error, argv)
    return status if isinstance(status, int) else 0


def _outermost(error: Exception, argv: Sequence[str] | None) -> int:
    """Report an error that no command handled; return the exit status."""
    # Typer's usage errors have no public class, but an exit code.
    explain = getattr(error, "format_message", None)
    if explain is None:
        logging.getLogger("digits").error("digits: unexpected error", exc_info=error)
        return FAILED
    # Without arguments the help was printed, and there is no message.
    if sentence := _rejected_value(error) or explain().rstrip("."):
        _tell(f"digits: {sentence}. {_see(argv)}")
    return USAGE


def _rejected_value(error: Exception) -> str | None:
    """Return the error message for an option whose value Typer rejected; None for other errors."""
    param, message = getattr(error, "param", None), str(getattr(error, "message", ""))
    if param is None or not param.opts or " is not " not in message:
        return None
    option, kind = max(param.opts, key=len), param.type
    value, _, reason = message.partition(" is not ")
    if reason.startswith("one of"):
        return f"{option}: {message.rstrip('.')}"
    if not reason.startswith("in the range"):
        return f"{option} takes {NUMBERS.get(kind.name, 'something else')}, not {value}"
    if kind.min is not None and float(value) < kind.min:
        return f"{option} takes a number from {kind.min} on, not '{value}'"
    return f"{option} takes a number up to {kind.max}, not '{value}'"


def _see(argv: Sequence[str] | None) -> str:
    """Return a pointer to the help of the given command."""
    given = sys.argv[1:] if argv is None else argv
    commands = {getattr(known.callback, "__name__", None) for known in app.registered_commands}
    groups = {form_app.info.name}
    command = next((f"{word} " for word in given if word in commands | groups), "")
    return f"See: digits {command}--help"


def _stop_writing() -> None:
    """Flush standard output, or discard it if the reader has closed the pipe."""
    try:
        sys.stdout.flush()
    except OSError:
        # Otherwise closing the stream would fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> bool:
    if wanted:
        _print(f"digits {__version__}")
        raise typer.Exit
    return wanted


@app.callback()
def _options(
    version: Annotated[  # its callback does the work
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Read handwritten digits from photographs."""


@app.command()
def read(
    paths: Annotated[
        list[str], typer.Argument(help="Pictures, PDFs, folders, patterns; - is standard input.")
    ],
    format_: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.text,
    single: Single = False,
    length: Length = None,
    box: Boxes = None,
    paper: Corners = None,
    whole_picture: WholePicture = False,
    accept: Accept = CONFIDENCE_THRESHOLD,
    model: Model = None,
) -> int:
    """Print what is written in each picture.

    digits read photo.jpg

    digits read --single --format csv folder/
    """
    from digits.io.image import MAX_BYTES
    from digits.reader import read_source
    from digits.registry import current_reader
    from digits.render.text import failure_in_words

    hint = _hint(
        single=single,
        length=length,
        accept=accept,
        box=box,
        paper=paper,
        whole_picture=whole_picture,
    )
    reader = current_reader(model)
    failures = 0

    def readings() -> Iterator[Reading]:
        nonlocal failures
        for source in chain.from_iterable(_sources(path) for path in paths):
            content = sys.stdin.buffer.read(MAX_BYTES + 1) if source.path == STDIN else None
            for reading in read_source(reader, source, hint, content):
                if reason := failure_in_words(reading):
                    failures += 1
                    _tell_failure(reading.file, reading.page, reason)
                yield reading

    _WRITERS[format_](readings())
    return FAILED if failures else 0


@app.command()
def evaluate(
    directory: Annotated[Path, typer.Argument(help="Pictures, and labels.csv with file,text.")],
    single: Single = False,
    model: Model = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for contact sheets of the wrong pictures.")
    ] = None,
    written: Annotated[
        ReportFormat, typer.Option("--format", help="How to print.")
    ] = ReportFormat.text,
) -> int:
    """Read a folder of labelled pictures and report accuracy and calibration.

    digits evaluate --single pictures/
    """
    from digits.evaluation.contact_sheet import write_sheets
    from digits.evaluation.folder import evaluate_folder
    from digits.registry import current_reader

    reader = current_reader(model)
    report = evaluate_folder(reader, directory, Hint(single=single))
    if written is ReportFormat.json:
        _print(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        _print(report.to_text())
    if out is not None:
        sheets = ", ".join(map(str, write_sheets(report, out, reader.segmenter)))
        _tell(f"wrong ones: {sheets or 'none'}")
    failed = [answer for answer in report.answers if answer.error]
    for answer in failed:
        _tell_failure(str(answer.file), None, answer.error or "")
    return FAILED if failed else 0


@app.command()
def batch(
    paths: Annotated[
        list[str], typer.Argument(help="Files, folders, patterns, ZIP, lists as CSV, s3://...")
    ],
    out: Annotated[str, typer.Option(help="The result: FILE.parquet, .csv or .jsonl.")],
    engine: Annotated[EngineName, typer.Option(help="Where to read.")] = EngineName.local,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one per core by default.")
    ] = None,
    single: Single = False,
    length: Length = None,
    paper: Corners = None,
    whole_picture: WholePicture = False,
    form: Annotated[
        Path | None, typer.Option(help="A form's JSON file: all pictures are pages of it.")
    ] = None,
    accept: Accept = CONFIDENCE_THRESHOLD,
    model: Model = None,
) -> int:
    """Read many pictures into one table; run the command again to resume.

    digits batch photos/ --out readings.parquet

    digits batch forms.csv --out readings.csv --workers 4

    digits batch scans/ --form form.json --out table.parquet
    """
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingLibraryError(f"a batch needs pyarrow: {how_to_install('batch')}")
    from digits.batch.job import run_batch

    run: Engine | None = None
    if engine is EngineName.ray:
        if importlib.util.find_spec("ray") is None:
            raise MissingLibraryError(f"--engine ray needs Ray: {how_to_install('ray')}")
        from digits.batch.ray_executor import run_ray as run
    hint = _hint(
        single=single, length=length, accept=accept, paper=paper, whole_picture=whole_picture
    )
    if form is not None and hint != Hint(accept=accept):
        raise HintError("--form says where to read: leave out --single, --length and --paper")
    named: list[str] = []
    n_failures = 0

    def on_failure(file: str, page: int | None, reason: str) -> None:
        nonlocal n_failures
        n_failures += 1
        if n_failures <= MAX_NAMED:
            named.append(describe_failure(file, page, reason))

    with _progress() as progress:
        tally = run_batch(
            paths,
            out,
            hint=hint,
            model=model,
            form=None if form is None else _form_content(form),
            engine=run,
            workers=workers,
            progress=progress,
            on_failure=on_failure,
        )
    for sentence in named:
        _tell(f"digits: {sentence}")
    if n_failures > MAX_NAMED:
        _tell(f"digits: and {n_failures - MAX_NAMED} more: {out} has the reason of each")
    refused = f", {tally.refused} refused" if tally.refused else ""
    pictures = count(tally.pictures, "picture")
    _tell(f"digits: {pictures} read into {out}, {tally.failed} failed{refused}")
    return FAILED if n_failures else 0


def _form_content(path: Path) -> str:
    """Return the content of a form's file, which workers elsewhere cannot open."""
    from digits.forms.template import Form

    return Form.load(path).to_bytes().decode()


@contextmanager
def _progress() -> Iterator[Callable[["Tally", int], None]]:
    """Show a progress bar on standard error if it is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    console = Console(stderr=True)
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # not in a file
    ) as bar:
        task = bar.add_task("", total=None, rate="")

        def tell(tally: "Tally", total: int) -> None:
            speed = bar.tasks[0].speed
            rate = f"{speed:.0f} a second, {tally.failed} failed" if speed else ""
            bar.update(task, completed=tally.pictures, total=total, rate=rate)

        yield tell


@form_app.command("new")
def form_new(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A page of the form.")],
    out: Annotated[Path, typer.Option(help="Where the form goes: a JSON file.")],
    field: Annotated[
        list[str] | None,
        typer.Option(help="name:kind[:option]@x,y,width,height; may be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the form; by default of the file.")] = None,
    blank: Annotated[bool, typer.Option("--blank", help="The page is not filled in.")] = False,
    page: Annotated[
        int | None, typer.Option(min=1, help="Page of a PDF; the first by default.")
    ] = None,
) -> int:
    """Define a form on one page; without --field, fields are proposed from its print.

    digits form new page.jpg --field roll:identifier:9@340,360,470,58 --out form.json

    digits form new empty.pdf --blank --out form.json
    """
    from digits.forms.commands import define_form

    made = define_form(path, field or [], name=name, is_blank=blank, page=page)
    made.save(out)
    for each in made.fields:
        box = each.box
        about = f"{each.length} digits" if each.length else ""
        where = f"{box.x},{box.y},{box.width},{box.height}"
        _print(f"{each.name}\t{each.kind}\t{about}\t{where}")
    if not field:
        _tell(f"digits: {count(len(made.fields), 'field')} proposed: edit {out} to name them")
    return 0


@form_app.command("show")
def form_show(
    path: Annotated[Path, typer.Argument(metavar="FORM", help="The form's JSON file.")],
    out: Annotated[Path, typer.Option(help="Where the picture goes: a PNG file.")],
) -> int:
    """Draw a form with its fields.

    digits form show form.json --out form.png
    """
    from digits.forms.commands import write_drawing

    write_drawing(path, out)
    _print(str(out))
    return 0


@form_app.command("read")
def form_read(
    path: Annotated[Path, typer.Argument(metavar="FORM", help="The form's JSON file.")],
    scans: Annotated[
        list[str], typer.Argument(help="Filled pages: pictures, PDFs, folders, patterns.")
    ],
    out: Annotated[Path, typer.Option(help="The table: FILE.xlsx, .csv or .parquet.")],
    accept: Accept = CONFIDENCE_THRESHOLD,
    model: Model = None,
) -> int:
    """Read filled pages into a table: a row for each page, a column for each field.

    digits form read form.json scans/ --out table.xlsx
    """
    from digits.forms.commands import read_pages

    hint = _hint(single=False, length=None, accept=accept, paper=None, whole_picture=False)
    failures = 0

    def on_failure(file: str | None, page: int | None, reason: str) -> None:
        nonlocal failures
        failures += 1
        _tell_failure(file, page, reason)

    sources = chain.from_iterable(_sources(scan) for scan in scans)
    tally = read_pages(path, sources, out, accept=hint.accept, model=model, on_failure=on_failure)
    _tell(
        f"digits: {count(tally.pages, 'page')} read into {out}, {failures} failed, "
        f"{count(tally.doubtful, 'field')} to check"
    )
    return FAILED if failures else 0


@app.command()
def report(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A picture or PDF.")],
    out: Annotated[Path, typer.Option(help="Where the report goes.")] = Path("report.html"),
    page: Annotated[
        int | None, typer.Option(min=1, help="Page of a PDF; the first by default.")
    ] = None,
    single: Single = False,
    length: Length = None,
    box: Boxes = None,
    paper: Corners = None,
    whole_picture: WholePicture = False,
    accept: Accept = CONFIDENCE_THRESHOLD,
    model: Model = None,
) -> int:
    """Write a report of one reading that prints on one page.

    digits report photo.jpg --out report.html

    digits report scan.pdf --page 2
    """
    from datetime import datetime

    from digits.io.atomic_write import atomic_write
    from digits.io.document import Document
    from digits.registry import current_reader
    from digits.render.report import to_report
    from digits.render.text import failure_in_words

    hint = _hint(
        single=single,
        length=length,
        accept=accept,
        box=box,
        paper=paper,
        whole_picture=whole_picture,
    )
    reader = current_reader(model)
    with Document.open(path, colour=True) as document:
        shown, n_pages = document.page(page), len(document)
    if n_pages > 1 and page is None:
        _tell(f"digits: {path} has {n_pages} pages and this is page 1: choose another with --page")
    reading = reader.read(shown.picture, hint)
    reading = replace(reading, file=Path(path).name, page=shown.number)
    assert shown.colour is not None  # noqa: S101  # it was asked for
    html = to_report(shown.colour, reading, made=datetime.now().astimezone(), n_pages=n_pages)
    try:
        atomic_write(out, html.encode())
    except OSError as error:
        raise DigitsError(f"{out} cannot be written ({reason_of(error)})") from error
    _print(str(out))
    if reason := failure_in_words(reading):
        _tell_failure(path, reading.page, reason)
        return FAILED
    return 0


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 is everywhere.")] = HOST,
    port: Annotated[
        int, typer.Option(min=0, max=65535, envvar="PORT", help="Where to listen; 0 is any.")
    ] = 8000,
) -> int:
    """Serve the HTTP API without the app: POST pictures to /api/readings.

    digits serve

    digits serve --host 0.0.0.0 --port 80
    """
    if missing := [name for name in SERVING if importlib.util.find_spec(name) is None]:
        raise MissingLibraryError(f"serving needs {' and '.join(missing)}: {how_to_install('api')}")
    import uvicorn

    from digits.io.listen import is_local, listen

    with listen(host, port) as sockets:
        factory = "create_local_server" if is_local(sockets) else "create_server"
        # By name, so that only the server imports the API.
        config = uvicorn.Config(
            f"digits.api:{factory}",
            factory=True,
            access_log=False,  # the API logs one JSON object per line
            log_level="warning",
            log_config=None,  # uvicorn's would close handlers that others in this process log with
        )
        config.load()  # errors in the settings are reported before the first request
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{sockets[0].getsockname()[1]}/api"
        _tell(f"digits: listening on {address}; what it offers is on {address}/docs")
        uvicorn.Server(config).run(sockets)
    return 0


@app.command()
def doctor() -> int:
    """Check libraries and models, and read the example pictures.

    digits doctor
    """
    from digits.doctor import examine, verdict

    findings = list(examine())
    for finding in findings:
        _print(f"{finding.what}\t{finding.state}")
        if finding.wrong:
            _tell(f"digits: {finding.what}: {finding.state}")
    _print(f"verdict\t{verdict(findings)}")
    return FAILED if any(finding.wrong for finding in findings) else 0


@app.command()
def learn(
    directory: Annotated[
        Path | None,
        typer.Argument(help="Folder with labels.csv; by default the stored corrections."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="cnn, dense, wide or a run's name.")] = None,
    versions: Annotated[bool, typer.Option("--list", help="List the learned versions.")] = False,
    back: Annotated[
        str | None, typer.Option(help='Activate a version of --list, or "shipped".')
    ] = None,
) -> int:
    """Learn from corrected digits, and use the result if it reads better.

    digits learn

    digits learn --list
    """
    from digits.personalization import learn as learning
    from digits.personalization.versions import list_versions, set_current
    from digits.registry import (
        current_corrections,
        current_reference_set,
        learned_folder,
        shipped_reader,
    )

    if back is not None:
        folder = learned_folder(model)
        names = [*(version.name for version in list_versions(folder)), SHIPPED]
        is_damaged = (folder / f"{back}.npz").is_file()  # else it would be in the list
        if back not in names and not is_damaged:
            raise HintError(f"--back takes one of {', '.join(names)}, not {back}")
        set_current(folder, None if back == SHIPPED else back)
        return 0
    if versions:
        _list_versions(learned_folder(model))
        return 0
    if directory is None:
        examples = learning.gather(current_corrections())
    else:
        examples, n_unused = learning.examples_in_folder(directory, shipped_reader(model))
        if n_unused:
            _tell(
                f"digits: {count(n_unused, 'picture')} left out: another number of digits was found"
            )
    classifier = shipped_reader(model).classifier
    result = learning.learn(examples, classifier, current_reference_set(model))
    for row in result.compared:
        _print(f"{row.what}\t{row.digits}\t{row.before}\t{row.after}")
    _print(f"active: {learning.accept(result, learned_folder(model))}")
    return 0


def _list_versions(folder: Path) -> None:
    """Print one line for each version, the newest first; a star marks the active one."""
    from digits.personalization.versions import current_name, list_versions

    current = current_name(folder) or SHIPPED
    found = list_versions(folder)
    for name, digits in [*((one.name, one.learned_from) for one in found), (SHIPPED, 0)]:
        _print(f"{'*' if name == current else ' '} {name}\t{count(digits, 'corrected digit')}")


def _sources(path: str) -> Iterator["Source"]:
    from digits.io.sources import Source, find_sources

    return iter([Source(STDIN)]) if path == STDIN else find_sources([path])


def _hint(
    *,
    single: bool,
    length: int | None,
    accept: float,
    box: list[str] | None = None,
    paper: str | None,
    whole_picture: bool,
) -> Hint:
    """Return the hint from the options."""
    from digits.io.places import parse_box, parse_paper

    boxes = tuple(parse_box(text, "--box") for text in box or ())
    corners = None if paper is None else parse_paper(paper, "--paper")
    try:
        return Hint(
            single=single,
            length=length,
            accept=accept,
            boxes=boxes,
            paper=corners,
            whole_picture=whole_picture,
        )
    except HintError as error:
        raise HintError(_with_options(str(error))) from None


def _with_options(sentence: str) -> str:
    """Name the options in a complaint about a hint by what they are called here."""
    names = "|".join(field.name for field in fields(Hint))
    head, colon, advice = sentence.partition(":")
    head = re.sub(
        rf"^(?:{names})\b|(?<=and )(?:{names})\b",
        lambda found: f"--{found[0].replace('_', '-')}",
        head,
    )
    return head + colon + advice


def _write_text(readings: Iterable[Reading]) -> None:
    for reading in readings:
        text = reading.written.replace("\n", " ")
        page = f" page {reading.page}" if reading.page else ""
        status = "" if reading.status == "read" else f"\t{reading.status}"
        _print(f"{reading.file}{page}\t{text}{status}")


def _write_jsonl(readings: Iterable[Reading]) -> None:
    for reading in readings:
        _print(json.dumps(reading.to_json(), ensure_ascii=False))


def _write_json(readings: Iterable[Reading]) -> None:
    _print(json.dumps([reading.to_json() for reading in readings], ensure_ascii=False, indent=2))


def _write_csv(readings: Iterable[Reading]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    columns = ["file", "text", "confidence", "status", "error", "page", "written", "marks", "notes"]
    table.writerow(columns)
    for reading in readings:
        row = [reading.file or "", reading.text, f"{reading.confidence:.4f}", reading.status]
        row += [reading.error or "", str(reading.page or ""), reading.written]
        row += [" ".join(mark.kind for mark in reading.marks), " ".join(reading.notes)]
        table.writerow([escape_unless_number(cell) for cell in row])


_WRITERS = {
    Format.text: _write_text,
    Format.json: _write_json,
    Format.jsonl: _write_jsonl,
    Format.csv: _write_csv,
}


def _tell_failure(file: str | None, page: int | None, reason: str) -> None:
    _tell(f"digits: {describe_failure(file, page, reason)}")


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
