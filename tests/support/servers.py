"""Servers as processes of their own, for the tests that ask them."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 360  # tries, of half a second


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(*command: str, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a server, wait until it is healthy, and stop it in the end."""
    with subprocess.Popen(
        command if command[0] == "sh" else [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            for _ in range(PATIENCE):
                try:
                    ask(port, "/api/health")
                    break
                except OSError:
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.5)
            yield process
        finally:
            process.terminate()


def ask(port: int, path: str, body: bytes | None = None, **headers: str) -> bytes:
    request = urllib.request.Request(f"http://localhost:{port}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        return bytes(answer.read())
