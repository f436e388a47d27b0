"""How it works: each view has what it promises, and a fault is one sentence."""

import re

import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

SLOW = 60  # s, a first run imports everything
VIEWS = [
    "Path",
    "Compare",
    "Dense network",
    "Convolutional network",
    "Training",
    "Limits",
    "Accuracy",
]


def open_page(view="Path", *, error="", text="5") -> AppTest:
    """Open the page with the shipped networks, and a reader that finds what it is told to find."""

    def page(error, text):
        import numpy as np

        from digits.errors import DigitsError
        from digits.registry import available_models, current_reference_set, shipped_reader
        from digits.types import Box, Digit, Line, ModelName, Reading
        from digits.ui.explain import inside_page

        class FakeReader:
            def __init__(self, name):
                self.classifier = shipped_reader(name).classifier
                self.segmenter = shipped_reader(name).segmenter

            def read(self, picture, hint):
                if error:
                    raise DigitsError(error)
                frame = current_reference_set("cnn").frames[7]
                digits = tuple(
                    Digit(int(c), 0.9, Box(9 * i, 0, 8, 8), (0.1,) * 10, None, np.roll(frame, i))
                    for i, c in enumerate(text)
                )
                lines = (Line(text, 0.8, Box(0, 0, 9, 8), digits),) if text else ()
                size = (picture.width, picture.height)
                return Reading("0" * 64, size, "read", ModelName("f", "f"), text, 0.8, lines)

        models = [card for card in available_models() if card.name in ("cnn", "dense")]
        inside_page(FakeReader, current_reference_set, models)

    app = AppTest.from_function(page, kwargs={"error": error, "text": text}).run(timeout=SLOW)
    if view != VIEWS[0]:
        app.segmented_control[0].set_value(view).run(timeout=SLOW)
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def headings(app: AppTest) -> list[str]:
    return [heading.value for heading in app.subheader]


@pytest.mark.parametrize("view", VIEWS)
def test_every_picture_has_a_text_and_no_outside_request_is_made(view):
    html = shown(open_page(view))
    assert html.count("<img ") == html.count('alt="')
    assert 'alt=""' not in html
    assert html.count("<img ") == html.count('src="data:image/')
    assert "<svg" not in html  # Streamlit takes it out


def test_the_path_leads_from_the_picture_to_the_answer():
    app = open_page()
    stages = ["Upright", "Ink", "Segmentation", "Boxes", "Frames", "Layers", "Logits", "Softmax"]
    assert headings(app) == [f"{number}. {name}" for number, name in enumerate(stages, start=1)]
    links = re.findall(r'<a href="#([^"]+)"', shown(app))
    assert links == [heading.anchor for heading in app.subheader]
    assert len(app.expander) == 6  # a stage that is a picture has its numbers; the layers have all
    assert "handwritten digits" in shown(app)
    assert "From scores to probabilities" in shown(app)


@pytest.fixture
def few(monkeypatch):
    """Digits for a training of a second, in three epochs."""
    from digits.mnist import Labelled
    from digits.registry import current_reference_set
    from digits.ui import explain_training

    known = current_reference_set("dense")
    parts = [
        Labelled(known.pictures[part], known.labels[part])
        for part in (slice(0, 1000), slice(1000, 1500))
    ]
    monkeypatch.setattr(explain_training, "load_training_digits", lambda: parts)
    monkeypatch.setattr(explain_training, "MOST_EPOCHS", 3)
    return explain_training


def test_the_dense_network_is_trained_and_reads_the_digit_after_each_epoch(few):
    app = open_page("Training")
    assert "Loss after" not in shown(app)
    app.button[-1].click().run(timeout=SLOW)
    assert not app.exception
    for title in ("Loss", "Accuracy"):
        assert f"{title} after 3 epochs: training 0." in shown(app)
    assert re.search(r"epoch by epoch: \d+%, \d+%, \d+%, \d+%", shown(app))
    said = next(text.value for text in app.markdown if text.value.startswith("After 3 epochs"))
    # It stays while one looks elsewhere, and is the same for the same digit.
    app.segmented_control[0].set_value("Compare").run(timeout=SLOW)
    app.segmented_control[0].set_value("Training").run(timeout=SLOW)
    assert said in [text.value for text in app.markdown]
    assert shown(app).count("Weights of hidden unit") == 8


def test_one_training_at_a_time(few):
    app = open_page("Training")
    with few._one_at_a_time:
        app.button[-1].click().run(timeout=SLOW)
    assert next(info.value for info in app.info).startswith("Another training is running")
    assert not few._one_at_a_time.locked()
    app.button[-1].click().run(timeout=SLOW)
    assert "Loss after 3 epochs" in shown(app)


def test_both_networks_answer_the_same_digit():
    app = open_page("Compare")
    assert [text.split(":")[0] for text in headings(app)] == [
        "Dense network",
        "Convolutional network",
    ]
    assert shown(app).count("Where the network looked") == 2


def test_the_dense_network_is_shown_number_by_number():
    app = open_page("Dense network")
    assert headings(app) == ["1. 784 inputs", "2. 128 hidden units", "3. Ten logits, 4. softmax"]
    assert shown(app).count("Weights of hidden unit") == 14
    assert "From hidden units to probabilities" in shown(app)


def test_the_convolutional_network_shows_its_layers_and_its_nearest_digits():
    app = open_page("Convolutional network")
    assert shown(app).count('alt="A known ') == 7
    text = " ".join(element.value for element in app.markdown)
    for name in ("convolution 1", "pooling 2", "convolution 5", "embedding", "logits"):
        assert f"**{name}**" in text


def test_a_slider_changes_what_the_networks_see():
    app = open_page("Limits")
    before = shown(app)
    assert [slider.value for slider in app.slider] == [0.0] * 4
    app.slider[1].set_value(85.0).run(timeout=SLOW)
    assert not app.exception
    assert shown(app) != before
    assert sum("same answer from" in caption.value for caption in app.caption) == 4


def test_the_record_needs_no_picture():
    app = open_page("Accuracy", error="the reader is never asked")
    app = open_page("Accuracy")
    assert not app.error
    html = shown(app)
    assert html.count("Confusion matrix, test digits") == 4  # two tables, each named and captioned
    assert html.count("Calibration, test digits") == 2
    assert html.count("Learning curve</b> (accuracy)") == 2


@pytest.mark.parametrize("view", VIEWS[:6])
def test_a_fault_gives_one_error_message(view):
    app = open_page(view, error="this picture is too large")
    assert [element.value for element in app.error] == ["This picture is too large."]


def test_an_empty_reading_is_reported():
    app = open_page(text="")
    assert next(info.value for info in app.info) == "No digit found."


def test_one_of_several_digits_is_chosen():
    app = open_page(text="57")
    before = shown(app)
    app.segmented_control[2].set_value(1).run(timeout=SLOW)
    assert not app.exception
    assert "read as 7" in shown(app)
    assert shown(app) != before
