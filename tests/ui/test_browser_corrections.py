"""Corrections in a real Chromium: carried away, brought back, and hidden from strangers."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pytest

from digits.assembly import current_reader
from digits.correcting import to_corrections
from digits.corrections import Corrections
from digits.image.pixels import load_picture
from digits.settings import load_settings

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
ARGUMENTS += ["--no-first-run", "--disable-component-update", "--disable-sync"]
WAIT = 60_000  # ms, generous: machines are shared
OWNERS = "only the owner's"
THUMBNAILS = "img[alt^='Piece of a picture']"

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@contextmanager
def serve(home, **environment):
    """Run the app with a folder of its own; give its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port)]
    known = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=known | {"DIGITS_HOME": str(home)} | environment,
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
        yield address
        process.terminate()


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser):
    """Open a page for somebody new; at the end, none has asked an outside host."""
    contexts, asked = [], []

    def arrive():
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        return page

    yield arrive
    for context in contexts:
        context.close()
    outside = {urlparse(url).hostname for url in asked} - {"localhost", None, ""}
    assert not outside, f"the page asked these hosts: {outside}"


@pytest.fixture
def store(tmp_path):
    """A year that somebody put right: a line and its four digits."""
    store = Corrections(load_settings({"DIGITS_HOME": str(tmp_path)}).database_url)
    picture = load_picture(EXAMPLE.read_bytes())
    reading = current_reader().read(picture)
    name = "![a](http://else.example/a.png) <img src=http://else.example/b.png>.jpg"
    assert store.add(to_corrections(picture, reading, "2026", source="read", file=name)) == 5
    yield store
    store.close()


def wait_for_thumbnails(page, n):
    page.wait_for_function(
        "([which, n]) => document.querySelectorAll(which).length === n",
        arg=[THUMBNAILS, n],
        timeout=WAIT,
    )


def test_corrections_are_carried_away_deleted_and_brought_back(store, visitor, tmp_path):
    before = set(store.all())
    page = visitor()
    with serve(tmp_path) as address:
        page.goto(f"{address}/corrections")
        page.get_by_text("5 corrections").wait_for(timeout=WAIT)
        wait_for_thumbnails(page, 5)

        page.get_by_text("Lines", exact=True).click()
        page.get_by_text("1 correction", exact=True).wait_for(timeout=WAIT)
        wait_for_thumbnails(page, 1)
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_text("No correction is like that").wait_for(timeout=WAIT)
        assert store.count() == 4
        page.get_by_role("button", name="Undo").click()
        wait_for_thumbnails(page, 1)
        assert set(store.all()) == before

        with page.expect_download(timeout=WAIT) as download:
            page.get_by_role("button", name="Export as ZIP").click()
        exported = Path(download.value.path()).read_bytes()
        assert "labels.csv" in zipfile.ZipFile(io.BytesIO(exported)).namelist()

        page.get_by_role("button", name="Delete everything").click()
        page.get_by_role("button", name="Delete everything for good").click()
        page.get_by_text("5 were deleted for good").wait_for(timeout=WAIT)
        assert store.count() == 0

        page.locator("input[type=file]").set_input_files(
            {"name": "corrections.zip", "mimeType": "application/zip", "buffer": exported}
        )
        page.get_by_role("button", name="Import", exact=True).click()
        page.get_by_text("5 imported, 5 of them new").wait_for(timeout=WAIT)
        assert set(store.all()) == before


def test_of_two_visitors_only_the_owner_sees_what_is_kept(store, visitor, tmp_path):
    owner, stranger = visitor(), visitor()
    with serve(tmp_path, DIGITS_MODE="shared", DIGITS_PASSWORD=OWNERS) as address:
        for page in (owner, stranger):
            page.goto(f"{address}/corrections")
            page.get_by_text("visitors never see them").wait_for(timeout=WAIT)
        for page, given in ((owner, OWNERS), (stranger, OWNERS.upper())):
            page.get_by_label("The owner's password").fill(given)
            page.get_by_role("button", name="Open").click()
        wait_for_thumbnails(owner, 5)
        stranger.get_by_text("That is not the password").wait_for(timeout=WAIT)
        assert stranger.locator(THUMBNAILS).count() == 0
        assert "2026" not in stranger.content()
        owner.reload()  # a new session: nobody stays the owner on a computer that others use
        owner.get_by_label("The owner's password").wait_for(timeout=WAIT)
        assert owner.locator(THUMBNAILS).count() == 0
