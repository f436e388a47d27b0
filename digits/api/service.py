"""The service behind the endpoints: receive pictures, read them in threads, store corrections."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, TypeVar, cast

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.requests import ClientDisconnect

from digits.api.limits import ConcurrencyLimiter, Limits, ReadingCache
from digits.api.problems import Problem
from digits.api.telemetry import LOG, Metrics
from digits.errors import DigitsError
from digits.io.document import Document
from digits.io.image import MAX_BYTES, load_bytes
from digits.reader import Reader, failed_reading, read_document
from digits.registry import ModelCard
from digits.types import Hint, Picture, Reading

IN_MEMORY = 1_000_000  # bytes; a larger body goes to a temporary file
PARTS = 1000  # files in one form, before their pages are counted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the endpoints call; tests inject their own."""

    reader: Callable[[str | None], Reader]
    models: Callable[[], Sequence[ModelCard]]
    # picture, reading, truth, line, digit or None for the whole line -> number of new corrections
    correct: Callable[[Picture, Reading, str, int, int | None], int]
    count_corrections: Callable[[], int]


@dataclass(frozen=True, slots=True)
class ReadingService:
    """State shared by all requests of one application."""

    dependencies: Dependencies
    limits: Limits
    limiter: ConcurrencyLimiter
    cache: ReadingCache
    metrics: Metrics
    threads: ThreadPoolExecutor

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job in a thread; raise a 503 if it takes too long."""
        seconds = self.limits.read_seconds
        try:
            # A thread cannot be stopped: it finishes its job and is busy until then.
            return await asyncio.wait_for(
                asyncio.get_running_loop().run_in_executor(self.threads, job), seconds
            )
        except TimeoutError:
            raise Problem(
                503,
                f"reading took more than {seconds:g} s: try again or send fewer pages",
                {"Retry-After": str(self.limits.retry_seconds)},
            ) from None

    def reader(self, model: str | None) -> Reader:
        """Return the reader of a model, or raise a 422 where there is no such model."""
        # Names only: a caller must not be able to open a path on this machine.
        names = [card.name for card in self.dependencies.models()]
        if model is not None and model not in names:
            raise Problem(422, f"there is no model {model}: choose one of {', '.join(names)}")
        return self.dependencies.reader(model)

    def read(
        self, files: Sequence[UploadFile], hint: Hint, model: str | None
    ) -> Reading | list[Reading]:
        """Read files: one picture gives one reading; several files, or a PDF, give a list.

        Raises
        ------
        Problem
            There are more pages than allowed, or there is no such model.
        DigitsError
            The only picture cannot be read. Among several, its reading has the error.
        """
        reader = self.reader(model)
        if len(files) == 1:
            name = files[0].filename
            with Document.open(read_content(files[0])) as document:
                if document.numbers == (None,):
                    picture = document.page().picture
                    return self._record(picture, reader.read(picture, hint), name)
                return list(self._read_pages(reader, document, hint, name))
        return list(self._read_all(reader, files, hint))

    def _read_all(
        self, reader: Reader, files: Sequence[UploadFile], hint: Hint
    ) -> Iterator[Reading]:
        n_pages = 0
        for file in files:
            try:
                with Document.open(read_content(file)) as document:
                    yield from self._read_pages(reader, document, hint, file.filename, n_pages)
                    n_pages += len(document)
            except DigitsError as error:
                n_pages += 1
                failed = failed_reading(str(error), reader.classifier.name)
                yield self._record(None, failed, file.filename)

    def _read_pages(
        self, reader: Reader, document: Document, hint: Hint, file: str | None, before: int = 0
    ) -> Iterator[Reading]:
        """Yield a reading for each page; `before` pages of the request were read already."""
        if before + len(document) > self.limits.pages:
            raise Problem(413, f"more than {self.limits.pages} pages were sent: send fewer")
        for picture, reading in read_document(reader, document, hint):
            yield self._record(picture, reading, file)

    def _record(self, picture: Picture | None, reading: Reading, file: str | None) -> Reading:
        """Count a reading, and cache it with its picture."""
        reading = replace(reading, file=file)
        if picture is not None and reading.status != "failed":
            self.cache.keep(picture, reading)
        self.metrics.count(reading)
        return reading

    def correct(self, identity: str, truth: str, line: int, digit: int | None) -> int:
        """Store the truth of a line or digit; return the number of new corrections.

        Raises
        ------
        Problem
            The reading is not in the cache, or has no such line or digit.
        CorrectionsError
            The correction cannot be stored.
        """
        found = self.cache.find(identity)
        if found is None:
            raise Problem(
                404, "this reading is no longer known: send the picture again, then the correction"
            )
        picture, reading = found
        if line >= len(reading.lines):
            raise Problem(422, f"there is no line {line}: {len(reading.lines)} were read")
        n_digits = len(reading.lines[line].digits)
        if digit is not None and digit >= n_digits:
            raise Problem(422, f"there is no digit {digit}: this line has {n_digits}")
        if digit is not None and len(truth) > 1:
            raise Problem(422, f'one digit cannot be "{truth}": send one digit or an empty text')
        return self.dependencies.correct(picture, reading, truth, line, digit)


@asynccontextmanager
async def receive_files(request: Request, limits: Limits) -> AsyncIterator[list[UploadFile]]:
    """Receive the files of a request: those of a form, or the body itself."""
    async with receive_parts(request, limits) as parts:
        files = [file for _, file in parts]
        if not files:
            raise Problem(400, 'no file was sent: use the form field "file"')
        yield files


@asynccontextmanager
async def receive_parts(
    request: Request, limits: Limits
) -> AsyncIterator[list[tuple[str, UploadFile]]]:
    """Receive the files of a request, each with the name of its form field."""
    try:
        async with asyncio.timeout(limits.upload_seconds):
            form = await _receive(request)
    except TimeoutError:
        raise Problem(408, f"the upload took more than {limits.upload_seconds:g} s") from None
    except ClientDisconnect:
        raise Problem(400, "the client disconnected during the upload") from None
    except OSError as error:
        # Uploads go to temporary files, and the disk may be full.
        LOG.warning("no disk space for an upload", exc_info=error)
        raise Problem(
            503,
            "the server has no disk space for the upload: try again later",
            {"Retry-After": str(limits.retry_seconds)},
        ) from error
    try:
        yield [(name, part) for name, part in form.multi_items() if isinstance(part, UploadFile)]
    finally:
        await form.close()


async def _receive(request: Request) -> FormData:
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await request.form(max_files=PARTS)
    waiting = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  # the form closes it
    raw = UploadFile(cast(BinaryIO, waiting))
    try:
        async for chunk in request.stream():
            await raw.write(chunk)
    except BaseException:  # whatever ends it, cancelling included
        await raw.close()
        raise
    return FormData([("file", raw)])


def read_content(file: UploadFile) -> bytes:
    """Return the bytes of an uploaded file."""
    file.file.seek(0)
    return load_bytes(file.file.read(MAX_BYTES + 1))
