"""The page Learn: what is missing, what was learned, and the way back."""

from dataclasses import replace

import numpy as np
import pytest

from digits.corrections.from_reading import to_corrections
from digits.image.mnist_normalize import to_frame
from digits.personalization.kernel_head import PersonalHead
from digits.personalization.versions import current_name, list_versions, save_version
from digits.registry import current_corrections, current_reader, learned_folder
from digits.synthesis.allographs import forms_of, write
from digits.synthesis.strokes import draw
from digits.types import Box, Digit, Line, ModelName, Reading

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

SLOW = 60  # s, a first run imports everything
DENSE = "dense"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DATABASE_URL", raising=False)


def correct(n, as_picture):
    """Store n corrected digits of one hand that the dense network reads badly."""
    rng = np.random.default_rng(11)
    for i in range(n):
        ink = draw(write(i % 10, rng, forms_of(i % 10)[-1], 0.4), 40, 8.0, rng)
        box = Box(0, 0, ink.shape[1], ink.shape[0])
        frame = to_frame(ink, box)
        digit = Digit(3, 0.5, box, (0.1,) * 10, None, frame)
        line = Line("3", 0.5, box, (digit,))
        size = (box.width, box.height)
        reading = Reading(str(i), size, "read", ModelName(DENSE, ""), "3", 0.5, (line,))
        picture = as_picture((255 - 255 * ink).astype(np.uint8))
        current_corrections().add(
            to_corrections(picture, reading, str(i % 10), source="draw", act="typed")
        )


def open_page(*, error="", mode="personal"):
    def page(error, mode):
        from digits.errors import CorrectionsError
        from digits.registry import available_models, current_corrections
        from digits.settings import load_settings
        from digits.ui.learn import learn_page

        def store():
            if error:
                raise CorrectionsError(error)
            return current_corrections()

        models = [card for card in available_models() if card.name == "dense"]
        learn_page(store, models, load_settings({"DIGITS_MODE": mode, "DIGITS_PASSWORD": "x"}))

    app = AppTest.from_function(page, kwargs={"error": error, "mode": mode}).run(timeout=SLOW)
    assert not app.exception
    return app


def press(app, label):
    chosen = [button for button in app.button if button.label == label]
    chosen[0].click().run(timeout=SLOW)
    assert not app.exception


def shown(app):
    return " ".join(element.proto.body for element in app.get("html"))


def test_without_enough_corrections_the_page_says_what_is_missing(as_picture):
    correct(7, as_picture)
    app = open_page()
    assert "(7 so far)" in app.info[0].value
    assert app.button[0].label == "Learn"
    assert app.button[0].disabled
    assert "<b>7 corrected digits</b>" in shown(app)


def test_learning_shows_before_and_after_and_the_way_back(as_picture):
    correct(80, as_picture)
    app = open_page()
    assert "compared" not in shown(app)
    press(app, "Learn")
    assert "from now on this network reads with it" in app.success[0].value
    for row in ("corrected digits, cross-validated", "MNIST digits", "hard digits"):
        assert row in shown(app)
    assert current_reader(DENSE).classifier.name.name == "dense, personal"
    (version,) = list_versions(learned_folder(DENSE))
    assert version.learned_from == 80
    assert f"{version.compared[0].before} → {version.compared[0].after}" in " ".join(
        element.value for element in app.markdown
    )
    press(app, "Go back to it")
    assert current_reader(DENSE).classifier.name.name == "dense"
    assert not app.success
    press(app, "Go back to it")
    assert current_name(learned_folder(DENSE)) == version.name


def test_what_does_not_help_is_refused_with_the_reason(as_picture):
    correct(80, as_picture)
    store = current_corrections()
    wrong = [correction for correction in store.all() if correction.digit is not None]
    rng = np.random.default_rng(0)
    store.add([replace(one, truth=str(rng.integers(10))) for one in wrong])
    app = open_page()
    press(app, "Learn")
    assert app.warning[0].value.startswith("Nothing was changed.")
    assert list_versions(learned_folder(DENSE)) == []
    assert current_reader(DENSE).classifier.name.name == "dense"


def test_a_damaged_version_is_told_and_can_be_left():
    parts = [np.ones(shape, np.float32) for shape in ((1, 128), (1, 10), (1,))]
    head = PersonalHead(*parts, 0.5)
    folder = learned_folder(DENSE)
    names = [save_version(folder, head, ()) for _ in range(2)]
    path = folder / f"{names[1]}.npz"
    path.write_bytes(path.read_bytes()[:-1])
    app = open_page()
    assert "is damaged" in app.error[0].value
    press(app, "Go back to it")
    assert not app.error
    assert current_name(folder) == names[0]


def test_a_lost_database_is_a_sentence():
    app = open_page(error="the database cannot be reached")
    assert app.error[0].value == "The database cannot be reached."


def test_strangers_see_nothing(as_picture):
    correct(7, as_picture)
    app = open_page(mode="shared")
    assert app.text_input[0].label == "The owner's password"
    assert not app.info
    assert "corrected digits" not in shown(app)
