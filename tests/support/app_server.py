"""The app in a process of its own, for browser tests."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
WAIT = 180_000  # ms, for anything to appear; only a test that fails waits so long
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}  # px


@contextmanager
def serve(*options, **environment):
    """Run the app; give its address and the process's number."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), *options]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    ) as process:
        address = f"http://localhost:{port}"
        try:
            _wait_until_healthy(process, f"{address}/_stcore/health")
            yield address, process.pid
        finally:  # else a test that fails would wait for ever
            process.terminate()


def _wait_until_healthy(process, address):
    until = time.monotonic() + WAIT / 1000
    while True:
        try:
            urllib.request.urlopen(address, timeout=WAIT / 1000).close()  # noqa: S310
            return
        except OSError:
            if process.poll() is not None:
                pytest.fail(f"the app ended at once, with exit status {process.returncode}")
            if time.monotonic() > until:
                pytest.fail(f"the app did not answer within {WAIT / 1000:.0f} s")
            time.sleep(0.25)
