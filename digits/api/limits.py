"""Limits on requests: body size, pages, time, concurrency and cached readings."""

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

READING_BYTES, DIGIT_BYTES = 2_000, 5_000  # of memory, measured with tracemalloc and rounded up


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits beyond which a request is rejected with a clear error."""

    body: int = MAX_BYTES + 1_000_000  # bytes: the largest picture and its multipart envelope
    pages: int = 50  # pictures and PDF pages in one request
    upload_seconds: float = 60.0  # for a request to be received
    read_seconds: float = 60.0  # for its pictures to be read, including the wait for a thread
    requests: int = 64  # in progress at the same time; the next gets 503
    retry_seconds: int = 2  # of Retry-After
    workers: int = 2  # threads that read pictures
    cache_bytes: int = 64_000_000  # bytes of pictures and readings kept for corrections


class ConcurrencyLimiter:
    """Limits the requests in progress; used from one event loop, so it needs no lock."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.busy = 0  # requests in progress

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot for one request, or raise a 503 with Retry-After."""
        if self.busy >= self._limits.requests:
            raise Problem(
                503,
                f"{self._limits.requests} requests are in progress: try again",
                {"Retry-After": str(self._limits.retry_seconds)},
            )
        self.busy += 1
        try:
            yield
        finally:
            self.busy -= 1


class ReadingCache:
    """The most recent pictures and readings by the reading's id, in bounded memory."""

    def __init__(self, room: int) -> None:
        self._room = room  # bytes
        self._kept: OrderedDict[str, tuple[Picture, Reading]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, picture: Picture, reading: Reading) -> None:
        """Add a reading, and drop the oldest ones that no longer fit."""
        with self._lock:
            if known := self._kept.pop(reading.id, None):
                self._room += _size(*known)
            self._kept[reading.id] = picture, reading
            self._room -= _size(picture, reading)
            while self._room < 0:
                _, oldest = self._kept.popitem(last=False)
                self._room += _size(*oldest)

    def find(self, identity: str) -> tuple[Picture, Reading] | None:
        """Return a picture and its reading if they are still in the cache."""
        with self._lock:
            return self._kept.get(identity)


def _size(picture: Picture, reading: Reading) -> int:
    """Return the approximate size in memory of a reading and its picture, in bytes."""
    return picture.grey.nbytes + READING_BYTES + DIGIT_BYTES * len(reading.digits)


class BodyLimit:
    """ASGI middleware that rejects a body as soon as it exceeds the limit."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit  # bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes of one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        arrived = 0

        async def counted() -> Message:
            nonlocal arrived
            # A body that is announced as too large is not received at all.
            too_large = announced.isdecimal() and int(announced) > self._limit
            message: Message = {} if too_large else await receive()
            arrived += len(message.get("body", b""))
            if too_large or arrived > self._limit:
                raise Problem(
                    413,
                    f"more than {self._limit // 1_000_000} MB were sent: send a smaller request",
                )
            return message

        await self._app(scope, counted, send)
