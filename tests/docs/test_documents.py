"""What the documents say is true: commands run, links lead somewhere, nothing is left out."""

import ast
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digits.cli import main
from digits.types import Reading
from train_model import build_parser

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("data/*.md")])
EXAMPLE = ROOT / "digits" / "ui" / "examples" / "five on ruled paper.jpg"
BLANK = EXAMPLE.with_name("blank paper.jpg")
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^    python -m digits ([^…\n[]+?(?<!DIR))$", README, re.MULTILINE)
DEMO = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^    (\S.*)$", DEMO, re.MULTILINE)
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/requirements.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| asked", "| **"))
]

# The request, sentence by sentence; docs/requirements.md must have a row for each.
SENTENCES = """
recognises handwritten digits (0-9)
deep-learning model trained on MNIST
interactive Streamlit app
upload a picture of a handwritten digit and get instant predictions
Understand the basics of deep learning
Build a neural network with TensorFlow and Keras
Train it on MNIST
Deploy it with Streamlit
A simple and interactive web application
Python, TensorFlow/Keras, NumPy, Streamlit, Pillow
`app.py` (Streamlit web application)
`train_model.py` (training script)
`mnist_model.h5` (trained model)
`requirements.txt` (libraries)
`README.md` (documentation)
`venv/` (virtual environment)
Clone with git, or download the ZIP and extract it
`python -m venv venv`; on Windows activate with `venv\\Scripts\\activate`
`pip install -r requirements.txt`
`python train_model.py` loads the MNIST dataset
trains a neural network
saves it as `mnist_model.h5`
`streamlit run app.py`
opens automatically in the browser at http://localhost:8501
upload a picture of a handwritten digit (PNG / JPG)
resized and preprocessed automatically
the model predicts
the predicted digit is displayed
70,000 greyscale pictures, 28×28 pixels, digits 0 to 9
input 28×28 · hidden dense layer with ReLU · output softmax of 10 classes
optimiser Adam · loss categorical cross-entropy
Accuracy may decrease on people's own pictures
sensitive to alignment and stroke thickness
a CNN could do better
Convolutional networks
a drawing canvas for real-time input
better preprocessing (centring and noise removal)
deployment on Heroku or another cloud
BCA / MCA mini project
machine-learning coursework
viva and project demonstrations
Akash, BCA; project type: mini project (machine learning)
Shows how a deep-learning model is trained and deployed
hands-on experience with neural networks
""".strip().splitlines()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with what the README's commands name, as the working directory."""
    shutil.copyfile(EXAMPLE, tmp_path / "photo.jpg")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    shutil.copyfile(EXAMPLE, pictures / "one.jpg")
    (pictures / "labels.csv").write_text("file,text\none.jpg,5\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("picture", [EXAMPLE, BLANK])
@pytest.mark.parametrize("code", PYTHON)
def test_python_in_the_readme_runs(code, picture, folder, capsys):
    """On blank paper too, where there is no digit to look at."""
    shutil.copyfile(picture, folder / "photo.jpg")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102
    assert capsys.readouterr().out
    if "reading" in names:
        assert isinstance(names["reading"], Reading)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_readme_run(command, folder, capsys):
    assert main(command.split()) == 0
    assert capsys.readouterr().out


@pytest.mark.parametrize("command", SHOWN)
def test_the_commands_of_the_demo_run(command):
    program, *words = shlex.split(command)
    if program == "streamlit":
        assert all((ROOT / word).is_file() for word in words[1:])
    elif words[0] == "train_model.py":  # minutes of training; its options are read
        build_parser().parse_args(words[1:])
    else:
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "5" in done.stdout


def test_buttons_named_in_the_demo_exist():
    pressed = set(re.findall(r"\*([^*]+)\*", DEMO.replace("**", "")))
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "digits" / "ui").glob("*.py"))
    examples = {path.stem for path in EXAMPLE.parent.iterdir()}
    assert {"a year", "Dense network"} <= pressed
    assert not [name for name in pressed if name not in examples and f'"{name}"' not in pages]


def test_every_option_of_training_is_explained_as_the_command_explains_it():
    rows = ["| option | meaning |", "|---|---|"]
    for action in build_parser()._actions:
        if "--help" not in action.option_strings:
            value = f"{{{','.join(action.choices)}}}" if action.choices else action.metavar
            if value is None and action.nargs != 0:
                value = action.dest.upper()
            option = " ".join(filter(None, [action.option_strings[-1], value]))
            rows.append(f"| `{option}` | {action.help} |")
    assert "\n".join(rows) in README


def test_the_readme_has_the_requested_commands():
    for command in [
        "python -m venv venv",
        r"venv\Scripts\activate",
        "pip install -r requirements.txt",
        "python train_model.py",
        "streamlit run app.py",
        "http://localhost:8501",
    ]:
        assert command in README
    first_screen = README.split("\n## ")[0]
    assert "\n    pip install -r requirements.txt && streamlit run app.py\n" in first_screen
    assert "\n    pip install -r requirements-dev.txt && pytest\n" in first_screen
    windows = first_screen.split("**Windows**")[1].split("**Debian")[0]
    assert "&&" not in windows


def test_the_idea_is_credited():
    assert "BCA mini project in machine learning by Akash" in " ".join(README.split())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_relative_links_exist(document):
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not re.match(r"[a-z]+:", target):
            assert (document.parent / target).exists(), f"{document.name}: {target}"


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_of_the_request_has_a_row(sentence):
    assert any(sentence in asked for asked, _, _ in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])
def test_paths_and_tests_of_the_requirements_exist(row):
    _, built, shown = row
    paths = re.findall(r"`([^`]+)`", built)
    tests = re.findall(r"`([^`]+)`", shown)
    assert paths
    assert tests
    for path in paths:
        assert (ROOT / path).exists(), path
    for test in tests:
        path, _, name = test.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test
