"""Read the pictures of several requests together."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from digits.io.heap import trim_heap
from digits.reader import PIXELS_AT_ONCE, Reader
from digits.types import Hint, Picture, Reading

WINDOW = 0.005  # s that a picture waits for those of other requests, at most
LARGE = 1_000_000  # px, after which freed memory is given back
TOGETHER = 16  # pictures that are read together, at most: each waits for all of them


@dataclass(frozen=True, slots=True)
class SharedJob:
    """One picture to read."""

    reader: Reader
    picture: Picture
    hint: Hint
    answer: Callable[[Reading], Any]  # makes the answer of the request, in a thread


@dataclass(slots=True)
class SharedReader:
    """Reads the pictures that wait, in threads; used from one event loop, so it needs no lock.

    What arrives while others are read is read together after them.
    """

    threads: ThreadPoolExecutor
    workers: int  # of these
    n_requests: Callable[[], int]  # in progress: those that do not wait here yet may come soon
    _waiting: deque[tuple[SharedJob, "asyncio.Future[Any]"]] = field(default_factory=deque)
    _readers: set["asyncio.Task[None]"] = field(default_factory=set)

    async def read(self, job: SharedJob) -> Any:  # noqa: ANN401  # what `answer` returns
        """Return the answer of a picture's reading, or raise what reading it raises."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if len(self._readers) < self.workers:
            task = asyncio.create_task(self._read_waiting())
            self._readers.add(task)
            task.add_done_callback(self._readers.discard)
        return await future

    async def _read_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        if self.n_requests() > len(self._waiting):
            await asyncio.sleep(WINDOW)
        while group := self._take():
            jobs = [job for job, _ in group]
            answers = await loop.run_in_executor(self.threads, _read_together, jobs)
            for (_, future), answer in zip(group, answers, strict=True):
                if future.done():  # its request was given up
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(answer)
                else:
                    future.set_result(answer)

    def _take(self) -> list[tuple[SharedJob, "asyncio.Future[Any]"]]:
        """Take pictures of one reader, in order, no more than each thread's share."""
        share = min(TOGETHER, -(-len(self._waiting) // self.workers))
        group: list[tuple[SharedJob, asyncio.Future[Any]]] = []
        n_pixels = 0
        while self._waiting and len(group) < share and n_pixels < PIXELS_AT_ONCE:
            job, future = self._waiting[0]
            if group and job.reader is not group[0][0].reader:
                break
            self._waiting.popleft()
            if not future.done():
                group.append((job, future))
                n_pixels += job.picture.grey.size
        return group


def _read_together(jobs: Sequence[SharedJob]) -> list[Any]:
    """Return the answer of each picture, or the error that ended it."""
    try:
        found = jobs[0].reader.read_together([(job.picture, job.hint) for job in jobs])
    except Exception as error:  # of a network, which all of them need
        return [error] * len(jobs)
    answers = [_answer(job, reading) for job, reading in zip(jobs, found, strict=True)]
    if sum(job.picture.grey.size for job in jobs) > LARGE:
        trim_heap()
    return answers


def _answer(job: SharedJob, reading: Reading | Exception) -> Any:  # noqa: ANN401
    if isinstance(reading, Exception):
        return reading
    try:
        return job.answer(reading)
    except Exception as error:
        return error
