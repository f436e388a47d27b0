"""Drawing, reading and changing pages stores nothing that nobody said.

Text fields whose value the program changed once came back as answers to newer drawings: five
drawings left 28 corrections that nobody had made. So nothing here is an answer but an act on a
reading in sight; see `digits/ui/acts.py`.
"""

import pytest
from journeys import EXAMPLES, WAIT, arrive, draw, stored, to_be_corrected, until_idle, upload

from digits.settings import DATABASE

THREE = [(0.3, 0.2), (0.6, 0.2), (0.4, 0.45), (0.65, 0.6), (0.45, 0.85), (0.25, 0.75)]
SEVEN = [(0.25, 0.2), (0.7, 0.2), (0.4, 0.85)]
FIVE = [(0.65, 0.2), (0.3, 0.2), (0.3, 0.45), (0.6, 0.5), (0.6, 0.8), (0.25, 0.85)]
PICTURES = ("a year", "three in shadow")
ANSWERED = "[data-testid=answer]:has(*), .answer .status:not(:empty)"  # or why there is none
DRAWN = ([THREE], [SEVEN], [FIVE], [THREE], [THREE, SEVEN, FIVE])


def moved(stroke, by):
    return [(x + by, y) for x, y in stroke]


def draw_all(page, drawings=DRAWN):
    for strokes in drawings:
        for place, stroke in enumerate(strokes):
            draw(page, moved(stroke, 0.8 * place))
        page.locator(ANSWERED).first.wait_for(timeout=WAIT)
        until_idle(page)
        page.get_by_role("button", name="Clear").click()
        until_idle(page)


@pytest.mark.usefixtures("nothing_stored")
def test_a_minute_of_drawing_uploading_and_changing_pages_stores_nothing(page, server, kept):
    arrive(page, f"{server[0]}/draw")
    draw_all(page)
    page.get_by_role("link", name="Read", exact=True).click()
    for name in PICTURES:
        upload(page, EXAMPLES / f"{name}.jpg")
        strip = page.get_by_role("button", name=f"{name}.jpg")
        page.get_by_test_id("viewer").get_by_alt_text(f"{name}.jpg").wait_for(timeout=WAIT)
        until_idle(page)
    for name in PICTURES:
        page.get_by_role("button", name=f"{name}.jpg").click()
        page.get_by_test_id("viewer").get_by_alt_text(f"{name}.jpg").wait_for(timeout=WAIT)
        until_idle(page)
        to_be_corrected(page).fill("7")
        page.keyboard.press("Escape")
    assert strip.is_visible()
    for name in ("Sheets", "Draw", "Read", "Draw"):
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("heading", level=1, name=name).wait_for(timeout=WAIT)
        until_idle(page)
    draw_all(page, DRAWN[:2])
    assert not (kept / DATABASE).exists() or stored(kept) == []
