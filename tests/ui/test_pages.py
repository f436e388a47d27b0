"""The pages with a fake reader: what they say for each kind of answer."""

from pathlib import Path

import numpy as np
import pytest

from digits.core import Box, Cell, Digit, Line, Mark, ModelName, Reading

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

from digits.ui.answer import _marks_in_words

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
SLOW = 60  # s, a first run imports everything


def page_with_reading(
    text: str, *, error: str = "", note: str = "", failed: str = "", mark: str = ""
) -> AppTest:
    def page(text, error, note, failed, mark):
        from pathlib import Path

        import numpy as np

        from digits.assembly import ModelCard
        from digits.core import Box, Digit, DigitsError, Line, Mark, ModelName, Reading
        from digits.ui.read import read_page

        class FakeReader:
            def read(self, picture, hint):
                if error:
                    raise DigitsError(error)
                frame = np.zeros((28, 28), np.float32)
                digits = tuple(
                    Digit(
                        int(c) if c.isdigit() else None,
                        0.9,
                        Box(9 * i, 0, 8, 8),
                        (0.1,) * 10,
                        None,
                        frame,
                    )
                    for i, c in enumerate(text)
                )
                marks = (Mark(mark, Box(8, 6, 1, 1)),) if mark else ()
                lines = (Line(text, 0.8, Box(0, 0, 9, 8), digits, marks),) if text else ()
                return Reading(
                    "0" * 64,
                    (picture.width, picture.height),
                    "failed"
                    if failed
                    else "blank"
                    if not text
                    else "refused"
                    if set(text) == {"?"}
                    else "read",
                    ModelName("fake", ""),
                    text,
                    0.8,
                    lines,
                    notes=(note,) if note else (),
                    error=failed or None,
                )

        read_page(lambda _: FakeReader(), [ModelCard("fake", "Fake", 0.5, Path("fake.onnx"))])

    app = AppTest.from_function(
        page, kwargs={"text": text, "error": error, "note": note, "failed": failed, "mark": mark}
    )
    app.run(timeout=SLOW)
    app.file_uploader[0].upload("n.jpg", EXAMPLE.read_bytes(), "image/jpeg").run(timeout=SLOW)
    assert not app.exception
    return app


def shown(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_number_is_shown_in_large_type():
    app = page_with_reading("42")
    assert ">42</div>" in shown(app)
    assert "80.0%" in app.markdown[0].value


def test_blank_paper_names_no_digit():
    app = page_with_reading("")
    assert "No ink found" in app.info[0].value
    assert "data-testid" not in shown(app)


def test_what_is_no_digit_is_called_so_and_given_no_confidence():
    app = page_with_reading("??")
    assert "does not look like digits" in app.info[0].value
    assert not any("sure that" in element.value for element in app.markdown)


def test_a_point_between_digits_is_told_so_that_nobody_takes_7_5_for_75():
    assert "1 dot" in page_with_reading("75", mark="dot").warning[0].value
    assert not page_with_reading("75").warning


def test_what_stands_between_the_cells_of_a_table_is_no_mark_of_a_number():
    def reading(cells):
        digits = tuple(
            Digit(7, 0.9, Box(x, 4, 8, 8), (0.1,) * 10, None, np.zeros((28, 28), np.float32))
            for x in (2, 32)
        )
        marks = (Mark("dot", Box(20, 8, 2, 2)), Mark("dot", Box(24, 8, 2, 2)))
        lines = (Line("77", 0.9, Box(0, 0, 50, 20), digits, marks),)
        return Reading("0" * 64, (50, 20), "read", ModelName("x", ""), "77", 0.9, lines, cells)

    assert "2 dots" in _marks_in_words(reading(()))
    cells = (Cell(0, 0, "7", 0.9, Box(0, 0, 18, 20)), Cell(0, 1, "7", 0.9, Box(18, 0, 30, 20)))
    assert _marks_in_words(reading(cells)) == ""


def test_an_error_is_a_sentence():
    app = page_with_reading("", error="this is a HEIC photograph: save it as JPEG and try again")
    assert app.error[0].value.startswith("This is a HEIC photograph")


def test_what_made_it_hard_is_said():
    app = page_with_reading("7", note="The picture is blurred.")
    assert app.warning[0].value == "The picture is blurred."


def test_what_made_it_blank_is_said_too():
    app = page_with_reading("", note="The picture is very dark.")
    assert "No ink found" in app.info[0].value
    assert app.warning[0].value == "The picture is very dark."


def test_a_failed_reading_says_why_and_not_that_there_was_no_ink():
    app = page_with_reading("", failed="the model gave no answer")
    assert app.error[0].value == "The model gave no answer."
    assert not app.info


def test_the_whole_app_starts_and_says_what_to_do():
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not app.exception
    assert app.title[0].value == "Read a picture"
    assert any("Upload, drop, paste" in element.value for element in app.markdown)


def test_the_empty_sheet_names_no_digit():
    def page():
        from digits.assembly import available_models, current_reader
        from digits.ui.draw import draw_page

        draw_page(current_reader, available_models())

    app = AppTest.from_function(page).run(timeout=SLOW)
    assert not app.exception
    assert "Draw on the sheet" in app.info[0].value


def draw_page_with(*, error: str = "") -> AppTest:
    """Return the page as it stands when a person comes back to a 7 drawn before."""

    def page(error):
        from digits.assembly import available_models, current_reader
        from digits.core import DigitsError
        from digits.ui.draw import draw_page

        def reader(model):
            if error:
                raise DigitsError(error)
            return current_reader(model)

        draw_page(reader, available_models())

    app = AppTest.from_function(page, kwargs={"error": error})
    seven = [{"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}]
    app.session_state["drawing kept"] = {"strokes": seven, "epoch": 0, "wide": 1}
    app.run(timeout=SLOW)
    assert not app.exception
    return app


def test_a_drawing_kept_in_the_session_is_read_again():
    assert ">7</div>" in shown(draw_page_with())


def test_an_error_while_drawing_is_a_sentence():
    app = draw_page_with(error="there is no model lost")
    assert app.error[0].value == "There is no model lost."


def test_a_drawing_becomes_a_picture_of_its_strokes():
    from digits.assembly import current_reader
    from digits.core import Hint
    from digits.image.pixels import load_picture
    from digits.ui.canvas import to_png

    seven = [{"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}]
    picture = load_picture(to_png(seven, 1))
    assert (picture.width, picture.height) == (280, 280)
    assert current_reader().read(picture, Hint(single=True)).text == "7"


def test_certainty_is_never_claimed():
    from digits.ui.answer import _percent

    assert _percent(1.0) == "Over 99.9%"
    assert _percent(0.998) == "99.8%"
