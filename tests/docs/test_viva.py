"""What a student says and shows: every place named is there, and every command runs."""

import itertools
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digits.evaluation.metrics import interval
from digits.image.mnist_normalize import to_frame
from digits.image.page_segmentation import Layout, TextRegion
from digits.inference import segmenter
from digits.inference.calibration import fit_temperature
from digits.inference.classifier import load_card
from digits.inference.ctc import likeliest_texts
from digits.mnist import load_mnist
from digits.reading.composition import PageReading, ReadNumber
from digits.reading.second_opinion import confirm
from digits.registry import WEIGHTS, current_reader
from digits.synthesis.allographs import FORMS
from digits.training.handwriting import side_of
from digits.training.recipes import QUICK, RECIPES
from digits.types import CENTRE, Box, Digit, Line
from train_model import build_parser

ROOT = Path(__file__).parent.parent.parent
VIVA = (ROOT / "docs" / "viva.md").read_text(encoding="utf-8")
DEMO = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
ANSWERS = re.split(r"^\*\*\d+\. ", VIVA, flags=re.MULTILINE)[1:]
COMMANDS = re.findall(r"^    (python .+)$", DEMO, flags=re.MULTILINE)


def test_there_are_forty_questions_numbered_in_order():
    assert [int(n) for n in re.findall(r"^\*\*(\d+)\. ", VIVA, re.MULTILINE)] == list(range(1, 41))
    assert all("?**" in answer or ".**" in answer for answer in ANSWERS)


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.split("**")[0][:40])
def test_what_an_answer_names_is_in_the_file_it_names(answer):
    names = re.findall(r"`([^`\n]+)`", answer)
    files = [ROOT / name for name in names if "/" in name]
    assert files
    for file in files:
        assert file.exists(), file
    source = "".join(f.read_text("utf-8") for f in files if f.suffix == ".py")
    for name in names:
        if re.fullmatch(r"_?[A-Za-z]\w*(\.\w+)?", name):
            for part in name.split("."):
                found = rf"(def|class) {part}\b|^{part} = "
                assert re.search(found, source, re.MULTILINE), name


@pytest.mark.slow
def test_without_a_framework_the_answer_is_that_of_keras():
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    sys.path.insert(0, str(ROOT / "docs"))
    from from_scratch import forward, load_weights

    frames = load_mnist().validation.frames[:200]
    network = keras.saving.load_model(ROOT / "mnist_dense.h5", compile=False)
    expected = network.predict(frames, verbose=0)
    np.testing.assert_allclose(forward(frames, load_weights()), expected, atol=1e-5)


@pytest.mark.parametrize("command", [c for c in COMMANDS if "train_model" not in c])
def test_a_command_of_the_demonstration_runs(command):
    words = shlex.split(command)
    done = subprocess.run([sys.executable, *words[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "5" in done.stdout


def test_the_demonstration_names_options_and_examples_that_there_are():
    for command in COMMANDS:
        words = shlex.split(command)
        if words[1] == "train_model.py":
            build_parser().parse_args(words[2:])
    examples = {path.stem for path in (ROOT / "digits" / "ui" / "examples").iterdir()}
    assert (
        set(re.findall(r"(?<!\*)\*(\w+(?: \w+)+)\*(?!\*)", DEMO))
        - {"A number", "Dense network", "Where they fail", "Train the network"}
        <= examples
    )


def figures(question):
    """Return the numbers that an answer gives."""
    found = re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", ANSWERS[question - 1])
    return {float(number.replace(",", "")) for number in found}


def test_questions_2_3_and_4_the_data():
    mnist = load_mnist()
    parts = [len(part) for part in (mnist.train, mnist.validation, mnist.calibration)]
    assert {float(sum(parts)), float(mnist.train.pictures.shape[1])} <= figures(2)
    assert {float(mnist.train.pictures.min()), float(mnist.train.pictures.max())} <= figures(3)
    assert {float(n) for n in parts} <= figures(4)


def test_questions_8_and_9_where_mnist_puts_a_digit():
    digits = load_mnist().validation
    frames = digits.frames[:300]
    rows, columns = (np.flatnonzero(frames.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    inked = frames.max(axis=0) > 0
    assert inked.shape == (28, 28)
    assert {20.0, 28.0} <= figures(8)
    longest = [
        max(np.ptp(np.flatnonzero(f.any(axis=1))), np.ptp(np.flatnonzero(f.any(axis=0)))) + 1
        for f in frames
    ]
    assert np.median(longest) == 20
    places = np.arange(28) + 0.5
    mass = frames.sum(axis=(1, 2))
    centres = [frames.sum(axis=2) @ places / mass, frames.sum(axis=1) @ places / mass]
    assert np.mean(centres) == pytest.approx(CENTRE, abs=0.1)
    assert CENTRE in figures(9)
    assert rows.size
    assert columns.size


def test_question_9_half_a_pixel_beside_it_most_digits_come_out_differently(monkeypatch):
    frames = load_mnist().validation.frames[:200]

    def differ():
        return np.mean([
            not np.array_equal(to_frame(np.pad(f, 6), Box(0, 0, 40, 40)), f) for f in frames
        ])  # fmt: skip

    assert differ() < 0.02
    monkeypatch.setattr("digits.image.mnist_normalize.CENTRE", CENTRE + 0.5)
    assert differ() == pytest.approx(0.75, abs=0.1)


@pytest.mark.slow  # imports TensorFlow
def test_questions_12_and_13_the_parameters_of_the_dense_network():
    architectures = pytest.importorskip(
        "digits.training.architectures", reason="TensorFlow is not installed"
    )
    network = architectures.build_network("dense")
    shapes = [weights.shape for weights in network.get_weights()]
    assert shapes == [(784, 128), (128,), (128, 10), (10,)]
    assert {784.0, 128.0, 10.0, float(network.count_params())} <= figures(13)
    assert {784.0, 128.0, float(network.count_params())} <= figures(12)


@pytest.mark.slow  # imports TensorFlow
def test_question_16_where_the_parameters_of_the_convolutional_network_are():
    architectures = pytest.importorskip(
        "digits.training.architectures", reason="TensorFlow is not installed"
    )
    network = architectures.build_network("cnn")
    hidden = network.get_layer("embedding").count_params()
    parameters = load_card(WEIGHTS / "cnn.onnx")["parameters"]
    assert {float(network.get_weights()[0].size), float(hidden), float(parameters)} <= figures(16)


def test_question_21_the_batch():
    assert {float(recipe.batch) for recipe in QUICK.values()} <= figures(21)


@pytest.mark.slow  # imports TensorFlow
def test_question_22_the_learning_rates():
    digit = pytest.importorskip("digits.training.digit", reason="TensorFlow is not installed")
    from digits.training.architectures import build_network

    rates = {}
    for name, recipe in QUICK.items():
        network = build_network(name)
        digit.compile_network(network, recipe, n_train=100 * recipe.batch)
        rate = network.optimizer._learning_rate
        steps = range(100 * recipe.epochs)
        rates[name] = (
            np.array([float(rate(step)) for step in steps])
            if callable(rate)
            else np.full(len(steps), float(rate))
        )
    assert len(set(rates["dense"])) == 1
    assert round(rates["dense"][0], 6) in figures(22)
    strong = 100 * (QUICK["cnn"].epochs - QUICK["cnn"].gentle_epochs)
    for rising in (rates["wide"], rates["cnn"][:strong]):
        top = int(rising.argmax())
        assert 100 * top / len(rising) == pytest.approx(5, abs=0.2)
        assert round(float(rising[top]), 4) in figures(22)
        assert (np.diff(rising[:top]) > 0).all()
        assert (np.diff(rising[top:]) < 0).all()
        assert rising[-1] < 0.01 * rising[top]
    assert round(float(rates["cnn"][strong:].max()), 4) in figures(22)
    for recipes in (QUICK, RECIPES["best"]):
        assert {float(recipes["cnn"].gentle_epochs), float(recipes["cnn"].epochs)} <= figures(22)


@pytest.mark.slow  # imports TensorFlow
def test_question_23_how_many_digits_are_distorted():
    digit = pytest.importorskip("digits.training.digit", reason="TensorFlow is not installed")
    digits = load_mnist().validation
    plain = {frame.tobytes() for frame in digits.frames}

    def distorted(name, epoch):
        recipe = RECIPES["quick"][name]
        batches = digit.Batches(digits, recipe, epoch)
        frames = np.concatenate([batches[i][0] for i in range(4)])
        return 100 * np.mean([frame.tobytes() not in plain for frame in frames])

    assert distorted("dense", 1) == 0
    result = figures(23)
    epochs, gentle = QUICK["cnn"].epochs, QUICK["cnn"].gentle_epochs
    assert {float(epochs), float(gentle), 8.0, 9.0, 12.0, 75.0} <= result
    assert distorted("cnn", 1) == distorted("cnn", 8) == 100
    assert distorted("cnn", 9) == pytest.approx(50, abs=8)
    assert distorted("cnn", epochs - gentle) == pytest.approx(50, abs=8)
    assert epochs - gentle == 12
    assert distorted("cnn", epochs - gentle + 1) == pytest.approx(75, abs=8)
    assert distorted("wide", 1) == 100


def test_question_24_the_forms_that_are_drawn():
    new = sum(not form.in_mnist for form in FORMS)
    assert {float(len(FORMS)), float(new)} <= figures(24)


def test_question_25_the_errors_on_test_digits():
    wrong = {
        float(load_card(WEIGHTS / f"{name}.onnx")["test"]["wrong"]) for name in ("cnn", "dense")
    }
    assert wrong <= figures(25)


def test_question_26_what_chance_does_to_ten_thousand_digits():
    low, high = interval(10_000 - 36, 10_000)
    assert 100 * (high - low) / 2 == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("name", ["dense", "wide"])  # no other data set has a part in these
def test_question_27_the_temperature_is_fitted_on_all_held_out_digits(name):
    held_out = load_mnist().held_out
    assert float(len(held_out)) in figures(27)
    card = load_card(WEIGHTS / f"{name}.onnx")
    logits = current_reader(name).classifier.network(held_out.frames).logits
    assert fit_temperature(logits, held_out.labels) == pytest.approx(card["temperature"], rel=1e-3)


def test_question_27_the_frames_of_other_writers():
    assert float(load_card(WEIGHTS / "cnn.onnx")["handwriting"]["calibration_frames"]) in figures(
        27
    )


def test_question_28_only_the_convolutional_network_rejects():
    assert current_reader("cnn").classifier.rejection is not None
    assert current_reader("dense").classifier.rejection is None


def test_questions_31_to_33_the_page_network():
    card = load_card(WEIGHTS / "page.onnx")
    assert float(len(card["classes"])) in figures(31)
    assert all(name.split()[0] in ANSWERS[30] for name in card["classes"])
    page = np.random.default_rng(0).integers(0, 256, (64, 96, 3)).astype(np.uint8)
    found = segmenter.load_segmenter(WEIGHTS / "page.onnx")(page)
    assert found.probabilities.shape == (32, 48, len(card["classes"]))  # half the resolution
    assert found.angle.shape == (64 // 32, 96 // 32)
    assert {32.0, float(card["parameters"])} <= figures(32)
    overlap = dict(zip(card["classes"], card["validation"]["iou"], strict=True))
    rounded = {round(overlap[name], 2) for name in ("digit", "struck-out number")}
    assert rounded | {float(card["validation"]["crops"])} <= figures(33)


def read_once(text, confidence):
    frame = np.zeros((28, 28), np.float32)
    digits = tuple(
        Digit(int(c), 0.99, Box(20 * i, 0, 12, 20), (0.1,) * 10, None, frame)
        for i, c in enumerate(text)
    )
    box = Box.around(digit.box for digit in digits)
    number = ReadNumber(Line(text, confidence, box, digits))
    return PageReading(Layout((TextRegion(None, box),)), (number,))


def test_question_34_what_two_readings_do_to_the_confidence():
    alike = confirm(read_once("2026", 0.7), read_once("2026", 0.6)).confidence
    differing = confirm(read_once("2026", 0.9), read_once("2028", 0.8)).confidence
    assert {round(alike, 2), round(differing, 2)} <= figures(34)


def ways(text, n_steps):
    """Count the ways in which so many steps spell a text: equal neighbours joined, no blanks."""
    symbols = ["", *sorted(set(text))]
    paths = itertools.product(symbols, repeat=n_steps)
    return sum("".join(symbol for symbol, _ in itertools.groupby(path)) == text for path in paths)


def test_question_35_the_steps_that_a_text_with_equal_neighbours_needs():
    assert [ways("1000", n) for n in (4, 5)] == [0, 0]
    assert {6.0, float(ways("1000", 6)), 7.0, float(ways("1000", 7))} <= figures(35)


def test_question_36_the_best_way_is_not_the_best_text():
    steps = np.log(np.array([[0.6, 1e-12, 0.4], [0.6, 1e-12, 0.4]]))
    texts = {text: round(float(np.exp(score)), 2) for text, score in likeliest_texts(steps)}
    assert {0.6, 0.4, texts[()], texts[(1,)]} <= figures(36)
    assert texts[(1,)] > texts[()] == round(0.6 * 0.6, 2)


def test_question_37_the_line_network():
    card = load_card(WEIGHTS / "line.onnx")
    judged = card["validation"]
    shares = {round(100 * judged[part], 1) for part in ("accuracy", "written")}
    counts = {float(n) for n in (1 + len(card["alphabet"]), card["parameters"], judged["lines"])}
    assert shares | counts <= figures(37)


def test_question_38_what_the_reject_head_costs():
    head = load_card(WEIGHTS / "cnn.onnx")["not_a_digit"]
    shares = {round(100 * head[part], 1) for part in ("others_rejected", "digits_kept")}
    assert shares | {round(head["threshold"], 3)} <= figures(38)


@pytest.mark.slow  # imports TensorFlow
def test_question_38_the_share_of_digits_that_sets_the_threshold():
    rejection = pytest.importorskip(
        "digits.training.rejection", reason="TensorFlow is not installed"
    )
    assert 100 * rejection.KEPT in figures(38)


def test_question_39_the_real_handwriting():
    card = load_card(WEIGHTS / "cnn.onnx")
    digits, writers = card["handwriting"]["digits"], card["handwriting"]["writers"]
    named = [name for name in digits if writers[name]]
    unnamed = sum(digits.values()) - sum(digits[name] for name in named)
    counts = (sum(digits[name] for name in named), sum(writers.values()), unnamed)
    assert {float(n) for n in counts} | {100 * card["recipe"]["handwriting"]} <= figures(39)


def test_question_40_a_writer_is_on_one_side():
    sides = [side_of("swiss", f"writer {i}") for i in range(4000)]
    for side, share in (("validation", 15.0), ("calibration", 12.0)):
        assert 100 * np.mean([found == side for found in sides]) == pytest.approx(share, abs=2)
        assert share in figures(40)
    assert sides == [side_of("swiss", f"writer {i}") for i in range(4000)]
