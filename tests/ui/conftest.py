"""The app in a real Chromium, for all browser tests: a server, a browser, and pages that watch.

No page may ask anything of the world: that is tested with every journey.
"""

import os
import shutil
import sys
from urllib.parse import urlparse

import pytest
from app_server import DESKTOP, WAIT, serve

from digits.corrections.store import Corrections
from digits.settings import DATABASE

CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
ARGUMENTS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]


@pytest.fixture(autouse=True)
def own_main(monkeypatch):
    """AppTest puts its page in the place of ``__main__``, which processes of later tests start."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def kept(tmp_path_factory):
    """The folder of what the app of `server` keeps."""
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="session")
def server(kept):
    """The app as one person runs it; starting it takes longer than most tests."""
    with serve(DIGITS_HOME=str(kept), DIGITS_MODE="personal") as running:
        yield running


@pytest.fixture
def nothing_stored(kept):
    """Empty the store of the app of `server`, as it was before anybody corrected anything."""
    if (kept / DATABASE).exists():
        store = Corrections(f"sqlite:///{kept / DATABASE}")
        store.remove_all()
        store.close()


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as driver:
        sync_api.expect.set_options(timeout=WAIT)
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser):
    """Open a page for a new visitor; afterwards check that it made no external request."""
    contexts, asked = [], []

    def arrive(viewport=DESKTOP, **options):
        context = browser.new_context(viewport=viewport, **options)
        context.set_default_timeout(WAIT)
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
