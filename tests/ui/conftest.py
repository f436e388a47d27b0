"""The app in a real Chromium, for all browser tests: a server, a browser, and pages that watch.

No page may ask anything of the world: that is tested with every journey.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest

ROOT = Path(__file__).parent.parent.parent
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
ARGUMENTS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}  # px


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """AppTest puts its page in the place of ``__main__``, which processes of later tests start."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


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


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app as one person runs it, with an empty folder for what it keeps."""
    with serve(DIGITS_HOME=str(tmp_path_factory.mktemp("kept")), DIGITS_MODE="personal") as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser):
    """Open a page for somebody new; at the end, none has asked an outside host."""
    contexts, asked = [], []

    def arrive(viewport=DESKTOP, **options):
        context = browser.new_context(viewport=viewport, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        return page

    yield arrive
    for context in contexts:
        context.close()
    outside = {urlparse(url).hostname for url in asked} - {"localhost", None, ""}
    assert not outside, f"the page asked these hosts: {outside}"


@pytest.fixture
def page(visitor):
    return visitor()
