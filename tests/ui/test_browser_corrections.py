"""Corrections in a real Chromium: carried away, brought back, and hidden from strangers."""

import io
import zipfile
from pathlib import Path

import pytest
from app_server import ROOT, WAIT, serve

from digits.corrections.from_reading import to_corrections
from digits.corrections.store import Corrections
from digits.io.document import load_picture
from digits.registry import current_reader
from digits.settings import load_settings

EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
OWNERS = "only the owner's"
THUMBNAILS = "img[alt^='Piece of a picture']"


@pytest.fixture
def store(tmp_path):
    """A year that somebody put right: a line and its four digits."""
    store = Corrections(load_settings({"DIGITS_HOME": str(tmp_path)}).database_url)
    picture = load_picture(EXAMPLE.read_bytes())
    reading = current_reader().read(picture)
    name = "![a](http://else.example/a.png) <img src=http://else.example/b.png>.jpg"
    assert (
        store.add(to_corrections(picture, reading, "2026", source="read", act="typed", file=name))
        == 5
    )
    yield store
    store.close()


def wait_for_thumbnails(page, n):
    page.wait_for_function(
        "([which, n]) => document.querySelectorAll(which).length === n",
        arg=[THUMBNAILS, n],
        timeout=WAIT,
    )
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=WAIT)


def test_corrections_are_carried_away_deleted_and_brought_back(store, visitor, tmp_path):
    before = set(store.all())
    page = visitor()
    with serve(DIGITS_HOME=str(tmp_path), DATABASE_URL="", DIGITS_MODE="personal") as (address, _):
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
    settings = {"DIGITS_MODE": "shared", "DIGITS_PASSWORD": OWNERS, "DATABASE_URL": ""}
    with serve(DIGITS_HOME=str(tmp_path), **settings) as (address, _):
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


def read(page, example, text):
    page.locator("input[type=file]").set_input_files(str(example))
    page.get_by_test_id("answer").get_by_text(text, exact=True).wait_for(timeout=WAIT)


def say(page, truth):
    field = page.get_by_label("Answer")
    field.fill(truth)
    field.press("Enter")


def test_without_its_database_the_app_reads_on_and_saves_once_it_is_back(visitor, tmp_path):
    gone = tmp_path / "gone"
    gone.write_text("a file where the folder should be")
    page, url = visitor(), f"sqlite:///{(gone / 'c.sqlite').as_posix()}"
    with serve(DIGITS_HOME=str(tmp_path), DATABASE_URL=url, DIGITS_MODE="personal") as (address, _):
        page.goto(address)
        read(page, EXAMPLE, "2026")
        say(page, "2028")
        page.get_by_text("The database of corrections cannot be reached").wait_for(timeout=WAIT)
        read(page, EXAMPLE.parent / "eight on a board.jpg", "8")
        gone.unlink()
        say(page, "3")
        page.get_by_text("Saved: 3, where 8 was read").wait_for(timeout=WAIT)


def test_two_tabs_that_save_at_once_both_do(visitor, tmp_path):
    tabs = {"2028": visitor(), "1999": visitor()}
    with serve(DIGITS_HOME=str(tmp_path), DATABASE_URL="", DIGITS_MODE="personal") as (address, _):
        for page in tabs.values():
            page.goto(address)
            read(page, EXAMPLE, "2026")
        for truth, page in tabs.items():
            say(page, truth)
        for truth, page in tabs.items():
            page.get_by_text(f"Saved: {truth}, where 2026 was read").wait_for(timeout=WAIT)
    store = Corrections(load_settings({"DIGITS_HOME": str(tmp_path)}).database_url)
    said = [found.truth for found in store.all()]
    store.close()
    # The same places of the same picture: one of the two stands there, whole.
    assert said in (["2028", *"2028"], ["1999", *"1999"])
