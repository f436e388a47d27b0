"""Decode PDF pages and HEIC photographs, which are untrusted, in a separate process.

One process serves one document: it receives the file once and then answers requests.
"""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from digits.errors import MissingLibraryError, TooLargeError

CPU_SECONDS = 5  # of CPU time to open a file, and for each page
TIMEOUT = 30.0  # s until an answer, where CPU time cannot be limited
WORKER = Path(__file__).with_name("sandbox_worker.py")
TOO_MUCH = (
    "the {} is damaged, or made to take more time or memory than any picture does: "
    "save it as a PNG or JPEG picture"
)
# Variables that a process needs to start; no token and no database address.
ENV_ALLOWLIST = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP")
LIBRARIES = {"pdf": "pypdfium2", "heic": "pi_heif"}

Answer = tuple[dict[str, Any], bytes]


class Sandbox:
    """A running worker that holds one file."""

    def __init__(self, kind: str, process: "subprocess.Popen[bytes]") -> None:
        self._kind = kind
        self._process = process

    def ask(self, *numbers: int) -> Answer:
        """Return the report of the worker and the decoded bytes.

        Parameters
        ----------
        numbers : arguments of the worker's decoder, such as page and maximum number of pixels

        Raises
        ------
        TooLargeError
            The request takes more than `CPU_SECONDS` or too much memory, or the worker crashed.
        """
        return self._exchange(json.dumps(numbers).encode() + b"\n")

    def send(self, content: bytes) -> None:
        """Send the file to the worker; a crash is reported by `ask`."""
        head = json.dumps({"bytes": len(content), "seconds": CPU_SECONDS}).encode() + b"\n"
        self._write(head + content)

    def _exchange(self, request: bytes) -> Answer:
        # Pipes have no timeout on Windows: killing the process ends the wait.
        watchdog = threading.Timer(TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            self._write(request)
            out = self._process.stdout
            line = out.readline() if out else b""
            if not out or not line.endswith(b"\n"):
                raise TooLargeError(TOO_MUCH.format(self._kind.upper()))
            report = json.loads(line)
            size = int(report.pop("bytes"))
            decoded = out.read(size)
        finally:
            watchdog.cancel()
        if len(decoded) != size:
            raise TooLargeError(TOO_MUCH.format(self._kind.upper()))
        return report, decoded

    def _write(self, data: bytes) -> None:
        try:
            if self._process.stdin:
                self._process.stdin.write(data)
                self._process.stdin.flush()
        except OSError:  # the worker has died; the missing answer reports it
            return


@contextmanager
def open_sandbox(kind: Literal["pdf", "heic"], content: bytes) -> Iterator[Sandbox]:
    """Start a worker that holds `content`; it ends with the context.

    Raises
    ------
    MissingLibraryError
        The library for this format is not installed; the message is its name.
    TooLargeError
        No process can be started.
    """
    if importlib.util.find_spec(LIBRARIES[kind]) is None:
        raise MissingLibraryError(LIBRARIES[kind])
    command = [sys.executable, "-P", str(WORKER), kind]
    env = {name: os.environ[name] for name in ENV_ALLOWLIST if name in os.environ}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        process = subprocess.Popen(  # noqa: S603  # our own file; the document is only its input
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
        )
    except OSError:  # out of memory or processes
        raise TooLargeError(TOO_MUCH.format(kind.upper())) from None
    sandbox = Sandbox(kind, process)
    try:
        watchdog = threading.Timer(TIMEOUT, process.kill)
        watchdog.start()
        try:
            sandbox.send(content)
        finally:
            watchdog.cancel()
        yield sandbox
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:  # buffered data for a process that has died
                    continue
        process.wait()
