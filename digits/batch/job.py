"""Read many files into one table, on this machine's cores or on a cluster.

The files are divided into chunks. The worker that reads a chunk writes one part atomically, named
by a checksum of its contents, so that an interrupted batch can be resumed. All parts are merged in
order: the result does not depend on interruptions or on the engine.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet
from pyarrow.fs import FileSystem, LocalFileSystem

from digits.batch.form_rows import form_rows, form_schema
from digits.errors import BatchError, OutputFormatError, reason_of
from digits.io.atomic_write import atomic_write
from digits.io.csv_escape import escape_unless_number
from digits.io.sources import ADDRESS, Source, find_sources, open_address
from digits.reader import Reader, failed_reading, read_source, read_sources
from digits.registry import current_reader
from digits.render.text import describe_rejection
from digits.types import Hint, Reading

CHUNK = 64  # pictures in a part: the most that each worker loses by an interruption
GROUP = 8192  # rows in a row group of Parquet
AHEAD = 2  # chunks for each worker that wait to be read
FORMATS = ("parquet", "csv", "jsonl")
BROKEN = "reading this picture crashed the program: check the file, and report it if it is intact"

# One row for each picture, page of a PDF, or box of a list.
SCHEMA = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("page", pa.int32()),  # of a PDF, from 1
        pa.field("box", pa.string()),  # x,y,width,height in px, if only that was read
        pa.field("status", pa.string(), nullable=False),  # read doubtful blank refused failed
        pa.field("text", pa.string(), nullable=False),  # lines separated by a line break
        pa.field("confidence", pa.float64(), nullable=False),  # that all of it is right
        pa.field("error", pa.string()),
        pa.field("width", pa.int32(), nullable=False),  # px of the upright original
        pa.field("height", pa.int32(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("model_sha256", pa.string(), nullable=False),
        pa.field("reading", pa.string(), nullable=False),  # the whole reading as JSON
        pa.field("written", pa.string(), nullable=False),  # text with its separators
        pa.field(
            "marks", pa.string(), nullable=False
        ),  # dot dash stroke other, separated by spaces
    ]
)


@dataclass(frozen=True, slots=True)
class Job:
    """Settings of a batch, the same for every chunk."""

    parts: str  # folder or address of the parts
    hint: Hint
    model: str | None
    identity: str  # SHA-256 of models, hint and form, part of the names of parts
    form: str | None = None  # content of a form's file; None: read all numbers


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some sources and the name of their part."""

    number: int
    sources: tuple[Source, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Numbers of pictures."""

    pictures: int
    failed: int
    refused: int = 0  # counted when the parts are merged


OnFailure = Callable[[str, int | None, str], None]  # file, page, reason
Engine = Callable[[Iterator[Chunk], Job, int], Iterator[Tally]]


def run_batch(
    names: Sequence[str],
    out: str,
    *,
    hint: Hint,
    model: str | None = None,
    form: str | None = None,
    engine: Engine | None = None,
    workers: int | None = None,
    progress: Callable[[Tally, int], None] = lambda _tally, _total: None,
    on_failure: OnFailure = lambda _file, _page, _reason: None,
) -> Tally:
    """Read all pictures into one file.

    Parameters
    ----------
    names : as in `digits.io.sources.find_sources`
    out : a path or address that ends in .parquet, .csv or .jsonl
    hint, model : for every picture
    form : content of a form's file, if all pictures are pages of that form
    engine : `run_local` or `digits.batch.ray_executor.run_ray`
    workers : processes; one per core by default
    progress : called with the numbers so far and the number of pictures
    on_failure : called at the end with file, page and reason of each failed or rejected picture

    Returns
    -------
    numbers of pictures, of failed and of rejected ones

    Raises
    ------
    BatchError
        The result cannot be written.
    OutputFormatError
        The name of the result has an unknown ending.
    ModelError
        There is no such model.
    """
    if (ending := out.rsplit(".", 1)[-1].lower()) not in FORMATS:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise OutputFormatError(f"{out} must end in one of {endings}, which selects the format")
    reader = current_reader(model)
    key = json.dumps([reader.versions, asdict(hint), *([form] if form else [])], sort_keys=True)
    place = out if ADDRESS in out else str(Path(out).resolve())  # of all workers
    job = Job(f"{place}.parts", hint, model, hashlib.sha256(key.encode()).hexdigest(), form)
    try:
        system, folder = _open(job.parts)
        system.create_dir(folder, recursive=True)
        total = sum(1 for _ in find_sources(names))
        done, named = _done(system, folder), []
        before = Tally(0, 0)

        def todo() -> Iterator[Chunk]:
            nonlocal before
            for chunk in cut(find_sources(names), job):
                named.append(chunk.name)
                if chunk.name not in done:
                    yield chunk
                    continue
                # Parts that exist are counted, but not opened before the end.
                before = Tally(before.pictures + len(chunk.sources), before.failed)

        tally = Tally(0, 0)
        for part in (engine or run_local)(todo(), job, workers or os.cpu_count() or 1):
            tally = Tally(tally.pictures + part.pictures, tally.failed + part.failed)
            progress(Tally(before.pictures + tally.pictures, tally.failed), total)
        tally = merge(named, job, place, ending, on_failure)
        for name in _done(system, folder):
            system.delete_file(f"{folder}/{name}")
        system.delete_dir(folder)
    except OSError as error:
        raise BatchError(
            f"{out} cannot be written ({reason_of(error)}): free disk space or choose another "
            "place, and run the same command again to resume"
        ) from error
    progress(tally, total)
    return tally


def cut(sources: Iterator[Source], job: Job) -> Iterator[Chunk]:
    """Yield chunks of sources in order, with the names of their parts."""
    number = 0
    while part := tuple(islice(sources, CHUNK)):
        content = [job.identity, [[asdict(source), _version(source)] for source in part]]
        key = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        yield Chunk(number, part, f"{number:08d}-{key[:16]}.jsonl")
        number += 1


def read_chunk(chunk: Chunk, job: Job) -> Tally:
    """Read the pictures of a chunk and write its part atomically."""
    each = _read_together(chunk.sources, current_reader(job.model), job)
    _write_part([row for rows in each for row in rows], chunk, job)
    return Tally(len(each), sum(map(_has_failed, each)))


def to_row(reading: Reading, source: Source) -> dict[str, Any]:
    """Return a row of the result, as in `SCHEMA`."""
    box = source.box
    return {
        "file": source.name,
        "page": reading.page,
        "box": None if box is None else f"{box.x},{box.y},{box.width},{box.height}",
        "status": reading.status,
        "text": reading.text,
        "confidence": reading.confidence,
        "error": reading.error,
        "width": reading.size[0],
        "height": reading.size[1],
        "model": reading.model.name,
        "model_sha256": reading.model.sha256,
        "reading": json.dumps(reading.to_json(), ensure_ascii=False),
        "written": reading.written,
        "marks": " ".join(mark.kind for mark in reading.marks),
    }


def run_local(chunks: Iterator[Chunk], job: Job, workers: int) -> Iterator[Tally]:
    """Read chunks in processes of this machine, with a bounded queue."""
    lost: list[Chunk] = []
    while True:
        with ProcessPoolExecutor(workers, get_context("spawn"), _begin) as pool:
            running: dict[Future[Tally], Chunk] = {}
            broken = False
            while not broken:
                for chunk in islice(chunks, AHEAD * workers - len(running)):
                    try:
                        running[pool.submit(read_chunk, chunk, job)] = chunk
                    except BrokenProcessPool:
                        lost.append(chunk)
                        broken = True
                        break
                if not running:
                    break
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    chunk = running.pop(future)
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        lost.append(chunk)
                        broken = True
            lost += running.values()
        # A worker died: the chunks in progress are read again, one picture at a time.
        for chunk in lost:
            yield _read_carefully(chunk, job)
        if not broken:
            return
        lost = []


def merge(
    names: Sequence[str],
    job: Job,
    out: str,
    ending: str,
    on_failure: OnFailure = lambda _file, _page, _reason: None,
) -> Tally:
    """Merge all parts in order into one file, which is written atomically."""
    system, folder = _open(job.parts)
    target_system, target = _open(out)
    is_local = isinstance(target_system, LocalFileSystem)
    written = f"{target}.whole" if is_local else target  # objects are written atomically
    pictures = failed = refused = 0
    columns = SCHEMA if job.form is None else form_schema(SCHEMA, job.form)
    write = _WRITERS[ending]
    with target_system.open_output_stream(written) as sink, write(sink, columns) as writer:
        waiting: list[dict[str, Any]] = []
        for name in names:
            with system.open_input_stream(f"{folder}/{name}") as stream:
                rows = [json.loads(line) for line in stream.read().decode().splitlines()]
            waiting += rows
            if len(waiting) >= GROUP or (waiting and name == names[-1]):
                writer.write(waiting)
                waiting = []
            found = list(_statuses(rows, on_failure))
            pictures += len(found)
            failed += sum("failed" in statuses for statuses in found)
            refused += sum("refused" in statuses for statuses in found)
    if is_local:
        Path(written).replace(target)
    return Tally(pictures, failed, refused)


def _statuses(rows: Sequence[dict[str, Any]], on_failure: OnFailure) -> Iterator[set[str]]:
    """Yield the statuses of each source, which has one row or one for each page of a PDF."""
    statuses: set[str] = set()
    for row in rows:
        if row["page"] in (None, 1) and statuses:
            yield statuses
            statuses = set()
        statuses.add(row["status"])
        if row["status"] in ("failed", "refused"):
            reason = row["error"] or describe_rejection(json.loads(row["reading"])["notes"])
            on_failure(row["file"], row["page"], reason)
    if statuses:
        yield statuses


class _Parquet:
    """Writes rows to a Parquet file."""

    def __init__(self, sink: Any, columns: pa.Schema) -> None:  # noqa: ANN401  # Arrow's stream
        self._columns = columns
        self._writer = parquet.ParquetWriter(sink, columns)

    def __enter__(self) -> "_Parquet":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def write(self, rows: list[dict[str, Any]]) -> None:
        self._writer.write_table(pa.Table.from_pylist(rows, self._columns))


class _Csv(_Parquet):
    """Writes rows to a CSV file, with formulas escaped."""

    def __init__(self, sink: Any, columns: pa.Schema) -> None:  # noqa: ANN401
        self._columns = columns
        self._writer = arrow_csv.CSVWriter(sink, columns)

    def write(self, rows: list[dict[str, Any]]) -> None:
        plain = [
            {n: escape_unless_number(v) if isinstance(v, str) else v for n, v in row.items()}
            for row in rows
        ]
        super().write(plain)


class _Jsonl(_Parquet):
    """Writes the JSON of each reading on a line, as `digits read --format jsonl`."""

    def __init__(self, sink: Any, columns: pa.Schema) -> None:  # noqa: ANN401, ARG002
        self._sink = sink

    def __exit__(self, *_: object) -> None:
        pass

    def write(self, rows: list[dict[str, Any]]) -> None:
        self._sink.write("".join(f"{row['reading']}\n" for row in rows).encode())


_WRITERS = {"parquet": _Parquet, "csv": _Csv, "jsonl": _Jsonl}


def _begin() -> None:
    """Use one core per worker."""
    import cv2

    cv2.setNumThreads(1)


def _read_carefully(chunk: Chunk, job: Job) -> Tally:
    """Read the pictures of a chunk one by one; one that crashes becomes a failed row."""
    rows, failed, pool = [], 0, None
    for source in chunk.sources:
        pool = pool or ProcessPoolExecutor(1, get_context("spawn"), _begin)
        try:
            mine = pool.submit(_read_alone, source, job).result()
        except BrokenProcessPool:
            pool.shutdown()
            pool = None
            model = current_reader(job.model).classifier.name
            mine = [to_row(replace(failed_reading(BROKEN, model), file=source.name), source)]
        rows += mine
        failed += _has_failed(mine)
    if pool:
        pool.shutdown()
    _write_part(rows, chunk, job)
    return Tally(len(chunk.sources), failed)


def _read_alone(source: Source, job: Job) -> list[dict[str, Any]]:
    return _rows(source, current_reader(job.model), job)


def _read_together(
    sources: Sequence[Source], reader: Reader, job: Job
) -> list[list[dict[str, Any]]]:
    """Return the rows of each picture; they are read together, unless one of them is a surprise."""
    if job.form is None:
        rows: dict[int, list[dict[str, Any]]] = {i: [] for i in range(len(sources))}
        try:
            for place, reading in read_sources(reader, sources, job.hint):
                rows[place].append(to_row(reading, sources[place]))
            return list(rows.values())
        except Exception:
            logging.getLogger("digits").info("digits: a chunk is read one by one", exc_info=True)
    return [_rows(source, reader, job) for source in sources]


def _rows(source: Source, reader: Reader, job: Job) -> list[dict[str, Any]]:
    """Return the rows of one picture; an unexpected error becomes a failed row."""
    try:
        if job.form is not None:
            accept = job.hint.accept
            return list(form_rows(SCHEMA, job.form, reader, source, accept=accept))
        return [to_row(reading, source) for reading in read_source(reader, source, job.hint)]
    except Exception as error:
        logging.getLogger("digits").exception("digits: %s: unexpected error", source.name)
        sentence = f"an unexpected error occurred ({type(error).__name__}): report the file"
        failed = failed_reading(sentence, reader.classifier.name)
        return [to_row(replace(failed, file=source.name), source)]


def _has_failed(rows: list[dict[str, Any]]) -> bool:
    return any(row["status"] == "failed" for row in rows)


def _write_part(rows: list[dict[str, Any]], chunk: Chunk, job: Job) -> None:
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    system, folder = _open(job.parts)
    if not isinstance(system, LocalFileSystem):  # objects are written atomically
        with system.open_output_stream(f"{folder}/{chunk.name}") as stream:
            stream.write(content)
        return
    atomic_write(Path(folder) / chunk.name, content)


def _done(system: FileSystem, folder: str) -> set[str]:
    """Return the names of the existing parts."""
    from pyarrow.fs import FileSelector

    return {info.base_name for info in system.get_file_info(FileSelector(folder))}


def _open(place: str) -> tuple[FileSystem, str]:
    return open_address(place) if ADDRESS in place else (LocalFileSystem(), place)


def _version(source: Source) -> list[int] | None:
    """Return size and time of a local file, which change with it; "" for an address."""
    try:
        found = os.stat(source.path)  # noqa: PTH116  # Path raises on some names
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
