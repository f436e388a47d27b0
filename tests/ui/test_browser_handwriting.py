"""A person's own digits in Chromium: twenty are taught, used and undone; others see nothing."""

import io
import re
import shutil

import numpy as np
import pytest
from app_server import WAIT, serve
from axe import serious_faults
from journeys import (
    EXAMPLES,
    ONE,
    arrive,
    correct,
    draw,
    stored,
    until_answer,
    until_idle,
    until_still,
    upload,
)
from PIL import Image
from writers import corrected_digits, picture_of

from digits.corrections.store import Corrections
from digits.settings import DATABASE

OWNERS = "only the owner's"
YEAR, EIGHT = EXAMPLES / "a year.jpg", EXAMPLES / "eight on a board.jpg"


def store_in(folder):
    return Corrections(f"sqlite:///{(folder / DATABASE).as_posix()}")


def a_five(seed):
    """Return a five in the writer's form on paper."""
    grey = np.pad(picture_of(5, np.random.default_rng(seed)), 40, constant_values=255)
    size = (4 * grey.shape[1], 4 * grey.shape[0])
    file = io.BytesIO()
    Image.fromarray(grey).resize(size).save(file, "PNG")
    return {"name": "five.png", "mimeType": "image/png", "buffer": file.getvalue()}


def read_a_five(page, address):
    """Return what the page reads in a five of the writer's; nothing where it finds no number."""
    arrive(page, address)
    upload(page, a_five(2))
    page.locator(".answer .status").filter(has_text=re.compile(r"\w")).wait_for(timeout=WAIT)
    return page.get_by_test_id("answer").inner_text().strip()


def open_page(page, address):
    page.goto(f"{address}/handwriting")
    page.get_by_role("heading", level=1, name="Your handwriting").wait_for(timeout=WAIT)


def manage(page):
    page.get_by_role("button", name="Manage").click()
    page.get_by_role("button", name="Export").wait_for(timeout=WAIT)


def crops(page):
    return page.get_by_role("button", name="Remove ")


@pytest.fixture
def store(kept, nothing_stored):
    """The store of the app of `server`, which is as untaught afterwards as it was before."""
    store = store_in(kept)
    yield store
    store.remove_all()
    store.close()
    shutil.rmtree(kept / "learned", ignore_errors=True)


def test_twenty_digits_are_taught_used_and_undone(page, server, store):
    address, _ = server
    store.add(corrected_digits(19))
    assert read_a_five(page, address) != "5"

    page.get_by_role("link", name="Draw", exact=True).click()
    draw(page, ONE)
    until_answer(page, "1")
    page.get_by_role("button", name="Looks right").click()
    page.get_by_role("button", name="Saved as right").wait_for(timeout=WAIT)

    page.locator(".st-key-menu button").click()
    page.get_by_role("link", name="Your handwriting").click()
    page.get_by_role("img", name="20 digits").wait_for(timeout=WAIT)
    faults = serious_faults(page, "tiles")
    page.get_by_role("button", name="Teach").click()
    page.get_by_role("button", name="Use it").wait_for(timeout=WAIT)
    assert "of 20 right" in page.get_by_test_id("before-after").inner_text()
    until_still(page)
    faults += serious_faults(page, "before and after")
    assert not faults, "\n".join(faults)
    page.get_by_role("button", name="Use it").click()
    page.get_by_text("In use: 20 digits").wait_for(timeout=WAIT)
    assert read_a_five(page, address) == "5"

    open_page(page, address)
    page.get_by_role("button", name="Undo teaching").click()
    page.get_by_role("button", name="Undo teaching").wait_for(state="detached", timeout=WAIT)
    assert read_a_five(page, address) != "5"


def test_digits_are_removed_exported_deleted_and_brought_back(page, server, store, tmp_path):
    address, _ = server
    store.add(corrected_digits(7))
    before = set(store.all())
    open_page(page, address)
    fives = page.get_by_role("button", name="Remove 5, was read as 3")
    fives.nth(1).wait_for(timeout=WAIT)
    fives.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_role("img", name="6 of 20").wait_for(timeout=WAIT)
    assert store.count() == 6
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("img", name="7 of 20").wait_for(timeout=WAIT)
    assert set(store.all()) == before

    manage(page)
    with page.expect_download(timeout=WAIT) as download:
        page.get_by_role("button", name="Export").click()
    exported = tmp_path / "handwriting.zip"
    download.value.save_as(exported)
    page.get_by_text("Delete for good").click()
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_role("button", name="Draw digits").wait_for(timeout=WAIT)
    assert store.count() == 0

    until_idle(page)
    if not page.get_by_role("button", name="Export").is_visible():
        manage(page)
    page.locator("[data-testid=stPopoverBody] input[type=file]").set_input_files(str(exported))
    page.get_by_role("img", name="7 of 20").wait_for(timeout=WAIT)
    assert set(store.all()) == before


@pytest.mark.usefixtures("nothing_stored")
def test_an_empty_page_links_to_draw_and_read(page, server):
    open_page(page, server[0])
    page.get_by_role("button", name="Draw digits").click()
    page.locator("canvas").first.wait_for(timeout=WAIT)
    open_page(page, server[0])
    page.get_by_role("button", name="Read a photo").click()
    page.locator(".intake").wait_for(timeout=WAIT)


def test_visitors_store_only_what_they_save_and_only_the_owner_sees_it(visitor, tmp_path):
    owner, stranger = visitor(), visitor()
    settings = {"DIGITS_MODE": "shared", "DIGITS_PASSWORD": OWNERS, "DATABASE_URL": ""}
    with serve(DIGITS_HOME=str(tmp_path), **settings) as (address, _):
        arrive(stranger, address)
        upload(stranger, YEAR)
        until_answer(stranger, "2026")
        correct(stranger, "2028")
        until_answer(stranger, "2028")
        save = stranger.get_by_role("button", name="Save 1 correction")
        save.wait_for(timeout=WAIT)
        assert not list(tmp_path.iterdir())
        save.click()
        stranger.get_by_text("Saved: 2028").wait_for(timeout=WAIT)
        assert stored(tmp_path)[0] == ("2026", "2028", "read", None, "typed")

        for page, given in ((owner, OWNERS), (stranger, OWNERS.upper())):
            open_page(page, address)
            page.get_by_label("The owner's password").fill(given)
            page.get_by_role("button", name="Open").click()
        crops(owner).nth(3).wait_for(timeout=WAIT)
        stranger.get_by_text("Wrong password").wait_for(timeout=WAIT)
        assert crops(stranger).count() == 0
        owner.reload()  # a new session: nobody stays the owner on a computer that others use
        owner.get_by_label("The owner's password").wait_for(timeout=WAIT)
        assert crops(owner).count() == 0


def test_without_a_database_reading_continues_and_saving_works_once_it_is_back(page, tmp_path):
    gone = tmp_path / "gone"
    gone.write_text("a file where the folder should be")
    with serve(DIGITS_HOME=str(gone), DATABASE_URL="", DIGITS_MODE="personal") as (address, _):
        arrive(page, address)
        upload(page, YEAR)
        until_answer(page, "2026")
        correct(page, "2028")
        page.get_by_text("The database of corrections cannot be reached").wait_for(timeout=WAIT)
        page.get_by_role("button", name="Save 1 correction").wait_for(timeout=WAIT)
        upload(page, EIGHT)
        until_answer(page, "8")
        gone.unlink()
        correct(page, "3")
        page.get_by_text("Saved: 3, not 8").wait_for(timeout=WAIT)


def test_two_tabs_can_save_at_the_same_time(visitor, server, store):
    tabs = {"2028": visitor(), "1999": visitor()}
    for page in tabs.values():
        arrive(page, server[0])
        upload(page, YEAR)
        until_answer(page, "2026")
    for truth, page in tabs.items():
        correct(page, truth)
    for truth, page in tabs.items():
        page.get_by_text(f"Saved: {truth}, not 2026").wait_for(timeout=WAIT)
    said = [found.truth for found in store.all()]
    # The same places of the same picture: one of the two stands there, whole.
    assert said in (["2028", *"2028"], ["1999", *"1999"])
