"""What runs in an install without the optional libraries, and what is said where one is missing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from installs import API, APP, DATABASE, TRAIN, without
from PIL import Image

pytestmark = pytest.mark.slow  # starts a process for each test

ROOT = Path(__file__).parent.parent


@pytest.fixture
def plain(tmp_path):
    """Run a command of the checkout in an install without any optional library."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=without(tmp_path / "site", *DATABASE, *APP, *API, *TRAIN)
            | {"DIGITS_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def labelled(tmp_path, validation):
    """A folder of 24 labelled pictures of one digit each."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rows = ["file,text"]
    for i in range(24):
        page = np.pad(255 - validation.pictures[i], 20, constant_values=255)
        Image.fromarray(page).save(folder / f"{i}.png")
        rows.append(f"{i}.png,{validation.labels[i]}")
    (folder / "labels.csv").write_text("\n".join(rows), "utf-8")
    return folder


@pytest.mark.parametrize("words", [["train_model.py"], ["-m", "digits"], ["-m", "digits", "learn"]])
def test_help_needs_no_optional_library(plain, words):
    done = plain(*words, "--help")
    assert done.returncode == 0, done.stderr
    assert "--help" in done.stdout


def test_training_without_tensorflow_names_what_to_install(plain):
    done = plain("train_model.py", "--network", "dense", "--name", "never")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "TensorFlow" in done.stderr
    assert "requirements.txt" in done.stderr
    assert not (ROOT / "runs" / "never").exists()


def test_learning_from_stored_corrections_names_the_extra_to_install(plain):
    done = plain("-m", "digits", "learn")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "[app]" in done.stderr


def test_learning_from_a_folder_needs_no_database(plain, labelled):
    done = plain("-m", "digits", "learn", str(labelled))
    assert "corrected digits" in done.stdout
    assert "Traceback" not in done.stderr
    assert "All corrected digits are read correctly already" in done.stderr
    listed = plain("-m", "digits", "learn", "--list")
    assert listed.returncode == 0, listed.stderr


def test_a_plain_install_reads_evaluates_and_reports(plain, labelled, tmp_path):
    for words in (
        ["read", "--single", str(labelled / "0.png")],
        ["evaluate", "--single", str(labelled)],
        ["report", "--single", str(labelled / "0.png"), "--out", str(tmp_path / "report.html")],
    ):
        done = plain("-m", "digits", *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout
    done = plain("-m", "digits", "serve")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
