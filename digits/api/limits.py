"""What one caller may take from all others: bytes, pages, time, places at the table, pictures."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digits.api.problems import Problem
from digits.io.image import MAX_BYTES
from digits.types import Picture, Reading

READING_BYTES, DIGIT_BYTES = 2_000, 5_000  # of memory, measured with tracemalloc, and rounded up


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is accepted before a request is refused with a sentence that says so."""

    body: int = MAX_BYTES + 1_000_000  # bytes: the largest picture, and what multipart puts round
    pages: int = 50  # pictures and pages of PDFs in one request
    upload_seconds: float = 60.0  # for a request to arrive in
    read_seconds: float = 60.0  # for its pictures to be read in, waiting for others included
    requests: int = 64  # at hand at once; the next is told to come again
    retry_seconds: int = 2  # after which it may
    workers: int = 2  # threads that read; the networks use all cores by themselves
    remembered: int = 64_000_000  # bytes of pictures and readings that corrections may follow


class Gate:
    """Lets in so many requests at once; for one event loop, which is why it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.busy = 0  # requests at hand

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place, or say when to come again."""
        if self.busy >= self._limits.requests:
            raise Problem(
                503,
                f"{self._limits.requests} requests are at hand: try again",
                {"Retry-After": str(self._limits.retry_seconds)},
            )
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1


class Recent:
    """The pictures that were read last, by the reading's id; in memory only, and bounded."""

    def __init__(self, room: int) -> None:
        self._room = room  # bytes
        self._kept: OrderedDict[str, tuple[Picture, Reading]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, picture: Picture, reading: Reading) -> None:
        """Remember one more, and forget the oldest that no longer fit."""
        with self._lock:
            if known := self._kept.pop(reading.id, None):
                self._room += _size(*known)
            self._kept[reading.id] = picture, reading
            self._room -= _size(picture, reading)
            while self._room < 0:
                _, oldest = self._kept.popitem(last=False)
                self._room += _size(*oldest)

    def find(self, identity: str) -> tuple[Picture, Reading] | None:
        """Return the picture and what was read in it, if they are still here."""
        with self._lock:
            return self._kept.get(identity)


def _size(picture: Picture, reading: Reading) -> int:
    """Return how many bytes of memory a reading and its picture take, roughly."""
    return picture.grey.nbytes + READING_BYTES + DIGIT_BYTES * len(reading.digits)


class BodyLimit:
    """Refuses a body while it arrives, as soon as it is larger than allowed."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit  # bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            # What says that it is too large is not even received.
            too_large = announced.isdecimal() and int(announced) > self._limit
            message: Message = {} if too_large else await receive()
            arrived += len(message.get("body", b""))
            if too_large or arrived > self._limit:
                raise Problem(413, f"more than {self._limit // 1_000_000} MB were sent: send less")
            return message

        await self._app(scope, counted, send)
