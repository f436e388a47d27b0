"""docs/viva.md names code that exists and gives the figures of the shipped models."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from digits.inference.classifier import load_card
from digits.registry import WEIGHTS
from digits.synthesis.allographs import FORMS
from digits.training.recipes import BEST, QUICK

ROOT = Path(__file__).parent.parent.parent
VIVA = (ROOT / "docs" / "viva.md").read_text(encoding="utf-8")
ANSWERS = re.split(r"^\*\*\d+\. ", VIVA, flags=re.MULTILINE)[1:]
CNN, DENSE, LINE, PAGE = (
    load_card(WEIGHTS / f"{name}.onnx") for name in ("cnn", "dense", "line", "page")
)
REJECTION, HANDWRITING, LINES = CNN["not_a_digit"], CNN["handwriting"], LINE["validation"]
OVERLAP = dict(zip(PAGE["classes"], PAGE["validation"]["iou"], strict=True))
WRITERS = {name: n for name, n in HANDWRITING["writers"].items() if n}
DIGITS = HANDWRITING["digits"]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.split("**")[0][:40])
def test_names_in_an_answer_exist_in_its_files(answer):
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


@pytest.mark.parametrize(
    ("question", "figures"),
    [
        (12, {DENSE["parameters"]}),
        (16, {CNN["parameters"]}),
        (22, {each["cnn"].epochs for each in (QUICK, BEST)}),
        (24, {len(FORMS), sum(not form.in_mnist for form in FORMS)}),
        (25, {CNN["test"]["wrong"], DENSE["test"]["wrong"]}),
        (27, {HANDWRITING["calibration_frames"]}),
        (31, {len(PAGE["classes"])}),
        (32, {PAGE["parameters"]}),
        (33, {round(OVERLAP[name], 2) for name in ("digit", "struck-out number")}),
        (33, {PAGE["validation"]["crops"]}),
        (37, {1 + len(LINE["alphabet"]), LINE["parameters"], LINES["lines"]}),
        (37, {round(100 * LINES[part], 1) for part in ("accuracy", "written")}),
        (38, {round(100 * REJECTION[part], 1) for part in ("others_rejected", "digits_kept")}),
        (38, {round(REJECTION["threshold"], 3)}),
        (39, {sum(DIGITS[name] for name in WRITERS), sum(WRITERS.values())}),
        (39, {sum(DIGITS.values()) - sum(DIGITS[name] for name in WRITERS)}),
        (39, {100 * CNN["recipe"]["handwriting"]}),
    ],
)
def test_an_answer_gives_the_figures_of_the_shipped_models(question, figures):
    given = re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", ANSWERS[question - 1])
    assert figures <= {float(number.replace(",", "")) for number in given}


@pytest.mark.slow
def test_without_a_framework_the_answer_is_that_of_keras(validation):
    keras = pytest.importorskip("keras", reason="Keras is not installed")
    sys.path.insert(0, str(ROOT / "docs"))
    from from_scratch import forward, load_weights

    frames = validation.frames[:200]
    network = keras.saving.load_model(ROOT / "mnist_dense.h5", compile=False)
    expected = network.predict(frames, verbose=0)
    np.testing.assert_allclose(forward(frames, load_weights()), expected, atol=1e-5)
