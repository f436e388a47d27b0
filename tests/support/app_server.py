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
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()  # noqa: S310
                break
            except OSError:
                time.sleep(0.25)
        else:
            process.kill()
            pytest.fail("the app did not start within a minute")
        try:
            yield address, process.pid
        finally:  # else a test that fails would wait for ever
            process.terminate()
