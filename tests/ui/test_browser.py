"""The app in a real Chromium: upload and read, draw and read, and nothing asked of the world."""

import base64
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "digits" / "ui" / "examples"
WAIT = 180_000  # ms, generous: machines are shared


def connections(pid: int) -> tuple[list[str], list[str]]:
    """Return the process's connections within this machine, and those beyond it."""
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(link.readlink().name)
        except OSError:
            continue
    inside, outside = [], []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            remote = fields[2].split(":")[0]
            loopback = remote.endswith("7F") or set(remote) == {"0"}
            loopback = loopback or remote == "00000000000000000000000001000000"
            if f"socket:[{fields[9]}]" in sockets:
                (inside if loopback else outside).append(remote)
    return inside, outside


@pytest.mark.quick
def test_an_uploaded_picture_is_read(page, server):
    page.goto(server[0])
    page.locator("input[type=file]").set_input_files(str(EXAMPLES / "three in shadow.jpg"))
    answer = page.get_by_test_id("answer")
    answer.wait_for(timeout=WAIT)
    assert answer.inner_text().strip() == "3"
    page.get_by_alt_text("The 28 by 28 picture").wait_for(timeout=WAIT)


def test_blank_paper_names_no_digit(page, server):
    page.goto(server[0])
    page.locator("input[type=file]").set_input_files(str(EXAMPLES / "blank paper.jpg"))
    page.get_by_text("No ink found").wait_for(timeout=WAIT)
    assert page.get_by_test_id("answer").count() == 0


def test_a_file_that_is_no_picture_is_explained(page, server):
    page.goto(server[0])
    page.locator("input[type=file]").set_input_files(
        {"name": "letter.png", "mimeType": "image/png", "buffer": b"Dear Sir"}
    )
    page.get_by_text("no picture that can be opened").wait_for(timeout=WAIT)


PASTE = """async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const clipboard = new DataTransfer();
    clipboard.items.add(new File([bytes], "pasted.jpg", { type: "image/jpeg" }));
    document.body.dispatchEvent(
        new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true }));
}"""


def test_the_newest_picture_is_read_whether_uploaded_or_pasted(page, server):
    page.goto(server[0])
    file, answer = page.locator("input[type=file]"), page.get_by_test_id("answer")
    file.set_input_files(str(EXAMPLES / "three in shadow.jpg"))
    page.get_by_test_id("answer").get_by_text("3", exact=True).wait_for(timeout=WAIT)
    eight = base64.b64encode((EXAMPLES / "eight on a board.jpg").read_bytes()).decode()
    page.evaluate(PASTE, eight)
    answer.get_by_text("8", exact=True).wait_for(timeout=WAIT)
    page.get_by_role("button", name="Remove the pasted picture").click()
    answer.get_by_text("3", exact=True).wait_for(timeout=WAIT)
    page.evaluate(PASTE, eight)
    answer.get_by_text("8", exact=True).wait_for(timeout=WAIT)
    file.set_input_files(str(EXAMPLES / "a year.jpg"))
    answer.get_by_text("2026", exact=True).wait_for(timeout=WAIT)


def test_the_camera_is_asked_only_on_demand_and_its_picture_read(page, server):
    page.goto(server[0])
    page.get_by_text("Use the camera").wait_for(timeout=WAIT)
    assert page.locator("video").count() == 0
    page.get_by_text("Use the camera").click()
    # Streamlit changes the stream's size once it runs, and drops a photograph asked for before.
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0", timeout=WAIT)
    width = -1
    while width != (width := page.evaluate("document.querySelector('video').videoWidth")):
        page.wait_for_timeout(1500)
    page.get_by_role("button", name="Take photo").click(timeout=WAIT)
    page.get_by_text("What was found").wait_for(timeout=WAIT)


def draw_a_one(page):
    """Draw a straight stroke down the sheet; the button is still pressed at the end."""
    sheet = page.locator("canvas").first
    sheet.wait_for(timeout=WAIT)
    box = sheet.bounding_box()
    x, y, height = box["x"] + box["width"] / 2, box["y"], box["height"]
    page.mouse.move(x, y + 0.2 * height)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(x, y + (0.2 + 0.6 * step / 19) * height)
        page.wait_for_timeout(15)


def draw_and_lift(page, server):
    """Open the sheet, draw a one, lift the pen and wait for the answer."""
    page.goto(f"{server[0]}/draw")
    draw_a_one(page)
    page.mouse.up()
    page.get_by_test_id("answer").wait_for(timeout=WAIT)


def test_a_drawing_is_read_while_it_is_drawn_and_cleared(page, server):
    page.goto(f"{server[0]}/draw")
    draw_a_one(page)
    answer = page.get_by_test_id("answer")
    answer.wait_for(timeout=WAIT)
    assert answer.inner_text().strip() == "1"
    page.mouse.up()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw on the sheet").wait_for(timeout=WAIT)


def test_a_drawing_survives_a_change_of_page(page, server):
    draw_and_lift(page, server)
    page.get_by_role("link", name="Read").click()
    page.get_by_text("Upload, drop, paste").first.wait_for(timeout=WAIT)
    page.get_by_role("link", name="Draw").click()
    page.get_by_test_id("answer").wait_for(timeout=WAIT)


def test_undo_by_key_takes_the_last_stroke_back(page, server):
    draw_and_lift(page, server)
    page.keyboard.press("Control+z")
    page.get_by_text("Draw on the sheet").wait_for(timeout=WAIT)


def test_the_server_asks_nothing_of_outside_hosts(server):
    if not sys.platform.startswith("linux"):
        pytest.skip("open connections are listed by Linux's /proc")
    inside, outside = connections(server[1])
    assert inside, "not even the listening socket was found: this test sees nothing"
    assert outside == []
