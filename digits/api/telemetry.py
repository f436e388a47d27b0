"""Logging and metrics: one JSON line per request, and counters for Prometheus."""

import json
import logging
import re
import sys
import time
import uuid
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from digits.api.problems import problem
from digits.types import Reading

LOG = logging.getLogger("digits.api")
HEADER = "X-Request-ID"
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # ids from the caller that may appear in the log
QUIET = ("/health", "/ready", "/metrics")  # polled every few seconds; logged at level DEBUG
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)  # upper ends of the histogram's bins
FIELDS = ("request_id", "method", "route", "status", "ms", "bytes")  # of a request, in the log


class Metrics:
    """Counters of one application, in their own registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "digits_requests", "Requests answered", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "digits_request_seconds", "Time from request to answer", ["route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        self.readings = Counter(
            "digits_readings", "Pictures read", ["status", "model"], registry=self.registry
        )
        self.busy = Gauge(
            "digits_requests_in_progress", "Requests in progress", registry=self.registry
        )

    def count(self, reading: Reading) -> None:
        """Count one picture."""
        self.readings.labels(reading.status, reading.model.name).inc()


class RequestLog:
    """ASGI middleware that gives each request an id, logs it, and answers unexpected errors."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, n_bytes = time.perf_counter(), 0, 0
        given = Headers(scope=scope).get(HEADER, "")
        identity = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["id"] = identity

        async def send_counted(message: Message) -> None:
            nonlocal status, n_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = identity
            n_bytes += len(message.get("body", b""))
            await send(message)

        fault: Exception | None = None
        try:
            await self._app(scope, receive, send_counted)
        except Exception as error:
            fault = error
            if not status:
                sentence = f"an unexpected error occurred; it is logged under {identity}"
                await problem(identity, 500, sentence)(scope, receive, send_counted)
        seconds = time.perf_counter() - began
        # The route's pattern instead of the path, so that the number of counters stays bounded.
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(route, scope["method"], status).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        facts = (identity, scope["method"], route, status, round(1000 * seconds, 1), n_bytes)
        level = logging.DEBUG if route in QUIET else logging.INFO
        LOG.log(
            logging.ERROR if fault else level,
            "request",
            extra=dict(zip(FIELDS, facts, strict=True)),
            exc_info=fault,
        )


class JsonLines(logging.Formatter):
    """Formats records as one JSON object per line, without headers, tokens, names or pictures."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line."""
        facts = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            facts["traceback"] = self.formatException(record.exc_info)
        return json.dumps(facts, ensure_ascii=False)


def start_logging() -> None:
    """Log to standard error unless a handler is configured already."""
    if not LOG.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(JsonLines())
        LOG.addHandler(handler)
        LOG.setLevel(logging.INFO)
        LOG.propagate = False
