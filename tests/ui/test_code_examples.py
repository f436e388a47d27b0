"""The code examples of a page run, with the options chosen on the page."""

import shlex
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from digits.cli import main
from digits.io.places import parse_box, parse_paper
from digits.reader import Reader
from digits.types import ANY, Box, Hint, Paper, Reading
from digits.ui.code_examples import CodeExample, command_line, curl_line, python_lines

CORNERS = Paper(((-0.5, 1.0), (39.25, 0.0), (40.0, 30.0), (0.0, 29.0)))
EXAMPLES = [
    CodeExample("photo.jpg", None, ANY, None),
    CodeExample("photo.jpg", None, Hint(single=True), None),
    CodeExample("photo.jpg", None, Hint(length=4), "dense"),
    CodeExample("two pages.pdf", 2, ANY, "dense"),
    CodeExample("größe (1).png", None, Hint(single=True), "dense"),
    CodeExample('"it\'s" \\ odd.png', None, ANY, None),
    CodeExample("photo.jpg", None, Hint(boxes=(Box(1, 2, 30, 20), Box(5, 6, 7, 8))), None),
    CodeExample("photo.jpg", None, Hint(paper=CORNERS, boxes=(Box(1, 2, 30, 20),)), None),
    CodeExample("photo.jpg", None, Hint(single=True, whole_picture=True), "dense"),
]
ON_THE_COMMAND_LINE = [each for each in EXAMPLES if each.file in ("photo.jpg", "two pages.pdf")]


@pytest.fixture
def readings(monkeypatch, tmp_path):
    """Pictures under these names, and what the reader was asked to do with them."""
    from digits import registry

    monkeypatch.chdir(tmp_path)
    sheet = Image.new("L", (40, 30), 255)
    for example in EXAMPLES:
        more = {"save_all": True, "append_images": [sheet]} if example.page else {}
        try:
            sheet.save(tmp_path / example.file, **more)
        except OSError:  # Windows forbids such a name, so nobody there has it either
            continue
    calls = []
    current_reader = registry.current_reader

    def remember(model=None, **_):
        reader = current_reader(model)

        class Remembering(Reader):
            def read(self, picture, hint=ANY):
                calls.append((model, hint))
                return reader.read(picture, hint)

        return Remembering(reader.classifier, reader.line_recognizer)

    monkeypatch.setattr(registry, "current_reader", remember)
    return calls


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda s: f"{s.file} {s.hint} {s.model}")
def test_the_python_lines_run(example, readings, tmp_path, capsys):
    if example.page:
        pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    if not (tmp_path / example.file).exists():
        pytest.skip("this system has no such names")
    names: dict[str, object] = {}
    exec(compile(python_lines(example), "page", "exec"), names)  # noqa: S102
    reading = names["reading"]
    assert isinstance(reading, Reading)
    assert reading.page == example.page
    assert readings[-1] == (example.model, example.hint)
    assert capsys.readouterr().out.strip() == "0.0"  # a blank sheet: no text, no confidence


@pytest.mark.parametrize(
    "example", ON_THE_COMMAND_LINE, ids=lambda s: f"{s.file} {s.hint} {s.model}"
)
def test_the_command_runs(example, readings, capsys):
    if example.page:
        pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    words = shlex.split(command_line(example))
    assert words[:3] == ["python", "-m", "digits"]
    assert main(words[3:]) == 0
    assert readings[-1] == (example.model, example.hint)
    assert capsys.readouterr().out


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda s: f"{s.file} {s.hint} {s.model}")
def test_curl_asks_for_the_same(example):
    words = shlex.split(curl_line(example, "http://localhost:8501/"))
    assert words[:2] == ["curl", "-F"]
    assert words[2].startswith("file=@")
    address = urlsplit(words[3])
    assert (address.netloc, address.path) == ("localhost:8501", "/api/readings")
    query = parse_qs(address.query)
    expected = {"single": "true"} if example.hint.single else {}
    if example.hint.length:
        expected["length"] = str(example.hint.length)
    if example.model:
        expected["model"] = example.model
    if example.hint.whole_picture:
        expected["whole_picture"] = "true"
    boxes = tuple(parse_box(box, "boxes") for box in query.pop("boxes", []))
    paper = [parse_paper(corners, "paper") for corners in query.pop("paper", [])]
    assert boxes == example.hint.boxes
    assert paper == ([example.hint.paper] if example.hint.paper else [])
    assert {name: values[0] for name, values in query.items()} == expected


@pytest.mark.parametrize("name", ['"; rm -rf ~; "', "$(id).png", "`id`.png", "a\nb.png", "a;b,c"])
def test_a_name_made_to_be_run_is_not(name):
    for line in (curl_line, lambda s, _: command_line(s)):
        text = line(CodeExample(name, None, ANY, None), "http://localhost")
        assert not set("$`;\n\\") & set(text)
        assert text.count('"') % 2 == 0
