"""The training command: what it leaves, what it never touches, how it stops and continues."""

import csv
import dataclasses
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from installs import API, APP, DATABASE, without
from PIL import Image

import digits
from digits.errors import DataError
from digits.inference.classifier import load_card
from digits.mnist import load_mnist
from digits.registry import WEIGHTS
from digits.training.plan import TrainingPlan
from digits.training.recipes import BEST, LineRecipe
from digits.types import Hint

ROOT = Path(__file__).parent.parent.parent
keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
pytestmark = pytest.mark.slow  # imports TensorFlow

from digits.training import callbacks  # noqa: E402
from digits.training import digit as training  # noqa: E402


@pytest.fixture
def checkout(tmp_path):
    """A copy of what training needs, so that a test may overwrite it."""
    shutil.copy(ROOT / "train_model.py", tmp_path)
    shutil.copytree(
        ROOT / "digits", tmp_path / "digits", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def test_the_requested_network_is_trained_saved_and_read_with(checkout, few, tmp_path_factory):
    """In an install with the extra [train] alone."""
    bare = without(tmp_path_factory.mktemp("site"), *DATABASE, *APP, *API)

    def run(*words):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=checkout,
            env=bare,
            capture_output=True,
            text=True,
            encoding="utf-8",
        )
        assert done.returncode == 0, done.stderr
        return done

    shipped = {p.name: p.read_bytes() for p in (checkout / "digits" / "weights").iterdir()}
    done = run("train_model.py", "--network", "dense", "--epochs", "2", "--data", str(few))
    assert "101,770" in done.stdout  # before the first epoch: layers, parameters, time
    assert done.stdout.index("101,770") < done.stdout.index("Epoch 1/2")
    assert done.stdout.index("2 epochs") < done.stdout.index("Epoch 1/2")
    assert "Epoch 2/2" in done.stdout
    assert "about 5 seconds" in done.stdout
    assert "95 % interval" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Done: mnist_model.h5 is now this dense network")
    folder = checkout / "runs" / "dense-0"
    assert {p.name for p in folder.iterdir()} == {
        "checkpoint.weights.h5",
        "curves.png",
        "dense.h5",
        "dense.json",
        "dense.npz",
        "dense.onnx",
        "dense.weights.npz",
        "history.csv",
    }
    card = json.loads((folder / "dense.json").read_text("utf-8"))
    assert card["recipe"]["seed"] == 0
    assert card["versions"]["keras"] == keras.__version__
    assert {"validation", "test"} <= card.keys()
    # What was shipped is as it was, and nobody looked at the real test digits.
    now = {p.name: p.read_bytes() for p in (checkout / "digits" / "weights").iterdir()}
    assert now == shipped
    assert not (checkout / "docs").exists()

    import h5py

    with h5py.File(checkout / "mnist_model.h5") as file:
        assert list(file) == ["model_weights"]  # an optimiser would triple the size
    network = keras.saving.load_model(checkout / "mnist_model.h5", compile=False)
    assert [type(layer).__name__ for layer in network.layers] == ["Flatten", "Dense", "Dense"]
    assert network.layers[-1].activation.__name__ == "softmax"
    Image.fromarray(load_mnist(few).train.pictures[0]).save(checkout / "digit.png")
    read = run("-m", "digits", "read", "--single", "--model", "runs/dense-0", "digit.png")
    text = read.stdout.split("\t")[1].strip()
    assert text.isdigit()
    h5 = str(checkout / "mnist_model.h5")
    assert digits.read(checkout / "digit.png", Hint(single=True), model=h5).text == text

    run("train_model.py", "--restore")
    shipped_h5 = (checkout / "digits" / "weights" / "mnist_model.h5").read_bytes()
    assert (checkout / "mnist_model.h5").read_bytes() == shipped_h5


@pytest.fixture
def interrupt(monkeypatch):
    """Press Ctrl-C right after the first epoch is kept."""

    class Interrupting(callbacks.Checkpoint):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "Checkpoint", Interrupting)
    return lambda: monkeypatch.setattr(training, "Checkpoint", callbacks.Checkpoint)


def test_a_stopped_training_prints_how_to_continue_and_continues(command, here, interrupt, capfd):
    assert command("--network", "dense", "--epochs", "2", "--no-test", "--seed", "5") == 130
    error = capfd.readouterr().err.strip().splitlines()[-1]
    assert "Epoch 1 of 2 is kept" in error
    words = error.split("train_model.py ")[1].split()
    assert words[:3] == ["--resume", "--name", "dense-5"]
    assert "--no-test" in words
    assert not (here / "mnist_model.h5").exists()
    interrupt()
    assert command(*words) == 0
    out = capfd.readouterr().out
    assert "Epoch 2/2" in out
    assert "Epoch 1/2" not in out
    with (here / "runs" / "dense-5" / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    card = json.loads((here / "runs" / "dense-5" / "dense.json").read_text("utf-8"))
    assert "test" not in card
    assert card["recipe"]["seed"] == 5
    assert (here / "mnist_model.h5").exists()


def test_a_training_stopped_in_its_first_epoch_keeps_nothing(command, here, monkeypatch, capfd):
    def stop(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "fit", stop)
    assert command("--network", "dense") == 130
    error = capfd.readouterr().err.strip().splitlines()
    assert error[-1] == "Stopped. No epoch was complete, so nothing is kept."
    assert command("--resume") == 2
    assert not (here / "mnist_model.h5").exists()


FAKE_KERAS = """\
import time
print("importing", flush=True)
try:
    time.sleep(60)
except BaseException as error:  # as some libraries do in their own imports
    raise ImportError("interrupted") from error
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_while_tensorflow_is_imported_prints_one_line(checkout, few):
    (checkout / "keras.py").write_text(FAKE_KERAS, "utf-8")
    with subprocess.Popen(
        [sys.executable, "train_model.py", "--data", str(few)],
        cwd=checkout,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests run in the background, Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    ) as process:
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.strip().splitlines() == ["Stopped before the training began."]
    assert not (checkout / "runs").exists()


def test_other_data_do_not_resume(command, interrupt, few, tmp_path, capfd):
    assert command("--network", "dense", "--epochs", "2") == 130
    with np.load(few) as arrays:
        np.savez(tmp_path / "other.npz", **{**arrays, "y_train": arrays["y_train"][::-1]})
    assert command("--resume", "--data", str(tmp_path / "other.npz")) == 2
    assert "other data" in capfd.readouterr().err


def test_the_seed_decides_the_weights_a_training_begins_with(command, monkeypatch):
    begun = []

    def begin(network, *_arguments, **_options):
        begun.append(network.get_weights()[0])
        raise DataError("far enough")

    monkeypatch.setattr(training, "fit", begin)
    for seed in ("3", "3", "4"):
        assert command("--network", "dense", "--seed", seed) == 1
    np.testing.assert_array_equal(begun[0], begun[1])
    assert (begun[0] != begun[2]).any()


def test_an_export_that_fails_leaves_no_file_behind(command, here, monkeypatch, capfd):
    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training, "draw_curves", full)
    assert command("--network", "dense", "--epochs", "1", "--no-test") == 1
    error = capfd.readouterr().err
    assert "No space left on device): make room" in error
    assert "--resume --name dense-0" in error
    kept = {path.name for path in (here / "runs" / "dense-0").iterdir()}
    assert kept == {"checkpoint.weights.h5", "history.csv"}
    assert not (here / "mnist_model.h5").exists()
    monkeypatch.undo()


def test_shipped_files_are_restored_or_an_error_is_printed(monkeypatch, capsys, tmp_path):
    import train_model

    monkeypatch.setattr(sys, "argv", ["train_model.py", "--restore"])
    monkeypatch.setattr(train_model, "HERE", tmp_path)
    assert train_model.main() == 0
    assert (tmp_path / "mnist_dense.h5").read_bytes() == (ROOT / "mnist_dense.h5").read_bytes()
    (tmp_path / "a file").write_text("where a folder should be")
    monkeypatch.setattr(train_model, "HERE", tmp_path / "a file")
    assert train_model.main() == 1
    assert "mnist_model.h5 cannot be restored" in capsys.readouterr().err


def test_the_convolutional_network_gets_its_reject_head(command, here, monkeypatch, capfd):
    short = dataclasses.replace(BEST["cnn"], rejection_epochs=1)
    monkeypatch.setitem(BEST, "cnn", short)
    assert command("--epochs", "1", "--no-test") == 0
    card = json.loads((here / "runs" / "cnn-0" / "cnn.json").read_text("utf-8"))
    result = card["not_a_digit"]
    assert 0 <= result["threshold"] <= 1
    assert 0 <= result["others_rejected"] <= 1
    assert card["multiply_adds"] <= 20_000_000
    # What was asked for stays plain: one input, ten outputs of a softmax.
    network = keras.saving.load_model(here / "mnist_model.h5", compile=False)
    assert network.output_shape == (None, 10)
    assert network.layers[-1].activation.__name__ == "softmax"
    assert all(layer.trainable for layer in network.layers)
    assert f"{network.count_params():,}" in capfd.readouterr().out


def test_the_reject_head_is_trained_alone_on_the_shipped_network(command, here, capfd):
    assert command("--head", "--epochs", "1") == 0
    card = json.loads((here / "runs" / "cnn-head-0" / "cnn.json").read_text("utf-8"))
    shipped = json.loads((ROOT / "digits" / "weights" / "cnn.json").read_text("utf-8"))
    assert card["not_a_digit"]["epochs"] == 1
    assert card["temperature"] == shipped["temperature"]
    assert card["sha256"] != shipped["sha256"]
    assert "Done: the reject head" in capfd.readouterr().out
    assert not (here / "mnist_model.h5").exists()


def figures(right, digits=10_000, **other):
    rest = {"interval": [0.9, 1.0], "confusion": [], "wrong": 0, "calibration_error": 0.0}
    return {"accuracy": right, "digits": digits, **rest, **other}


SHIPPED = {"data_sha256": "a", "test": figures(0.975), "validation": figures(0.982, 2_500)}


@pytest.mark.parametrize(
    ("parts", "data", "expected"),
    [
        ({"test": 0.978, "validation": 0.9}, "a", "97.50% of the same digits right: this one is "
         "0.30 percentage points better"),
        ({"test": 0.972}, "a", "this one is 0.30 percentage points worse"),
        ({"test": 0.975}, "a", "this one does as well"),
        ({"validation": 0.98}, "a", "98.20% of the same digits right: this one is 0.20 percentage "
         "points worse"),
    ],
)  # fmt: skip
def test_the_summary_compares_the_same_digits(parts, data, expected, tmp_path):
    card = {"name": "dense", "data_sha256": data} | {
        part: figures(right) for part, right in parts.items()
    }
    result = training.summary(card, SHIPPED, tmp_path)
    assert expected in result
    assert "shipped dense network" in result
    assert result.splitlines()[-1].startswith("Done: ")


def test_the_summary_compares_nothing_on_other_digits(tmp_path):
    card = {"name": "dense", "data_sha256": "b", "test": figures(0.9)}
    assert "shipped" not in training.summary(card, SHIPPED, tmp_path)


@pytest.mark.parametrize(
    ("minutes", "export", "printed"),
    [
        (None, False, "60 epochs, seed 0, into runs/a/: about 15 hours on two idle"),
        (30, False, "It stops after 30 minutes."),
        (5000, False, "on two idle processor cores.\n"),
        (None, True, "Exporting runs/a/ without more training.\n"),
    ],
)
def test_a_training_begins_with_its_network_and_its_time(minutes, export, printed, here, capsys):
    import train_model

    plan = TrainingPlan(LineRecipe(), here / "runs" / "a", export=export)
    network = train_model.begin(plan, minutes)
    out = capsys.readouterr().out
    assert f"{network.count_params():,}" in out
    assert printed in out
    assert ("It stops" in out) == (minutes == 30)
    assert ("two idle" in out) != export


def test_the_page_network_ends_with_one_sentence(tmp_path):
    from digits.training.page import summary

    card = load_card(WEIGHTS / "page.onnx")
    overlap = card["validation"]["iou"][card["classes"].index("digit")]
    last = summary(card, tmp_path).splitlines()[-1]
    assert last.startswith("Done: the page network finds handwritten digits with ")
    assert f"{100 * overlap:.1f}%" in last


def test_what_another_backend_trained_is_exported_afterwards(command, here, monkeypatch, capsys):
    import train_model

    monkeypatch.setattr(train_model, "can_export", lambda: False)
    assert command("--network", "dense", "--epochs", "1", "--no-test") == 0
    assert "python train_model.py --export --name dense-0" in capsys.readouterr().out
    assert not list(here.rglob("*.onnx"))
    monkeypatch.undo()
    monkeypatch.setattr(train_model, "HERE", here)
    monkeypatch.setattr("digits.registry.RUNS", here / "runs")
    assert command("--export", "--name", "dense-0", "--no-test") == 0
    assert (here / "runs" / "dense-0" / "dense.onnx").exists()
