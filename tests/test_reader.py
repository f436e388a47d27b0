"""The whole chain on composed pages whose text is known."""

import io

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from oracles import agrees_with_itself
from PIL import Image

import digits
from digits.cli import main
from digits.errors import HintError, ModelError, PictureError
from digits.inference.classifier import Classifier, Scores
from digits.inference.line_recognizer import LineRecognizer
from digits.io.document import load_picture
from digits.reader import Reader
from digits.registry import available_models, current_reader
from digits.types import ANY, MAX_LENGTH, Box, Hint, ModelName

SINGLE = Hint(single=True)


def png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


def on_paper(digit: np.ndarray, paper: str, rng: np.random.Generator) -> np.ndarray:
    """Write a digit on a page of 84 x 84 px."""
    ink = np.pad(digit, 28) / 255
    light = np.full(ink.shape, 205.0)
    if paper == "uneven":
        light *= np.linspace(1, 0.55, ink.shape[1])[None, :]
    page = light * (1 - 0.8 * ink)
    if paper == "noisy":
        page += rng.normal(0, 4, page.shape)
    if paper == "inverted":
        page = 255 - page
    return np.clip(page, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("paper", ["grey", "inverted", "noisy", "uneven"])
def test_paper_does_not_change_the_answer(held_out, paper):
    reader, rng = current_reader(), np.random.default_rng(0)
    n = 100
    expected = reader.classifier.classify(held_out.frames[:n]).probabilities.argmax(axis=1)
    same = 0
    for digit, answer in zip(held_out.pictures[:n], expected, strict=True):
        picture = load_picture(png(on_paper(digit, paper, rng)))
        same += reader.read(picture, SINGLE).text == str(answer)
    assert same >= 0.99 * n


MANY = {  # kinds of pictures, by what reading each of them takes
    "digit": (0, SINGLE),
    "two as one": (1, SINGLE),
    "number": (2, ANY),
    "known length": (2, Hint(length=3)),
    "box": (2, Hint(boxes=(Box(0, 0, 60, 200),))),
    "outside": (2, Hint(boxes=(Box(0, 0, 9999, 9),))),
    "turned": (3, ANY),
    "blank": (4, ANY),
    "table": (5, ANY),
}


@pytest.fixture(scope="module")
def read_both(held_out):
    """Return a function that reads pictures together, and one by one."""
    table = np.kron(row(held_out, range(3)), np.ones((3, 1), np.uint8))[:600]
    table[::100], table[:, ::84] = 0, 0
    greys = [
        255 - held_out.pictures[0],
        row(held_out, range(2)),
        row(held_out, range(5)),
        np.rot90(row(held_out, range(7))),
        np.full((60, 90), 250, np.uint8),
        table,
    ]
    pictures = [load_picture(png(np.ascontiguousarray(grey))) for grey in greys]
    jobs = {name: (pictures[i], hint) for name, (i, hint) in MANY.items()}
    alone = {name: outcome(*job) for name, job in jobs.items()}

    def read(names):
        together = current_reader().read_together([jobs[name] for name in names])
        return (
            [str(found) if isinstance(found, HintError) else found for found in together],
            [alone[name] for name in names],
        )

    return read


def outcome(picture, hint):
    try:
        return current_reader().read(picture, hint)
    except HintError as error:
        return str(error)


@settings(max_examples=5, deadline=None, phases=[Phase.generate])
@given(names=st.lists(st.sampled_from(sorted(MANY)), max_size=9))
def test_pictures_that_are_read_together_are_read_as_each_alone(read_both, names):
    together, alone = read_both(names)
    assert together == alone


def test_many_files_are_read_in_order_and_errors_are_readings(held_out, tmp_path):
    good = png(255 - held_out.pictures[0])
    found = list(digits.read_many([good, b"no picture", tmp_path / "none.png", good], SINGLE))
    assert [reading.status for reading in found] == ["read", "failed", "failed", "read"]
    assert found[0] == found[3] == digits.read(good, SINGLE)
    assert "not an image" in found[1].error
    assert "there is no file" in found[2].error


def test_no_more_pictures_are_opened_than_are_read_together(held_out, monkeypatch):
    monkeypatch.setattr("digits.reader.AT_ONCE", 3)
    opened = []

    def sources():
        for _ in range(10):
            opened.append(1)
            yield png(255 - held_out.pictures[0])

    readings = digits.read_many(sources(), SINGLE)
    next(readings)
    assert len(opened) == 3


def row(held_out, indices, gap=24):
    parts = [np.pad(held_out.pictures[i], ((20, 20), (gap // 2, gap // 2))) for i in indices]
    return np.kron(255 - np.hstack(parts), np.ones((3, 3), np.uint8))


def test_a_row_is_read_from_left_to_right(held_out, as_picture):
    reading = current_reader().read(as_picture(row(held_out, range(8))))
    assert reading.text == "".join(map(str, held_out.labels[:8]))
    lefts = [digit.box.x for digit in reading.digits]
    assert lefts == sorted(lefts)


@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("gap", [0.15, 0.5, 0.7, 1.2, 1.8])  # times the number's height
def test_a_minus_is_not_left_out_however_far_it_stands(held_out, as_picture, length, gap):
    grey = np.pad(row(held_out, range(length)), ((0, 0), (150, 0)), constant_values=255)
    rows, columns = (np.flatnonzero((grey < 128).any(axis=axis)) for axis in (1, 0))
    tall, end = int(np.ptp(rows)), int(columns[0] - gap * np.ptp(rows))
    middle = int(rows[0]) + tall // 2
    grey[middle : middle + 6, end - int(0.4 * tall) : end] = 20
    reading = current_reader().read(as_picture(grey))
    agrees_with_itself(reading)
    signed = reading.written == f"-{reading.text}"
    assert signed or (reading.status == "doubtful" and len(reading.unread) == 1)


def test_two_lines_are_read_from_the_top(held_out, as_picture):
    page = np.vstack([row(held_out, range(5)), row(held_out, range(5, 10))])
    expected = "".join(map(str, held_out.labels[:10]))
    assert current_reader().read(as_picture(page)).text == f"{expected[:5]}\n{expected[5:]}"


def test_the_page_network_sees_colours_whichever_way_a_picture_comes(
    held_out, tmp_path, monkeypatch
):
    seen = []

    def segment(_segmenter, rgb):
        seen.append(rgb)
        raise PictureError("seen")

    monkeypatch.setattr("digits.reading.map_reading.segment_page", segment)
    page = np.vstack([row(held_out, range(5)), row(held_out, range(5, 10))])
    blue = png(np.dstack([page, page, np.full_like(page, 255)]))  # blue ink
    (tmp_path / "blue.png").write_bytes(blue)
    for come_in in (digits.read, digits.read_pages):
        with pytest.raises(PictureError, match="seen"):
            come_in(blue)
    assert main(["read", str(tmp_path / "blue.png")]) == 1
    assert len(seen) == 3
    for rgb in seen:
        np.testing.assert_array_equal(rgb, seen[0])
        assert (rgb[..., 2].astype(int) - rgb[..., 0]).max() > 100


def test_numbers_beside_what_looks_like_the_sheet_are_read_too(held_out, as_picture):
    page = np.full((760, 900), 235, np.uint8)
    page[470:740, 40:860] = 150  # a printed band, with edges on all sides
    line = row(held_out, range(5))
    for top in (20, 230, 505):
        part = page[top : top + line.shape[0], 120 : 120 + line.shape[1]]
        np.minimum(part, line, out=part)
    reading = current_reader().read(as_picture(page))
    expected = "".join(map(str, held_out.labels[:5]))
    assert [line.text for line in reading.lines] == [expected] * 3
    assert reading.paper is None


def test_boxes_are_in_pixels_of_the_original(held_out):
    small = np.full((3000, 4000), 255, np.uint8)
    digit = np.kron(255 - held_out.pictures[0], np.ones((20, 20), np.uint8))
    small[1000:1560, 2000:2560] = digit
    reading = digits.read(png(small), SINGLE)
    assert reading.size == (4000, 3000)
    box = reading.digits[0].box
    assert 1990 <= box.x <= 2200
    assert 1000 <= box.y <= 1150
    assert 380 <= max(box.width, box.height) <= 430


def test_blank_paper_has_the_status_blank(as_picture):
    for hint in (ANY, SINGLE, Hint(length=3)):
        reading = current_reader().read(as_picture(np.full((90, 90), 200, np.uint8)), hint)
        assert (reading.status, reading.text, reading.lines) == ("blank", "", ())


def test_probabilities_sum_to_one_and_confidence_is_their_largest(held_out, as_picture):
    reading = current_reader().read(as_picture(held_out.pictures[3]), SINGLE)
    digit = reading.digits[0]
    assert sum(digit.probabilities) == pytest.approx(1, abs=1e-5)
    assert digit.confidence == max(digit.probabilities)


def test_a_region_is_read_alone(held_out, as_picture):
    page = row(held_out, range(4))
    quarter = page.shape[1] // 4
    hint = Hint(boxes=(Box(quarter, 0, quarter, page.shape[0]),))
    reading = current_reader().read(as_picture(page), hint)
    assert reading.text == str(held_out.labels[1])
    assert quarter <= reading.digits[0].box.x < 2 * quarter


@pytest.mark.parametrize(
    "box", [Box(0, 0, 999, 5), Box(-1, 0, 5, 5), Box(0, 0, 0, 5), Box(20, 20, 10, 11)]
)
def test_a_box_outside_the_picture_is_explained(box, as_picture):
    with pytest.raises(HintError, match="30x30"):
        current_reader().read(as_picture(np.full((30, 30), 255, np.uint8)), Hint(boxes=(box,)))


def test_a_length_hint_up_to_the_maximum_is_accepted(as_picture):
    grey = np.full((200, 900), 255, np.uint8)
    grey[60:140, 100:800:30] = 0
    reading = current_reader().read(as_picture(grey), Hint(length=MAX_LENGTH))
    assert len(reading.text) <= MAX_LENGTH
    agrees_with_itself(reading)


def test_a_threshold_of_one_makes_a_reading_doubtful(held_out, as_picture):
    reading = current_reader().read(as_picture(held_out.pictures[0]), Hint(single=True, accept=1.0))
    assert reading.status == "doubtful"


def test_the_same_picture_and_hint_have_the_same_reading_id(held_out, as_picture):
    picture, reader = as_picture(held_out.pictures[0]), current_reader()
    assert reader.read(picture, SINGLE).id == reader.read(picture, SINGLE).id
    assert reader.read(picture, SINGLE).id != reader.read(picture).id


def test_json_keeps_the_contract(held_out, as_picture):
    plain = current_reader().read(as_picture(held_out.pictures[0]), SINGLE).to_json()
    assert plain["schema"] == 1
    assert set(plain) >= {
        "id", "file", "page", "size", "status", "model", "text", "confidence", "lines", "cells",
        "error",
    }  # fmt: skip
    digit = plain["lines"][0]["digits"][0]
    assert set(digit) >= {"value", "confidence", "box", "probabilities", "not_a_digit"}
    assert len(digit["box"]) == 4
    assert set(plain["lines"][0]) >= {"text", "confidence", "box", "marks", "digits"}


def test_both_networks_are_offered_the_default_first_and_their_cards_are_read_once(monkeypatch):
    models = available_models()
    assert [card.name for card in models][:2] == ["cnn", "dense"]
    monkeypatch.delattr("digits.registry.load_card")
    assert available_models() == models


def test_an_unknown_model_is_explained():
    with pytest.raises(ModelError, match="there is no model"):
        current_reader("nothing")


def test_a_damaged_model_is_rejected(tmp_path):
    from digits.registry import WEIGHTS

    (tmp_path / "cnn.onnx").write_bytes((WEIGHTS / "cnn.onnx").read_bytes()[:-7])
    (tmp_path / "cnn.json").write_bytes((WEIGHTS / "cnn.json").read_bytes())
    with pytest.raises(ModelError, match="damaged"):
        current_reader(str(tmp_path / "cnn.onnx"))
    (tmp_path / "cnn.json").unlink()
    with pytest.raises(ModelError, match="no card"):
        current_reader(str(tmp_path / "cnn.onnx"))


def test_one_reader_serves_all_requests():
    assert current_reader() is current_reader("cnn")


def test_a_page_with_too_many_marks_is_rejected_and_not_blank(as_picture):
    page = np.full((1050, 1100), 255, np.uint8)
    for y in range(10, 1030, 45):
        for x in range(10, 1080, 45):
            page[y : y + 25, x + 8 : x + 12] = 0
    reading = current_reader().read(as_picture(page))
    assert (reading.status, reading.text, reading.lines) == ("refused", "", ())
    assert "More than 500 marks" in reading.notes[0]


def test_a_screened_print_is_rejected(as_picture):
    page = np.full((1200, 1600), 255, np.uint8)
    for y in range(4, 1190, 12):
        for x in range(4, 1590, 12):
            page[y : y + 6, x : x + 6] = 0
    assert current_reader().read(as_picture(page)).status == "refused"


def test_a_pale_mark_beside_dark_ink_is_read_and_not_an_error(as_picture):
    page = np.full((300, 500), 255, np.uint8)
    page[50:250, 80:110] = 0
    page[50:250, 300:330] = 155  # 40 % of full ink: above what joins strokes, below an outline
    assert 1 <= len(current_reader().read(as_picture(page)).digits) <= 2


def one_network(digit, margin):
    """A digit network that names one digit, and how far ahead of the rest."""

    def network(frames):
        logits = np.zeros((len(frames), 10), np.float32)
        logits[:, digit] = margin
        return Scores(logits)

    return network


def line_saying(digit, margin=12.0):
    """A line network that names one digit in the middle of each strip, or none."""

    def network(strips):
        n_steps = -(-strips.shape[2] // 4)
        logits = np.zeros((len(strips), n_steps, 11), np.float32)
        logits[:, :, 0] = margin
        if digit is not None:
            logits[:, n_steps // 2, [0, digit + 1]] = 0, margin
        return logits

    return network


def reader_of(digit, margin, line_digit):
    name = ModelName("fake", "")
    return Reader(
        Classifier(name, one_network(digit, margin)), LineRecognizer(name, line_saying(line_digit))
    )


@pytest.mark.parametrize(("margin", "read_as"), [(2.0, "3"), (30.0, "7")])
def test_the_line_network_decides_where_the_digit_network_is_in_doubt(margin, read_as, as_picture):
    page = np.full((120, 100), 255, np.uint8)
    page[20:100, 40:52] = 0
    reading = reader_of(7, margin, 3).read(as_picture(page), Hint(single=True))
    assert reading.text == read_as


def test_a_digit_that_the_line_network_misses_is_doubtful(as_picture):
    page = np.full((60, 60), 255, np.uint8)
    page[10:50, 26:34] = 0
    reading = reader_of(1, 30.0, None).read(as_picture(page))
    assert reading.text == "1"
    assert reading.status == "doubtful"
    assert reading.confidence < 0.1
