"""The service behind the endpoints: receive pictures, read them in threads, store corrections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
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
from digits.api.shared_reader import SharedJob, SharedReader
from digits.api.telemetry import LOG, Metrics
from digits.errors import DigitsError
from digits.io.document import Document, load_picture
from digits.io.image import MAX_BYTES, is_pdf_file, load_bytes
from digits.reader import Reader, decode_pages, read_in_groups
from digits.registry import ModelCard
from digits.types import Hint, Picture, Reading

IN_MEMORY = 1_000_000  # bytes; a larger body goes to a temporary file
PARTS = 1000  # files in one form, before their pages are counted

T = TypeVar("T")
PageOfRequest = tuple[str | None, int | None, Picture | None]  # file, page of a PDF, picture


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
    shared: SharedReader

    async def run(self, job: Callable[[], T]) -> T:
        """Run a job in a thread; raise a 503 if it takes too long."""
        return await self._limited(asyncio.get_running_loop().run_in_executor(self.threads, job))

    async def _limited(self, job: Awaitable[T]) -> T:
        seconds = self.limits.read_seconds
        try:
            # A thread cannot be stopped: it finishes its job and is busy until then.
            return await asyncio.wait_for(job, seconds)
        except TimeoutError:
            raise Problem(
                503,
                f"reading took more than {seconds:g} s: try again or send fewer pages",
                {"Retry-After": str(self.limits.retry_seconds)},
            ) from None

    def reader(self, model: str | None) -> Reader:
        """Return the reader of a model, or raise a 422 where there is no such model."""
        if model is not None:
            # Names only: a caller must not be able to open a path on this machine.
            names = [card.name for card in self.dependencies.models()]
            if model not in names:
                raise Problem(422, f"there is no model {model}: choose one of {', '.join(names)}")
        return self.dependencies.reader(model)

    async def read(
        self,
        files: Sequence[UploadFile],
        hint: Hint,
        model: str | None,
        answer: Callable[[Reading | list[Reading]], T],
    ) -> T:
        """Read files: one picture gives one reading; several files, or a PDF, give a list.

        A picture is read together with those of other requests.

        Parameters
        ----------
        answer : makes the answer of the readings, in a thread

        Raises
        ------
        Problem
            There are more pages than allowed, or there is no such model.
        DigitsError
            The only picture cannot be read. Among several, its reading has the error.
        """
        picture = await self.run(lambda: _only_picture(files))
        if picture is None:
            return await self.run(lambda: answer(self._read_all(files, hint, model)))
        reader = await self.run(lambda: self.reader(model))
        name = files[0].filename
        job = SharedJob(
            reader, picture, hint, lambda found: answer(self._record(picture, found, name))
        )
        return await self._limited(self.shared.read(job))

    def _read_all(
        self, files: Sequence[UploadFile], hint: Hint, model: str | None
    ) -> list[Reading]:
        found = read_in_groups(self.reader(model), self._pages(files, hint))
        return [
            self._record(picture, replace(reading, page=page), name)
            for (name, page, picture), reading in found
        ]

    def _pages(
        self, files: Sequence[UploadFile], hint: Hint
    ) -> Iterator[
        tuple[tuple[str | None, int | None, Picture | None], Picture | DigitsError, Hint]
    ]:
        """Yield each page of each file, decoded on demand; an error instead where there is none.

        Raises
        ------
        DigitsError
            The only file cannot be opened.
        """
        n_pages = 0
        for file in files:
            name = file.filename
            try:
                with Document.open(read_content(file)) as document:
                    n_pages += len(document)
                    if n_pages > self.limits.pages:
                        raise Problem(
                            413, f"more than {self.limits.pages} pages were sent: send fewer"
                        )
                    for page, picture in decode_pages(document):
                        known = None if isinstance(picture, DigitsError) else picture
                        yield (name, page, known), picture, hint
            except DigitsError as error:
                if len(files) == 1:
                    raise
                n_pages += 1
                yield (name, None, None), error, hint

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


def _only_picture(files: Sequence[UploadFile]) -> Picture | None:
    """Decode the only file; None if there are several, or if it is a PDF."""
    if len(files) != 1:
        return None
    content = read_content(files[0])
    return None if is_pdf_file(content) else load_picture(content)
