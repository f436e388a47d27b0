"""What a student says and shows: every place named is there, and every command runs."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digits.mnist import load_mnist

ROOT = Path(__file__).parent.parent.parent
VIVA = (ROOT / "docs" / "viva.md").read_text(encoding="utf-8")
DEMO = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
ANSWERS = re.split(r"^\*\*\d+\. ", VIVA, flags=re.MULTILINE)[1:]
COMMANDS = re.findall(r"^    (python .+)$", DEMO, flags=re.MULTILINE)


def test_there_are_thirty_questions_numbered_in_order():
    assert [int(n) for n in re.findall(r"^\*\*(\d+)\. ", VIVA, re.MULTILINE)] == list(range(1, 31))
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
    help_text = subprocess.run(
        [sys.executable, "train_model.py", "--help"], cwd=ROOT, capture_output=True, text=True
    ).stdout
    for command in COMMANDS:
        if "train_model" in command:
            for option in re.findall(r"--[a-z-]+", command):
                assert option in help_text
    examples = {path.stem for path in (ROOT / "digits" / "ui" / "examples").iterdir()}
    assert (
        set(re.findall(r"\*(\w+(?: \w+)+)\*", DEMO))
        - {"A number", "Dense network", "Where they fail"}
        <= examples
    )
