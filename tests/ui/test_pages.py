"""The pages with a fake reader: what they say for each kind of answer."""

import io
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
SLOW = 60  # s, a first run imports everything


def page_with_reading(
    text: str,
    *,
    error: str = "",
    note: str = "",
    failed: str = "",
    mark: str = "",
    kept: list | None = None,
    ask: bool = False,
    content: bytes | None = None,
    name: str = "n.jpg",
) -> AppTest:
    """Return the page after an upload, with a fake that reads `text`; "7" is doubtful, perhaps 1.

    Corrections go to `kept`, if there is such a list; a truth of letters is refused.
    """

    def page(text, error, note, failed, mark, kept, ask):
        from pathlib import Path

        import numpy as np

        from digits.errors import DigitsError
        from digits.reader import Reader
        from digits.registry import ModelCard
        from digits.types import Box, Digit, Line, Mark, ModelName, Reading
        from digits.ui.read import read_page

        class FakeReader(Reader):
            def __init__(self):
                pass

            def read(self, picture, hint):
                if error:
                    raise DigitsError(error)
                frame = np.zeros((28, 28), np.float32)
                marks = (Mark(mark, Box(8, 6, 1, 1)),) if mark else ()
                lines = []
                for y, words in enumerate(text.split("\n") if text else ()):
                    digits = tuple(
                        Digit(
                            int(c) if c.isdigit() else None,
                            0.5 if c == "7" else 0.99,
                            Box(9 * i, 9 * y, 8, 8),
                            tuple(0.4 if v == 1 else 0.01 for v in range(10)),
                            None,
                            frame,
                        )
                        for i, c in enumerate(words)
                    )
                    written = ".".join(words) if mark else words
                    lines.append(Line(words, 0.8, Box(0, 9 * y, 9, 8), digits, marks, written))
                return Reading(
                    picture.sha256,
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
                    tuple(lines),
                    notes=(note,) if note else (),
                    error=failed or None,
                    written="\n".join(line.written for line in lines),
                )

        def keep(picture, reading, line, truth, file):
            if truth.isalpha():
                raise DigitsError("a number has digits only")
            kept.append((reading.lines[line].text, line, truth, file))
            return f"Saved: {truth}."

        fake = FakeReader()
        read_page(
            lambda _: fake,
            lambda: [ModelCard("fake", "Fake", 0.5, Path("fake.onnx"))],
            None if kept is None else keep,
            ask=ask,
        )

    told = {"text": text, "error": error, "note": note, "failed": failed, "mark": mark}
    app = AppTest.from_function(page, kwargs={**told, "kept": kept, "ask": ask})
    app.run(timeout=SLOW)
    content = content or EXAMPLE.read_bytes()
    app.file_uploader[0].upload(name, content, "image/jpeg").run(timeout=SLOW)
    assert not app.exception
    return app


def labelled(elements, label: str):
    """Return the one element whose label begins so."""
    return next(element for element in elements if element.label.startswith(label))


def shown(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_the_number_is_shown_in_large_type():
    app = page_with_reading("42")
    assert app.text_input[0].value == "42"
    assert ">42</div>" in shown(app)  # what is heard
    assert any("80.0%" in element.value for element in app.markdown)


def test_a_doubtful_digit_is_named_with_its_runner_up():
    page = page_with_reading("47")
    assert "<li>2nd digit: 7, perhaps 1</li>" in shown(page)
    assert "1st digit" not in shown(page)
    chooser = labelled(page.segmented_control, "Look at one digit")
    assert [option.strip("\u200b") for option in chooser.options] == ["4", "▲ 7, perhaps 1"]


def test_choosing_a_digit_shows_its_probabilities():
    page = page_with_reading("47")
    assert "Probability of each digit" in shown(page)
    chooser = labelled(page.segmented_control, "Look at one digit")
    before = shown(page)
    chooser.set_value(1).run(timeout=SLOW)
    assert shown(page) != before


def test_each_line_has_its_own_field_and_its_digits_to_look_at():
    page = page_with_reading("12\n34\n5")
    assert [field.label for field in page.text_input] == ["Line 1", "Line 2", "Line 3"]
    assert [field.value for field in page.text_input] == ["12", "34", "5"]
    lines = labelled(page.selectbox, "Look at the digits of")
    assert lines.options == ["line 1: 12", "line 2: 34", "line 3: 5"]
    lines.select(lines.options[1]).run(timeout=SLOW)
    chooser = labelled(page.segmented_control, "Look at one digit")
    assert [option.strip("\u200b") for option in chooser.options] == ["3", "4"]


def test_what_is_typed_is_kept_at_once():
    kept = []
    page = page_with_reading("12\n34", kept=kept)
    assert not kept
    page.text_input[1].set_value("94").run(timeout=SLOW)
    assert kept == [("34", 1, "94", "n.jpg")]
    assert page.success[0].value == "Saved: 94."
    assert [field.value for field in page.text_input] == ["12", "94"]


def test_where_others_visit_only_what_is_saved_is_kept():
    kept = []
    page = page_with_reading("42", kept=kept, ask=True)
    assert not [button for button in page.button if button.label.startswith("Save")]
    page.text_input[0].set_value("43").run(timeout=SLOW)
    assert not kept
    save = labelled(page.button, "Save")
    save.click().run(timeout=SLOW)
    assert kept == [("42", 0, "43", "n.jpg")]
    assert page.success[0].value == "Saved: 43."


def test_without_a_place_to_keep_them_nothing_promises_to_keep_corrections():
    page = page_with_reading("42")
    page.text_input[0].set_value("43").run(timeout=SLOW)
    assert not page.success
    assert not page.exception
    assert any("nothing is stored" in caption.value for caption in page.caption)


def test_a_correction_that_is_refused_says_why():
    page = page_with_reading("42", kept=[])
    page.text_input[0].set_value("no").run(timeout=SLOW)
    assert page.error[0].value == "A number has digits only."
    assert not page.success


def test_another_picture_brings_its_own_answer():
    kept = []
    page = page_with_reading("42", kept=kept)
    page.text_input[0].set_value("43").run(timeout=SLOW)
    other = (ROOT / "digits/ui/examples/three in shadow.jpg").read_bytes()
    page.file_uploader[0].set_value([]).run(timeout=SLOW)
    page.file_uploader[0].upload("o.jpg", other, "image/jpeg").run(timeout=SLOW)
    assert page.text_input[0].value == "42"
    assert not page.success
    assert len(kept) == 1


def two_pages() -> bytes:
    file = io.BytesIO()
    sheets = [Image.new("L", (60, 40), level) for level in (250, 200)]
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


def test_a_pdf_lets_its_page_be_chosen():
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    kept = []
    page = page_with_reading("42", content=two_pages(), name="scan.pdf", kept=kept)
    assert page.number_input[0].label == "Page, of 2"
    assert "read_pages" in page.code[0].value
    assert "[0]  # page 1" in page.code[0].value
    page.text_input[0].set_value("43").run(timeout=SLOW)
    page.number_input[0].set_value(2).run(timeout=SLOW)
    assert "[1]  # page 2" in page.code[0].value
    assert page.text_input[0].value == "42"  # what was typed belongs to the first page


def test_a_locked_or_damaged_pdf_is_a_sentence():
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    page = page_with_reading("42", content=two_pages()[:300], name="scan.pdf")
    assert page.error[0].value.startswith("The PDF is damaged")


def test_the_lines_of_code_name_the_picture_and_its_settings():
    page = page_with_reading("42")
    assert [code.value.split()[0] for code in page.code] == ["from", "curl", "python"]
    assert '"n.jpg"' in page.code[0].value
    holds = labelled(page.segmented_control, "What is")
    holds.set_value("One digit").run(timeout=SLOW)
    assert "single=True" in page.code[0].value
    assert "single=true" in page.code[1].value


def test_an_example_is_one_press_away():
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    assert app.text_input[0].value == "2026"
    labelled(app.button, "Back").click()
    app.run(timeout=SLOW)
    assert not app.text_input


def test_nothing_is_read_again_for_a_look_at_another_digit(monkeypatch):
    from digits.reader import Reader

    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    monkeypatch.setattr(Reader, "read", lambda *_: pytest.fail("it was read again"))
    chooser = labelled(app.segmented_control, "Look at one digit")
    chooser.set_value(2).run(timeout=SLOW)
    assert not app.exception
    assert app.text_input[0].value == "2026"


def test_a_code_leads_a_phone_here_where_the_app_listens_to_the_network(monkeypatch):
    import streamlit

    from digits.ui import phone_link

    get_option, listens = streamlit.get_option, ["localhost"]
    monkeypatch.setattr(phone_link, "_own_address", lambda: "192.168.1.5")
    monkeypatch.setattr(
        streamlit,
        "get_option",
        lambda name: listens[0] if name == "server.address" else get_option(name),
    )
    here = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not [each for each in here.expander if "phone" in each.label]
    listens[0] = None
    network = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not network.exception
    box = labelled(network.expander, "Open this page on your phone")
    assert "http://192.168.1.5:8501" in box.caption[0].value
    assert box.image


def test_settings_that_make_no_sense_are_a_sentence(monkeypatch):
    monkeypatch.setenv("DIGITS_MODE", "everybody")
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not app.exception
    assert "DIGITS_MODE is 'everybody'" in app.error[0].value
    assert not app.title


def test_no_rerun_loads_a_model_again(monkeypatch):
    import onnxruntime

    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *_, **__: pytest.fail("a model was loaded again")
    )
    labelled(app.button, "Back").click()
    app.run(timeout=SLOW)
    labelled(app.button, "three in shadow").click()
    app.run(timeout=SLOW)
    assert not app.exception
    assert app.text_input[0].value == "3"
    other = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)  # somebody else
    labelled(other.button, "a year").click().run(timeout=SLOW)
    assert other.text_input[0].value == "2026"


def test_settings_come_from_the_address_and_pictures_never_go_there():
    app = AppTest.from_file(str(ROOT / "app.py"))
    app.query_params["holds"] = "One digit"
    app.query_params["network"] = "dense"
    app.run(timeout=SLOW)
    assert not app.exception
    labelled(app.button, "three in shadow").click()
    app.run(timeout=SLOW)
    assert 'Hint(single=True), model="dense"' in app.code[0].value
    assert set(app.query_params) == {"holds", "network"}


def test_blank_paper_names_no_digit():
    app = page_with_reading("")
    assert "No ink found" in app.info[0].value
    assert "data-testid" not in shown(app)


def test_what_is_no_digit_is_called_so_and_given_no_confidence():
    app = page_with_reading("??")
    assert "does not look like digits" in app.info[0].value
    assert not any("sure that" in element.value for element in app.markdown)


def test_a_point_between_digits_is_told_so_that_nobody_takes_7_5_for_75():
    assert ">7.5<" in shown(page_with_reading("75", mark="dot"))
    assert ">75<" in shown(page_with_reading("75"))


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
    assert app.title[0].value == "Read"
    assert any("Upload, drop, paste" in element.value for element in app.markdown)


def test_the_empty_sheet_names_no_digit():
    def page():
        from digits.registry import available_models, current_reader
        from digits.ui.draw import draw_page

        draw_page(current_reader, available_models)

    app = AppTest.from_function(page).run(timeout=SLOW)
    assert not app.exception
    assert "Draw on the sheet" in app.info[0].value


def draw_page_with(*, error: str = "") -> AppTest:
    """Return the page as it stands when a person comes back to a 7 drawn before."""

    def page(error):
        from digits.errors import DigitsError
        from digits.registry import available_models, current_reader
        from digits.ui.draw import draw_page

        def reader(model):
            if error:
                raise DigitsError(error)
            return current_reader(model)

        draw_page(reader, available_models)

    app = AppTest.from_function(page, kwargs={"error": error})
    seven = [{"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}]
    app.session_state["drawing kept"] = {"strokes": seven, "epoch": 0, "wide": 1}
    app.run(timeout=SLOW)
    assert not app.exception
    return app


def test_a_drawing_kept_in_the_session_is_read_again():
    assert draw_page_with().text_input[0].value == "7"


def test_an_error_while_drawing_is_a_sentence():
    app = draw_page_with(error="there is no model lost")
    assert app.error[0].value == "There is no model lost."


def test_a_drawing_becomes_a_picture_of_its_strokes():
    from digits.io.document import load_picture
    from digits.registry import current_reader
    from digits.types import Hint
    from digits.ui.canvas import to_png

    seven = [{"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}]
    picture = load_picture(to_png(seven, 1))
    assert (picture.width, picture.height) == (280, 280)
    assert current_reader().read(picture, Hint(single=True)).text == "7"


def test_models_with_the_same_title_are_told_apart():
    from digits.registry import ModelCard
    from digits.ui.read import label

    cards = [ModelCard(name, "Convolutional network", 0.9967, Path()) for name in ("cnn", "runs/a")]
    assert [label(card) for card in cards] == [
        "Convolutional network (99.67% right)",
        "Convolutional network, runs/a (99.67% right)",
    ]


def test_no_error_is_markdown():
    """A file's name that says it is a picture elsewhere would tell that somebody looks."""

    def page():
        from digits.ui.reading_view import show_error

        show_error("![x](http://evil.example/a.png) <b>`$x$` cannot be read.")

    shown = AppTest.from_function(page).run().error[0].value
    assert shown == r"!\[x\](http://evil.example/a.png) \<b\>\`\$x\$\` cannot be read."


def test_the_page_reads_what_every_other_door_reads(monkeypatch, tmp_path):
    from digits import read

    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py"))
    app.session_state["example"] = EXAMPLE.name
    app.run(timeout=SLOW)
    assert not app.exception
    seen = app.session_state["picture read"].reading
    assert seen.to_json() == read(EXAMPLE).to_json() | {"file": seen.file}
