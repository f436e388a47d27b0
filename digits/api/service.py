"""The work behind the endpoints: pictures arrive, are read off the event loop, and remembered."""

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

from digits.api.limits import Gate, Limits, Recent
from digits.api.problems import Problem
from digits.api.telemetry import LOG, Metrics
from digits.errors import DigitsError
from digits.io.document import Document
from digits.io.image import MAX_BYTES, load_bytes
from digits.reader import Reader
from digits.registry import ModelCard
from digits.types import Hint, Picture, Reading

IN_MEMORY = 1_000_000  # bytes; what is larger waits in a temporary file until it is read
PARTS = 1000  # files in one form, before their pages are counted

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doors:
    """What the endpoints lead to; tests put others in their place."""

    reader: Callable[[str | None], Reader]
    models: Callable[[], Sequence[ModelCard]]
    # truth, line, digit or None for the whole line; returns how many were new
    correct: Callable[[Picture, Reading, str, int, int | None], int]
    count_corrections: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Desk:
    """What all requests of one application share."""

    doors: Doors
    limits: Limits
    gate: Gate
    recent: Recent
    metrics: Metrics
    threads: ThreadPoolExecutor

    async def work(self, job: Callable[[], T]) -> T:
        """Do a job off the event loop, and give up waiting for it when it takes too long."""
        seconds = self.limits.read_seconds
        try:
            # A thread cannot be stopped: it ends its job, and its place is taken until then.
            return await asyncio.wait_for(
                asyncio.get_running_loop().run_in_executor(self.threads, job), seconds
            )
        except TimeoutError:
            raise Problem(
                503,
                f"this took more than {seconds:g} s: try again, or send less",
                {"Retry-After": str(self.limits.retry_seconds)},
            ) from None

    def read(
        self, files: Sequence[UploadFile], hint: Hint, model: str | None
    ) -> Reading | list[Reading]:
        """Read what was sent: one picture gives one reading, more or a PDF a list of them.

        Raises
        ------
        Problem
            More pages came than are accepted, or there is no such model.
        DigitsError
            The only picture cannot be read. Among several it says so in its own reading.
        """
        # Never a path: whoever calls may name models, but not files of this machine.
        names = [card.name for card in self.doors.models()]
        if model is not None and model not in names:
            raise Problem(422, f"there is no model {model}: choose one of {', '.join(names)}")
        reader = self.doors.reader(model)
        if len(files) == 1:
            name = files[0].filename
            with Document.open(_content(files[0])) as document:
                if document.numbers == (None,):
                    return self._read(reader, document, None, hint, name)
                return list(self._read_pages(reader, document, hint, name))
        return list(self._read_all(reader, files, hint))

    def _read_all(
        self, reader: Reader, files: Sequence[UploadFile], hint: Hint
    ) -> Iterator[Reading]:
        n_pages = 0
        for file in files:
            try:
                with Document.open(_content(file)) as document:
                    yield from self._read_pages(reader, document, hint, file.filename, n_pages)
                    n_pages += len(document)
            except DigitsError as error:
                n_pages += 1
                yield self._failed(reader, error, None, file.filename)

    def _read_pages(
        self, reader: Reader, document: Document, hint: Hint, file: str | None, before: int = 0
    ) -> Iterator[Reading]:
        """Yield a reading for each page, if with those `before` they are not too many."""
        if before + len(document) > self.limits.pages:
            raise Problem(413, f"more than {self.limits.pages} pages were sent: send fewer")
        for page in document.numbers:
            try:
                yield self._read(reader, document, page, hint, file)
            except DigitsError as error:
                yield self._failed(reader, error, page, file)

    def _read(
        self, reader: Reader, document: Document, page: int | None, hint: Hint, file: str | None
    ) -> Reading:
        picture = document.page(page).picture
        reading = replace(reader.read(picture, hint), file=file, page=page)
        self.recent.keep(picture, reading)
        self.metrics.count(reading)
        return reading

    def _failed(
        self, reader: Reader, error: DigitsError, page: int | None, file: str | None
    ) -> Reading:
        reading = Reading(
            id="",
            size=(0, 0),
            status="failed",
            model=reader.classifier.name,
            text="",
            confidence=0.0,
            file=file,
            page=page,
            error=str(error),
        )
        self.metrics.count(reading)
        return reading

    def correct(self, identity: str, truth: str, line: int, digit: int | None) -> int:
        """Store what a line or a digit of a recent reading should be; return how much was new.

        Raises
        ------
        Problem
            The reading is not remembered, or has no such line or digit.
        CorrectionsError
            It cannot be stored.
        """
        found = self.recent.find(identity)
        if found is None:
            raise Problem(404, "this reading is not remembered: send its picture again, then this")
        picture, reading = found
        if line >= len(reading.lines):
            raise Problem(422, f"there is no line {line}: {len(reading.lines)} were read")
        n_digits = len(reading.lines[line].digits)
        if digit is not None and digit >= n_digits:
            raise Problem(422, f"there is no digit {digit}: this line has {n_digits}")
        if digit is not None and len(truth) > 1:
            raise Problem(422, f'one digit cannot be "{truth}": send one digit, or none')
        return self.doors.correct(picture, reading, truth, line, digit)


@asynccontextmanager
async def arriving(request: Request, limits: Limits) -> AsyncIterator[list[UploadFile]]:
    """Receive the pictures of a request: a form's files, or the body as it is."""
    try:
        async with asyncio.timeout(limits.upload_seconds):
            form = await _receive(request)
    except TimeoutError:
        raise Problem(408, f"nothing whole arrived within {limits.upload_seconds:g} s") from None
    except ClientDisconnect:
        raise Problem(400, "the caller went away while sending") from None
    except OSError as error:
        # What waits lies in temporary files, and the disk has an end.
        LOG.warning("no room for what arrives", exc_info=error)
        raise Problem(
            503,
            "there is no room left for what arrives: try again",
            {"Retry-After": str(limits.retry_seconds)},
        ) from error
    try:
        files = [part for _, part in form.multi_items() if isinstance(part, UploadFile)]
        if not files:
            raise Problem(400, 'no picture was sent: put it in the form\'s field "file"')
        yield files
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


def _content(file: UploadFile) -> bytes:
    file.file.seek(0)
    return load_bytes(file.file.read(MAX_BYTES + 1))
