"""Read and Draw without a browser: what they show for each kind of answer, and what they store."""

import io
import json
from pathlib import Path

import pytest
from handmade import line, reading, table
from PIL import Image

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

from digits.types import Box, Paper

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "digits" / "ui" / "examples"
EXAMPLE = EXAMPLES / "a year.jpg"
SLOW = 60  # s, a first run imports everything
SEVEN = {"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}
ONE = {"width": 16, "points": [[260, 70], [260, 230]]}


def page_with(
    *found, error: str = "", kept: list | None = None, ask: bool = False, files=None
) -> AppTest:
    """Return Read after an upload, with a fake reader that gives the readings in turn.

    What is stored goes to `kept`, if there is such a list; a truth of 666 is refused.
    """

    def page(found, error, kept, ask):
        from pathlib import Path

        from digits.errors import DigitsError
        from digits.inference.classifier import Classifier  # noqa: F401  # what a reader has
        from digits.reader import Reader
        from digits.registry import ModelCard
        from digits.ui.read import read_page

        class FakeReader(Reader):
            def __init__(self):
                pass

            versions = "fake"

            def read(self, picture, hint):
                if error:
                    raise DigitsError(error)
                return found[min(len(st.session_state.setdefault("asked", [])), len(found) - 1)]

        import streamlit as st

        def keep(picture, reading, truths, file):
            if any(truth.text == "666" for truth in truths):
                raise DigitsError("the disk is full")
            kept.append((reading.id[0], [(t.line, t.text, t.how) for t in truths], file))
            return "Saved"

        fake = FakeReader()
        read_page(
            lambda _: fake,
            lambda: [ModelCard("fake", "Fake", 0.5, Path("fake.onnx"))],
            None if kept is None else keep,
            ask=ask,
        )

    app = AppTest.from_function(
        page, kwargs={"found": found, "error": error, "kept": kept, "ask": ask}
    )
    app.run(timeout=SLOW)
    files = files or [("n.jpg", EXAMPLE.read_bytes(), "image/jpeg")]
    app.file_uploader[0].set_value(files).run(timeout=SLOW)
    assert not app.exception
    return app


def data_of(app: AppTest, key: str) -> dict:
    """Return what a component of ours was given to show."""
    for element in app.get("bidi_component"):
        if key in element.proto.id.split("-"):
            return json.loads(element.proto.json)[0]
    raise AssertionError(f"there is no component {key}")


def answer(app: AppTest) -> dict:
    return data_of(app, "answer")


def shown_text(app: AppTest) -> str:
    rows = answer(app)["rows"]
    return "\n".join(
        "\t".join("".join(text for text, _ in cell["parts"]) if cell else "" for cell in row)
        for row in rows
    )


def act(app: AppTest, key: str, *acts: tuple[str, str, str, str], epoch: str | None = None):
    """Send acts as the component in the browser does."""
    epoch = answer(app)["epoch"] if epoch is None else epoch
    result = [dict(zip(("n", "id", "text", "how"), one, strict=True)) for one in acts]
    app.session_state[key] = {"answers": {"epoch": epoch, "acts": result}}
    app.run(timeout=SLOW)
    assert not app.exception


def labelled(elements, label: str):
    """Return the one element whose label begins so."""
    return next(element for element in elements if element.label.startswith(label))


def test_the_number_is_shown_and_can_be_copied():
    app = page_with(reading(line("42")))
    assert shown_text(app) == "42"
    assert answer(app)["copies"] == [{"label": "Copy", "text": "42"}]
    assert answer(app)["status"] == {"text": "Nothing to check", "kind": "fine"}


def test_doubtful_digits_are_marked_and_counted():
    app = page_with(reading(line("47")))
    assert answer(app)["rows"][0][0]["parts"] == [["4", False], ["7", True]]
    assert answer(app)["status"] == {"text": "1 digit to check", "kind": "check"}
    [box] = data_of(app, "picture")["boxes"]
    assert (box["state"], box["reason"], box["readings"][:2]) == ("check", "Unsure", ["47", "41"])
    assert answer(app)["fix"] == box["id"]


def test_a_decimal_point_has_to_be_checked():
    app = page_with(reading(line("65", point=1)))
    assert shown_text(app) == "6.5"
    [box] = data_of(app, "picture")["boxes"]
    assert (box["reason"], box["readings"][:2]) == ("Decimal point?", ["6.5", "65"])


def test_a_table_is_copied_as_a_table_and_opens_as_a_sheet():
    app = page_with(table("12 . 3", "4 56 ."))
    assert answer(app)["table"]
    assert answer(app)["copies"][0] == {"label": "Copy table", "text": "12\t\t3\n4\t56\t"}
    assert labelled(app.button, "Open as sheet")


def test_lines_have_a_box_each_and_are_copied_together():
    app = page_with(reading(line("12"), line("34", y=20)))
    assert len(data_of(app, "picture")["boxes"]) == 2
    assert answer(app)["copies"] == [{"label": "Copy all lines", "text": "12\n34"}]


def test_what_is_typed_at_a_box_is_stored_at_once():
    kept = []
    app = page_with(reading(line("12"), line("34", y=20)), kept=kept)
    act(app, "picture", ("n1", "1", "94", "typed"))
    assert kept == [("a", [(1, "94", "typed")], "n.jpg")]
    assert shown_text(app) == "12\n94"
    app.run(timeout=SLOW)
    assert len(kept) == 1, "an act is stored once"


def test_answers_about_another_reading_are_not_stored():
    kept = []
    app = page_with(reading(line("12")), kept=kept)
    act(app, "picture", ("n1", "0", "94", "typed"), epoch="another")
    act(app, "answer", ("n2", "", "", "confirmed"), epoch="another")
    assert kept == []
    assert shown_text(app) == "12"


def test_looking_at_pictures_stores_nothing():
    kept = []
    files = [(f"{n}.jpg", path.read_bytes(), "image/jpeg") for n, path in enumerate([EXAMPLE] * 3)]
    found = [reading(line(text), name=name) for text, name in (("12", "a"), ("34", "b"))]
    app = page_with(*found, kept=kept, files=files)
    for _ in range(2):
        for button in ("strip-1", "strip-2", "strip-0"):
            app.button(key=button).click().run(timeout=SLOW)
    assert not app.exception
    assert kept == []


def test_looks_right_stores_lines_without_rejected_characters():
    kept = []
    app = page_with(reading(line("12"), line("3?", y=20), line("7", y=40)), kept=kept)
    assert answer(app)["confirm"]
    act(app, "answer", ("n1", "", "", "confirmed"))
    assert kept == [("a", [(0, "12", "confirmed"), (2, "7", "confirmed")], "n.jpg")]
    assert answer(app)["confirmed"]
    assert answer(app)["status"]["text"] == "1 digit to check"


def test_in_shared_mode_only_saved_corrections_are_stored():
    kept = []
    app = page_with(reading(line("42")), kept=kept, ask=True)
    assert not answer(app)["confirm"]
    assert not [button for button in app.button if button.label.startswith("Save")]
    act(app, "picture", ("n1", "0", "43", "typed"))
    assert kept == []
    assert shown_text(app) == "43"
    labelled(app.button, "Save 1 correction").click().run(timeout=SLOW)
    assert kept == [("a", [(0, "43", "typed")], "n.jpg")]
    assert not [button for button in app.button if button.label.startswith("Save")]


def test_a_failed_store_is_reported_and_can_be_retried():
    kept = []
    app = page_with(reading(line("42")), kept=kept)
    act(app, "picture", ("n1", "0", "666", "typed"))
    assert app.toast[0].value == "The disk is full."
    assert shown_text(app) == "666"
    assert labelled(app.button, "Save 1 correction")


def test_without_a_store_nothing_can_be_confirmed():
    app = page_with(reading(line("42")))
    act(app, "picture", ("n1", "0", "43", "typed"))
    assert shown_text(app) == "43"
    assert not answer(app)["confirm"]


def test_a_region_is_read_by_itself_and_left_again():
    app = page_with(reading(line("42")))
    assert data_of(app, "picture")["whole"] == ""
    epoch = data_of(app, "picture")["epoch"]
    app.session_state["picture"] = {"region": {"epoch": epoch, "box": [10, 10, 50, 40]}}
    app.run(timeout=SLOW)
    assert app.session_state["read session"].regions == {"1-0": Box(10, 10, 50, 40)}
    assert app.session_state["read session"].results["1-0"].request.hint.boxes == (
        Box(10, 10, 50, 40),
    )
    assert data_of(app, "picture")["whole"] == "Use whole picture"


def do(app, what):
    """Send what a person did at the picture in sight."""
    epoch = data_of(app, "picture")["epoch"]
    app.session_state["picture"] = {name: {"epoch": epoch, **value} for name, value in what.items()}
    app.run(timeout=SLOW)
    app.session_state["picture"] = {}
    return data_of(app, "picture")


def request_of(app):
    return app.session_state["read session"].results["1-0"].request


def test_the_paper_that_was_found_is_shown_by_itself():
    paper = Paper(((20.0, 10.0), (180.0, 10.0), (180.0, 90.0), (20.0, 90.0)))
    shown = data_of(page_with(reading(line("42", x=60, y=30), paper=paper)), "picture")
    assert (shown["picture"]["width"], shown["picture"]["height"]) == (160, 80)
    assert shown["corners"] is None
    assert (shown["whole"], shown["crop"]) == ("Use whole picture", "Move corners")
    x, y, *_ = shown["boxes"][0]["box"]
    assert (x, y) == (pytest.approx(40, abs=1), pytest.approx(20, abs=1))


def test_the_corners_of_the_paper_are_those_found_until_they_are_dragged():
    corners = ((10.2, 5.0), (180.0, 6.0), (182.0, 90.0), (9.0, 92.0))
    app = page_with(reading(line("42"), paper=Paper(corners)))
    shown = do(app, {"crop": {"label": "Move corners"}})
    assert shown["corners"] == [[10, 5], [180, 6], [182, 90], [9, 92]]
    assert (shown["picture"]["width"], shown["crop"]) == (900, "Done")
    dragged = [[20, 10], [170, 10], [170, 90], [20, 90]]
    shown = do(app, {"corners": {"corners": dragged}})
    assert shown["corners"] == dragged
    assert request_of(app).hint.paper == Paper(tuple((float(x), float(y)) for x, y in dragged))
    shown = do(app, {"crop": {"label": "Done"}})
    assert (shown["picture"]["width"], shown["picture"]["height"]) == (150, 80)
    shown = do(app, {"whole": {}})
    hint = request_of(app).hint
    assert (hint.paper, hint.whole_picture) == (None, True)
    assert (shown["picture"]["width"], shown["whole"]) == (900, "")


def test_a_region_of_the_straightened_paper_is_read_where_it_lies_in_the_photograph():
    paper = Paper(((20.0, 10.0), (180.0, 10.0), (180.0, 90.0), (20.0, 90.0)))
    app = page_with(reading(line("42"), paper=paper))
    do(app, {"region": {"box": [5, 6, 50, 40]}})
    assert request_of(app).hint.boxes == (Box(25, 16, 50, 40),)


def test_without_a_paper_its_corners_can_be_asked_for():
    app = page_with(reading(line("42")))
    assert data_of(app, "picture")["corners"] is None
    epoch = data_of(app, "picture")["epoch"]
    app.session_state["picture"] = {"crop": {"epoch": epoch, "label": "Crop to the paper"}}
    app.run(timeout=SLOW)
    (left, top), _, (right, bottom), _ = data_of(app, "picture")["corners"]
    assert 0 < left < right
    assert 0 < top < bottom


def two_pages() -> bytes:
    file = io.BytesIO()
    sheets = [Image.new("L", (60, 40), level) for level in (250, 200)]
    sheets[0].save(file, "PDF", save_all=True, append_images=sheets[1:])
    return file.getvalue()


def test_the_pages_of_a_pdf_are_a_film_strip():
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    app = page_with(reading(line("42")), files=[("scan.pdf", two_pages(), "application/pdf")])
    strip = [button.label for button in app.button if "scan.pdf" in button.label]
    assert strip == ["✓ scan.pdf, page 1", "✓ scan.pdf, page 2"]
    app.button(key="strip-1").click().run(timeout=SLOW)
    assert app.session_state["read session"].item.page == 2


def test_a_damaged_pdf_gives_one_error_message_and_the_others_are_read():
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    damaged = ("scan.pdf", two_pages()[:300], "application/pdf")
    app = page_with(
        reading(line("42")), files=[damaged, ("n.jpg", EXAMPLE.read_bytes(), "image/jpeg")]
    )
    assert answer(app)["status"]["kind"] == "error"
    assert answer(app)["status"]["text"].startswith("The PDF is damaged")
    app.button(key="strip-1").click().run(timeout=SLOW)
    assert shown_text(app) == "42"


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (reading(), "No ink found. Check the light, or retake."),
        (reading(line("??")), "No numbers found. Crop to the paper, or retake."),
        (
            reading(status="failed", error="the model gave no answer"),
            "The model gave no answer.",
        ),
    ],
    ids=["blank", "refused", "failed"],
)
def test_a_reading_without_digits_says_what_to_do(found, says):
    app = page_with(found)
    assert answer(app)["status"]["text"] == says
    assert answer(app)["rows"] == []
    assert answer(app)["copies"] == []


def test_an_error_is_shown_as_one_message():
    app = page_with(error="this is a HEIC photograph: save it as JPEG and try again")
    assert answer(app)["status"] == {
        "text": "This is a HEIC photograph: save it as JPEG and try again.",
        "kind": "error",
    }


def test_faults_of_a_picture_are_named():
    app = page_with(reading(line("7"), notes=("The picture is blurred.",)))
    assert answer(app)["notes"] == ["The picture is blurred."]


def test_no_decoded_picture_stays_in_the_session():
    files = [(f"{n}.jpg", EXAMPLE.read_bytes(), "image/jpeg") for n in range(12)]
    app = page_with(reading(line("42")), files=files)
    read_session = app.session_state["read session"]
    assert len(read_session.results) == 12
    assert len(read_session.previews) <= 8

    def held(value, depth=0):
        """Return what a value holds, down to its plain parts."""
        if depth > 6 or isinstance(value, str | bytes | int | float):
            return [value]
        parts = value.values() if isinstance(value, dict) else value
        if not isinstance(value, dict | list | tuple):
            names = getattr(value, "__slots__", None) or getattr(value, "__dict__", {})
            parts = [getattr(value, name) for name in names]
        return [value, *(x for part in parts for x in held(part, depth + 1))]

    assert not [one for one in held(read_session) if isinstance(one, Image.Image)]


def test_why_shows_a_digits_probabilities_and_the_lines_of_code(monkeypatch):
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    app.button(key="examples-1").click().run(timeout=SLOW)
    assert not app.code, "nothing is computed before it is asked for"
    app.session_state["why"] = True
    app.run(timeout=SLOW)
    assert not app.exception
    digits = labelled(app.segmented_control, "Digit")
    assert [option.strip("\u200b") for option in digits.options] == ["2", "0", "2", "6"]
    assert [code.value.split()[0] for code in app.code] == ["from", "curl", "python"]
    assert '"a year.jpg"' in app.code[0].value
    labelled(app.segmented_control, "Picture shows").set_value("One digit").run(timeout=SLOW)
    assert "single=True" in app.code[0].value


def test_an_example_is_read_and_cleared():
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    assert shown_text(app) == "2026"
    labelled(app.button, "Clear").click().run(timeout=SLOW)
    assert labelled(app.button, "a year")
    assert not app.session_state["read session"].items


def test_nothing_is_read_again_and_no_model_loaded_again(monkeypatch):
    import onnxruntime

    from digits.explain import stages
    from digits.reader import Reader

    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *_, **__: pytest.fail("a model was loaded again")
    )
    with monkeypatch.context() as patch:
        patch.setattr(Reader, "read", lambda *_: pytest.fail("it was read again"))
        app.session_state["why"] = True
        app.run(timeout=SLOW)
        patch.setattr(stages, "segment_page", lambda *_: pytest.fail("it was segmented again"))
        labelled(app.segmented_control, "Digit").set_value(2).run(timeout=SLOW)
        assert not app.exception
    other = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)  # somebody else
    labelled(other.button, "three in shadow").click().run(timeout=SLOW)
    assert not other.exception
    assert shown_text(other) == "3"
    assert shown_text(app) == "2026"


def test_a_qr_code_is_shown_if_the_app_listens_to_the_network(monkeypatch):
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
    assert not any("192.168.1.5" in caption.value for caption in here.caption)
    listens[0] = None
    network = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not network.exception
    assert any("http://192.168.1.5:8501" in caption.value for caption in network.caption)


def test_invalid_settings_give_one_error_message(monkeypatch):
    monkeypatch.setenv("DIGITS_MODE", "everybody")
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not app.exception
    assert "DIGITS_MODE is 'everybody'" in app.error[0].value
    assert not app.title


def test_settings_are_read_from_the_url_and_pictures_are_not_in_it():
    app = AppTest.from_file(str(ROOT / "app.py"))
    app.query_params["holds"] = "One digit"
    app.query_params["network"] = "dense"
    app.run(timeout=SLOW)
    labelled(app.button, "three in shadow").click().run(timeout=SLOW)
    assert not app.exception
    request = app.session_state["read session"].results["1-0"].request
    assert (request.model, request.hint.single) == ("dense", True)
    assert set(app.query_params) == {"holds", "network"}


def test_the_whole_app_starts():
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    assert not app.exception
    assert app.title[0].value == "Read"
    assert data_of(app, "files")["lead"] == "Photo, scan or PDF of handwritten numbers"


def test_the_page_reads_what_every_other_entry_point_reads(monkeypatch, tmp_path):
    from digits import read

    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    app = AppTest.from_file(str(ROOT / "app.py")).run(timeout=SLOW)
    labelled(app.button, "a year").click().run(timeout=SLOW)
    seen = app.session_state["read session"].results["1-0"].reading
    assert seen.to_json() == read(EXAMPLE).to_json() | {"file": seen.file}


def draw_page_with(*strokes, error: str = "", kept: list | None = None, ask: bool = False):
    """Return Draw as it stands when a person comes back to what they drew before."""

    def page(error, kept, ask):
        from digits.errors import DigitsError
        from digits.registry import available_models, current_reader
        from digits.ui.draw import draw_page

        def reader(model):
            if error:
                raise DigitsError(error)
            return current_reader(model)

        def keep(picture, reading, truths, file):
            kept.append([(t.line, t.text, t.how) for t in truths])
            return "Saved"

        draw_page(reader, available_models, None if kept is None else keep, ask=ask)

    app = AppTest.from_function(page, kwargs={"error": error, "kept": kept, "ask": ask})
    app.session_state["drawing kept"] = {"strokes": list(strokes), "epoch": 0, "wide": True}
    app.run(timeout=SLOW)
    assert not app.exception
    return app


def drawn(app: AppTest) -> dict:
    return next(
        data
        for element in app.get("bidi_component")
        if "rows" in (data := json.loads(element.proto.json)[0])
    )


def test_the_empty_sheet_says_what_to_do_and_names_no_digit():
    app = draw_page_with()
    assert drawn(app)["rows"] == []
    assert data_of(app, "drawing sheet")["lead"] == "Draw a number"


def test_a_drawing_kept_in_the_session_is_read_again():
    [[number]] = drawn(draw_page_with(SEVEN))["rows"]
    assert "".join(text for text, _ in number["parts"]) == "7"


def test_one_sheet_takes_a_digit_and_a_number():
    [[number]] = drawn(draw_page_with(SEVEN, ONE))["rows"]
    assert "".join(text for text, _ in number["parts"]) == "71"


def test_a_candidate_that_is_tapped_is_stored_once():
    kept = []
    app = draw_page_with(SEVEN, kept=kept)
    [ghost, *_] = drawn(app)["candidates"]
    assert ghost != "7"
    epoch = drawn(app)["epoch"]
    act(app, "drawn answer", ("n1", "", ghost, "chosen"), epoch=epoch)
    assert kept == [[(0, ghost, "chosen")]]
    assert drawn(app)["rows"][0][0]["parts"] == [[ghost, False]]
    app.run(timeout=SLOW)
    assert len(kept) == 1


def test_in_shared_mode_a_chosen_candidate_is_stored_on_save():
    kept = []
    app = draw_page_with(SEVEN, kept=kept, ask=True)
    [ghost, *_] = drawn(app)["candidates"]
    act(app, "drawn answer", ("n1", "", ghost, "chosen"), epoch=drawn(app)["epoch"])
    assert kept == []
    labelled(app.button, "Save").click().run(timeout=SLOW)
    assert kept == [[(0, ghost, "chosen")]]


def test_corrections_of_a_drawing_do_not_apply_to_the_next_one():
    kept = []
    app = draw_page_with(SEVEN, kept=kept)
    epoch = drawn(app)["epoch"]
    act(app, "drawn answer", ("n1", "", "", "confirmed"), epoch=epoch)
    assert kept == [[(0, "7", "confirmed")]]
    app.session_state["drawing kept"] = {"strokes": [ONE], "epoch": 1, "wide": True}
    act(app, "drawn answer", ("n1", "", "", "confirmed"), epoch=epoch)
    assert drawn(app)["epoch"] != epoch
    assert not drawn(app)["confirmed"]
    assert len(kept) == 1


def test_an_error_while_drawing_gives_one_error_message():
    app = draw_page_with(SEVEN, error="there is no model lost")
    assert drawn(app)["status"] == {"text": "There is no model lost.", "kind": "error"}


def test_a_drawing_becomes_a_picture_of_all_its_strokes():
    from digits.io.document import load_picture
    from digits.registry import current_reader
    from digits.types import Hint
    from digits.ui.canvas import to_png

    picture = load_picture(to_png([SEVEN]))
    assert current_reader().read(picture, Hint(single=True)).text == "7"
    far = {"width": 16, "points": [[900, 70], [900, 230]]}
    assert load_picture(to_png([SEVEN, far])).width > 900


def test_models_with_the_same_title_are_distinguished():
    from digits.registry import ModelCard
    from digits.ui.reading_view import label

    cards = [ModelCard(name, "Convolutional network", 0.9967, Path()) for name in ("cnn", "runs/a")]
    assert [label(card) for card in cards] == [
        "Convolutional network (accuracy 99.67%)",
        "Convolutional network, runs/a (accuracy 99.67%)",
    ]


def test_no_error_is_markdown():
    """A file's name that says it is a picture elsewhere would tell that somebody looks."""

    def page():
        from digits.ui.reading_view import show_error

        show_error("![x](http://evil.example/a.png) <b>`$x$` cannot be read.")

    shown = AppTest.from_function(page).run().error[0].value
    assert shown == r"!\[x\](http://evil.example/a.png) \<b\>\`\$x\$\` cannot be read."


def test_a_place_that_was_not_read_is_answered_but_not_stored():
    kept = []
    app = page_with(reading(line("42"), unread=(Box(100, 50, 20, 10),)), kept=kept)
    assert answer(app)["status"] == {"text": "1 place not read", "kind": "check"}
    assert answer(app)["fix"] == "unread-0"
    act(app, "picture", ("n1", "unread-0", "8", "typed"))
    assert shown_text(app) == "42\n8"
    assert kept == []


def test_a_doubtful_reading_is_never_shown_as_read():
    app = page_with(reading(line("42"), status="doubtful", notes=("A hint contradicts it.",)))
    assert answer(app)["status"] == {"text": "Please check", "kind": "check"}
