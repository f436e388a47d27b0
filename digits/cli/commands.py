"""The commands, except those of forms."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from digits import __version__
from digits.cli.form import form_app
from digits.cli.options import (
    FAILED,
    STDIN,
    Accept,
    Boxes,
    Corners,
    EngineName,
    Format,
    Length,
    Model,
    ReportFormat,
    Single,
    WholePicture,
    sources_of,
    to_hint,
)
from digits.cli.output import WRITERS, show_progress, tell, tell_failure, write_line
from digits.errors import DigitsError, HintError, MissingLibraryError, how_to_install, reason_of
from digits.render.messages import count, describe_failure
from digits.types import CONFIDENCE_THRESHOLD, Hint, Reading

if TYPE_CHECKING:
    from digits.batch.job import Engine

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
app.add_typer(form_app)


def _version(wanted: bool) -> bool:
    if wanted:
        write_line(f"digits {__version__}")
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

    hint = to_hint(
        single=single,
        length=length,
        accept=accept,
        box=box,
        paper=paper,
        whole_picture=whole_picture,
    )
    reader = current_reader(model, lazy=True)
    failures = 0

    def readings() -> Iterator[Reading]:
        nonlocal failures
        for source in chain.from_iterable(sources_of(path) for path in paths):
            content = sys.stdin.buffer.read(MAX_BYTES + 1) if source.path == STDIN else None
            for reading in read_source(reader, source, hint, content):
                if reason := failure_in_words(reading):
                    failures += 1
                    tell_failure(reading.file, reading.page, reason)
                yield reading

    WRITERS[format_](readings())
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
        write_line(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        write_line(report.to_text())
    if out is not None:
        sheets = ", ".join(map(str, write_sheets(report, out, reader.segmenter)))
        tell(f"wrong ones: {sheets or 'none'}")
    failed = [answer for answer in report.answers if answer.error]
    for answer in failed:
        tell_failure(str(answer.file), None, answer.error or "")
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
    hint = to_hint(
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

    with show_progress() as progress:
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
        tell(f"digits: {sentence}")
    if n_failures > MAX_NAMED:
        tell(f"digits: and {n_failures - MAX_NAMED} more: {out} has the reason of each")
    refused = f", {tally.refused} refused" if tally.refused else ""
    pictures = count(tally.pictures, "picture")
    tell(f"digits: {pictures} read into {out}, {tally.failed} failed{refused}")
    return FAILED if n_failures else 0


def _form_content(path: Path) -> str:
    """Return the content of a form's file, which workers elsewhere cannot open."""
    from digits.forms.template import Form

    return Form.load(path).to_bytes().decode()


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

    hint = to_hint(
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
        tell(f"digits: {path} has {n_pages} pages and this is page 1: choose another with --page")
    reading = reader.read(shown.picture, hint)
    reading = replace(reading, file=Path(path).name, page=shown.number)
    assert shown.colour is not None  # noqa: S101  # it was asked for
    html = to_report(shown.colour, reading, made=datetime.now().astimezone(), n_pages=n_pages)
    try:
        atomic_write(out, html.encode())
    except OSError as error:
        raise DigitsError(f"{out} cannot be written ({reason_of(error)})") from error
    write_line(str(out))
    if reason := failure_in_words(reading):
        tell_failure(path, reading.page, reason)
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
        tell(f"digits: listening on {address}; what it offers is on {address}/docs")
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
        write_line(f"{finding.what}\t{finding.state}")
        if finding.wrong:
            tell(f"digits: {finding.what}: {finding.state}")
    write_line(f"verdict\t{verdict(findings)}")
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
            tell(
                f"digits: {count(n_unused, 'picture')} left out: another number of digits was found"
            )
    classifier = shipped_reader(model).classifier
    result = learning.learn(examples, classifier, current_reference_set(model))
    for row in result.compared:
        write_line(f"{row.what}\t{row.digits}\t{row.before}\t{row.after}")
    write_line(f"active: {learning.accept(result, learned_folder(model))}")
    return 0


def _list_versions(folder: Path) -> None:
    """Print one line for each version, the newest first; a star marks the active one."""
    from digits.personalization.versions import current_name, list_versions

    current = current_name(folder) or SHIPPED
    found = list_versions(folder)
    for name, digits in [*((one.name, one.learned_from) for one in found), (SHIPPED, 0)]:
        write_line(f"{'*' if name == current else ' '} {name}\t{count(digits, 'corrected digit')}")
