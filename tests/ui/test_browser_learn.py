"""In a real Chromium: a digit is read wrongly, corrections are learned from, and it is right."""

import io

import numpy as np
import pytest
from app_server import WAIT, serve
from PIL import Image

from digits.corrections.from_reading import to_corrections
from digits.io.document import load_picture
from digits.registry import current_corrections, current_reader
from digits.synthesis.allographs import forms_of, write
from digits.synthesis.strokes import draw
from digits.types import ANY

# Whether "active" stands in the line of what was shipped: both lines have a button at times.
IN_FORCE = """() => {
    const middle = (text) => {
        const found = [...document.querySelectorAll("p")].find((p) => p.textContent.includes(text));
        const box = found?.getBoundingClientRect();
        return box ? (box.top + box.bottom) / 2 : NaN;
    };
    return Math.abs(middle("As shipped: nothing learned") - middle("active")) < 20;
}"""


def picture(digit, rng):
    """One hand's digit on paper, as PNG: foreign forms, leaning, a broad pen."""
    ink = np.pad(draw(write(digit, rng, forms_of(digit)[-2], 0.8), 40, 8.0, rng), 40)
    file = io.BytesIO()
    size = (4 * ink.shape[1], 4 * ink.shape[0])
    Image.fromarray((255 - 220 * ink).astype(np.uint8)).resize(size).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A store with eighty corrected digits of that hand."""
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    rng = np.random.default_rng(11)
    reader, store = current_reader(), current_corrections()
    for i in range(80):
        seen = load_picture(picture(i % 10, rng))
        reading = reader.read(seen, ANY)
        if len(reading.digits) == 1:
            store.add(to_corrections(seen, reading, str(i % 10), source="read", act="typed"))
    return tmp_path


@pytest.fixture
def server(home):
    with serve(DIGITS_HOME=str(home)) as (address, _):
        yield address


def read(page, address, png, expected):
    page.goto(address)
    page.locator("input[type=file]").set_input_files(
        {"name": "five.png", "mimeType": "image/png", "buffer": png}
    )
    page.get_by_test_id("answer").get_by_text(expected, exact=True).wait_for(timeout=WAIT)


def test_corrections_are_learned_from_and_the_same_picture_is_read_differently(page, server):
    five = picture(5, np.random.default_rng((5, 15)))
    read(page, server, five, "1")
    page.goto(f"{server}/learn")
    page.get_by_test_id("taught").wait_for(timeout=WAIT)
    page.get_by_role("button", name="Learn", exact=True).click(timeout=WAIT)
    page.get_by_text("from now on this network reads with it").wait_for(timeout=WAIT)
    assert "MNIST digits" in page.get_by_test_id("compared").inner_text()
    read(page, server, five, "5")
    page.goto(f"{server}/learn")
    page.get_by_role("button", name="Go back to it").click(timeout=WAIT)
    page.wait_for_function(IN_FORCE, timeout=WAIT)
    read(page, server, five, "1")
