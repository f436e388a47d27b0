"""A reading on one sheet of paper: whole in itself, and never longer than the sheet."""

import os
import re
import shutil
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.cli import main
from digits.render.report import to_report
from digits.types import Box, Digit, Line, Mark, ModelName, Reading

EXAMPLES = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples"
CHROMIUM = os.environ.get("DIGITS_CHROMIUM") or shutil.which("chromium")
WHEN = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


class Requests(HTMLParser):
    """Collects what a page would run or fetch, and its pictures."""

    def __init__(self):
        super().__init__()
        self.pictures, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        result = dict(attrs)
        assert not {"href", "onload", "onerror", "srcset"} & result.keys()
        if tag == "img":
            assert result["alt"]
            self.pictures.append(result["src"])


def reading(lines, *, size=(640, 480), **result):
    frame = np.eye(28, dtype=np.float32)
    made = []
    for y, text in enumerate(lines):
        digits = tuple(
            Digit(
                int(c), 0.5 + 0.4 * x / len(text), Box(9 * x, 9 * y, 8, 8), (0.1,) * 10, 0.1, frame
            )
            for x, c in enumerate(text)
        )
        marks = (Mark("dot", Box(8, 9 * y, 1, 1)),)
        made.append(Line(text, 0.8, Box(0, 9 * y, 9 * len(text), 8), digits, marks))
    return Reading(
        "0" * 64,
        size,
        result.pop("status", "read"),
        ModelName("fake", "f" * 64),
        "\n".join(lines),
        0.8,
        tuple(made),
        **result,
    )


def worst():
    """Everything at once: a crowded page, long notes, a long name, a picture like a tower."""
    return reading(
        ["0123456789" * 4] * 30,
        size=(300, 3000),
        notes=("This page is hard to read. " * 30,) * 12,
        file="x" * 255,
        error="Something went wrong. " * 40,
    )


def check(page):
    found = Requests()
    found.feed(page)
    assert all(source.startswith("data:image/png;base64,") for source in found.pictures)
    assert not found.tags & {"script", "link", "iframe", "object", "embed"}
    assert "@import" not in page
    assert "url(" not in page
    return found


def test_a_file_name_and_a_note_are_text_and_no_html():
    evil = '<script>alert("1")</script>&amp;.png'
    result = reading(["12"], file=evil, notes=(f"<img src=http://x>{evil}",))
    page = to_report(Image.new("RGB", result.size, "white"), result, made=WHEN)
    check(page)
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;.png" in page


def test_the_least_confident_digits_are_shown_and_the_rest_counted():
    result = worst()
    page = to_report(Image.new("RGB", result.size, "white"), result, made=WHEN)
    assert len(check(page).pictures) == 1 + 21
    assert "the 21 least confident of 1200" in page
    assert "(1287 letters)" in page


@pytest.mark.parametrize("status", ["blank", "refused", "failed"])
def test_a_reading_without_digits_shows_its_status(status):
    result = reading([], status=status, error="this is no picture" if status == "failed" else None)
    page = to_report(Image.new("RGB", result.size, "white"), result, made=WHEN)
    assert "sure that" not in page
    assert ("this is no picture" in page) == (status == "failed")


def test_the_command_writes_the_page(tmp_path):
    out = tmp_path / "report.html"
    assert main(["report", str(EXAMPLES / "a year.jpg"), "--out", str(out)]) == 0
    page = out.read_text(encoding="utf-8")
    assert len(check(page).pictures) == 1 + 4
    assert re.search(r'class="number">2026<', page)


def test_the_command_reports_files_that_cannot_be_read_or_written(tmp_path, capsys):
    assert main(["report", str(tmp_path / "none.png")]) == 1
    assert "none.png" in capsys.readouterr().err
    picture = str(EXAMPLES / "a year.jpg")
    (tmp_path / "no").write_text("where a folder should be")
    assert main(["report", picture, "--out", str(tmp_path / "no" / "r.html")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("example", [None, *sorted(path.name for path in EXAMPLES.glob("*.jpg"))])
def test_it_prints_on_one_sheet_of_a4(tmp_path, example):
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    pypdfium2 = pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    out = tmp_path / "report.html"
    if example is None:
        result = worst()
        out.write_text(
            to_report(Image.new("RGB", result.size, "white"), result, made=WHEN), encoding="utf-8"
        )
    else:
        main(["report", str(EXAMPLES / example), "--out", str(out)])
    asked = []
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(out.as_uri())
        printed = page.pdf(prefer_css_page_size=True)
        browser.close()
    document = pypdfium2.PdfDocument(printed)
    assert len(document) == 1
    document.close()
    assert all(url.startswith(("file:", "data:")) for url in asked)
