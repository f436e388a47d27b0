"""What happens when the machine fails: full disks, folders that may not be written, damaged files.

Kills at random instants are a campaign of their own, `scripts/kill_while_writing.py`.
"""

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from digits import registry
from digits.cli import main
from digits.errors import DigitsError, LearningError, ModelError
from digits.inference.card import write_card
from digits.inference.line_recognizer import load_line_recognizer
from digits.inference.reference_set import load_reference_set
from digits.io.atomic_write import atomic_write
from digits.personalization.kernel_head import PersonalHead
from digits.personalization.versions import current_name, list_versions, save_version, set_current
from digits.registry import WEIGHTS, current_reader, learned_folder

ROOT = Path(__file__).parent.parent
YEAR = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
HEAD = PersonalHead(
    np.ones((3, 64), np.float32), np.ones((3, 10), np.float32), np.ones(3, np.float32), 0.5
)


def refuse(number):
    def refused(*_arguments, **_options):
        raise OSError(number, os.strerror(number))

    return refused


@pytest.mark.parametrize(
    ("function", "number", "result"),
    [
        ("fsync", errno.ENOSPC, "No space left on device"),
        ("fdopen", errno.EROFS, "Read-only file system"),
        ("replace", errno.EACCES, "Permission denied"),
    ],
)
def test_learning_that_cannot_be_kept_gives_one_error_message_and_changes_nothing(
    function, number, result, tmp_path, monkeypatch
):
    before = save_version(tmp_path, HEAD, ())
    with monkeypatch.context() as broken:
        where = Path if function == "replace" else os
        broken.setattr(where, function, refuse(number))
        with pytest.raises(LearningError, match=rf"\({result}\)"):
            save_version(tmp_path, HEAD, ())
        with pytest.raises(LearningError, match=rf"\({result}\)"):
            set_current(tmp_path, None)
    assert current_name(tmp_path) == before
    assert [version.name for version in list_versions(tmp_path)] == [before]
    assert not list(tmp_path.glob(".*"))  # no litter on a disk that is full


def test_a_file_that_cannot_be_written_is_one_error(tmp_path, monkeypatch, capsys):
    (tmp_path / "labels.csv").write_text("file,text\na.jpg,1999\n", "utf-8")
    shutil.copy(YEAR, tmp_path / "a.jpg")
    (tmp_path / "a file").write_text("where a folder should be")
    out = str(tmp_path / "a file" / "out")
    for command in (
        ["report", str(YEAR), "--out", f"{out}.html"],
        ["evaluate", str(tmp_path), "--out", out],
        ["batch", str(YEAR), "--out", f"{out}.csv"],
    ):
        assert main(command) == 1
        _, err = capsys.readouterr()
        assert "cannot be" in err.splitlines()[-1]
        assert "Traceback" not in err
    monkeypatch.setattr("digits.io.atomic_write.os.fsync", refuse(errno.ENOSPC))
    assert main(["report", str(YEAR), "--out", str(tmp_path / "half.html")]) == 1
    assert not (tmp_path / "half.html").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /dev/full")
def test_an_output_that_is_full_gives_one_error_message():
    for options in ([], ["--format", "csv"]):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "digits", "read", *options, str(YEAR)],
                cwd=ROOT,
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
            )
        assert done.returncode == 1
        assert done.stderr == (
            "digits: the output cannot be read or written (No space left on device)\n"
        )


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A copy of what is served, which a test may damage."""
    folder = tmp_path / "weights"
    shutil.copytree(WEIGHTS, folder, ignore=shutil.ignore_patterns("*.h5"))
    monkeypatch.setattr(registry, "WEIGHTS", folder)
    registry._line_recognizer.cache_clear()
    yield folder
    registry._line_recognizer.cache_clear()


def halve(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def exchange(path):
    others = {"cnn": "dense", "dense": "cnn", "line": "cnn"}
    shutil.copy(path.with_name(others[path.stem] + path.suffix), path)


def other_json(path):
    path.write_text("[]")


@pytest.mark.parametrize("damage", [halve, empty, exchange, Path.unlink])
@pytest.mark.parametrize("name", ["cnn.onnx", "dense.onnx", "line.onnx", "cnn.npz", "dense.npz"])
def test_a_model_truncated_emptied_exchanged_or_gone_is_never_read_with(weights, name, damage):
    damage(weights / name)
    path = (weights / name).with_suffix(".onnx")
    with pytest.raises(ModelError):
        if name.endswith("npz"):
            load_reference_set(path)
        elif path.stem == "line":
            load_line_recognizer(path)
        else:
            current_reader(path.stem)


@pytest.mark.parametrize("damage", [halve, empty, exchange, other_json, Path.unlink])
@pytest.mark.parametrize("name", ["cnn.json", "dense.json", "line.json"])
def test_a_card_truncated_emptied_exchanged_or_gone_gives_one_error_message(weights, name, damage):
    damage(weights / name)
    with pytest.raises(ModelError):
        if name == "line.json":
            load_line_recognizer(weights / "line.onnx")
        else:
            current_reader(name.removesuffix(".json"))


def test_a_network_of_another_kind_with_its_own_card_gives_one_error_message(weights):
    for name, other, load in (
        ("dense", "line", registry.load_classifier),
        ("line", "cnn", load_line_recognizer),
    ):
        path = weights / f"{name}.onnx"
        shutil.copy(WEIGHTS / f"{other}.onnx", path)
        card = {"temperature": 1.0, "weight": 1.0, "slope": 1.0, "offset": 0.0}
        write_card(path, {"name": name, **card})
        with pytest.raises(ModelError, match="another kind of network"):
            load(path)


def test_a_model_that_is_replaced_while_the_program_runs_is_read_with_at_once(weights):
    path = weights / "dense.onnx"
    content, before = path.read_bytes(), current_reader("dense")

    def write(new):
        time.sleep(0.01)  # a file's time is coarse
        atomic_write(path, new)

    write(content[:-1])
    with pytest.raises(ModelError, match="is damaged"):
        current_reader("dense")
    write(content)
    assert current_reader("dense").classifier.name == before.classifier.name


def test_a_damaged_line_network_is_an_error_everywhere(weights, capsys):
    halve(weights / "line.onnx")
    for command in (["read", str(YEAR)], ["doctor"], ["batch", str(YEAR), "--out", "no.csv"]):
        assert main(command) == 1
        assert "line.onnx is damaged" in capsys.readouterr().err


# ---- what Keras 2 saved


def keras_2(path, version, layers, kernels):
    """Write an `.h5` as Keras 2 did: shapes as `batch_input_shape`, weights named with `:0`."""
    h5py = pytest.importorskip("h5py", reason="TensorFlow is not installed")
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = b"tensorflow"
        config = {"class_name": "Sequential", "config": {"name": "sequential", "layers": layers}}
        file.attrs["model_config"] = json.dumps(config).encode()
        optimizer = {"class_name": "Adam", "config": {"name": "Adam", "decay": 0.0}}
        training = {"loss": "categorical_crossentropy", "optimizer_config": optimizer}
        file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer["config"]["name"].encode() for layer in layers]
        for layer in layers:
            name = layer["config"]["name"]
            mine = group.create_group(name)
            names = [f"{name}/{part}:0" for part in ("kernel", "bias") if name in kernels]
            mine.attrs["weight_names"] = np.array([each.encode() for each in names], "S")
            for each, weights in zip(names, kernels.get(name, ()), strict=True):
                mine[each] = weights


def layer(kind, name, **config):
    return {"class_name": kind, "config": {"name": name, "dtype": "float32", **config}}


SHAPE = {"batch_input_shape": [None, 28, 28]}
HIDDEN = layer("Dense", "dense", units=16, activation="relu", use_bias=True)
LAST = layer("Dense", "dense_1", units=10, activation="softmax", use_bias=True)


@pytest.fixture(scope="module")
def kernels():
    rng = np.random.default_rng(2)
    shapes = {"dense": ((784, 16), (16,)), "dense_1": ((16, 10), (10,))}
    return {
        name: [rng.normal(0, 0.1, shape).astype(np.float32) for shape in both]
        for name, both in shapes.items()
    }


# Keras advises those who write such a layer today.
KERAS_REMARK = pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")


@pytest.mark.slow
@KERAS_REMARK
def test_an_h5_that_keras_2_saved_is_read_as_keras_2_read_it(tmp_path, kernels, held_out):
    path = tmp_path / "old.h5"
    layers = [
        layer("InputLayer", "flatten_input", **SHAPE, sparse=False, ragged=False),
        layer("Flatten", "flatten", **SHAPE, trainable=True, data_format="channels_last"),
        HIDDEN,
        LAST,
    ]
    keras_2(path, "2.15.0", layers, kernels)
    frames = held_out.frames[:50]
    (first, bias), (last, offset) = kernels["dense"], kernels["dense_1"]
    hidden = np.maximum(frames.reshape(50, 784) @ first + bias, 0)
    expected = hidden @ last + offset
    expected -= np.log(np.exp(expected).sum(axis=1, keepdims=True))
    found = current_reader(str(path)).classifier.network(frames).logits
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("first", [{**SHAPE}, {"batch_input_shape": [None, 784]}, {}])
@KERAS_REMARK
def test_an_h5_that_keras_3_no_longer_opens_gives_one_error_message(tmp_path, kernels, first):
    path = tmp_path / "older.h5"
    flat = [] if first.get("batch_input_shape") == [None, 784] else [layer("Flatten", "flatten")]
    layers = [*flat, HIDDEN, LAST]
    layers[0] = {**layers[0], "config": {**layers[0]["config"], **first}}
    keras_2(path, "2.2.4", layers, kernels)
    with pytest.raises(DigitsError, match=r"cannot be opened by Keras|outputs is required"):
        current_reader(str(path))


# ---- the campaign of kills


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_campaign_of_kills_sees_what_is_half_written(monkeypatch):
    """The oracle itself: a program that writes in place, in two steps."""
    from scripts.kill_while_writing import SUBJECTS, campaign

    sound = campaign(SUBJECTS["export"], kills=2, seed=0)
    assert sound.acknowledged >= 2  # one before each kill, however slow the machine is
    assert sound.lost == sound.halves == 0

    def in_place(path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content[:-9])
            file.flush()
            time.sleep(0.01)
            file.write(content[-9:])

    monkeypatch.setattr("digits.io.atomic_write.atomic_write", in_place)
    assert any(campaign(SUBJECTS["export"], kills=4, seed=seed).halves for seed in range(6))
    monkeypatch.setattr("digits.personalization.versions.atomic_write", in_place)
    outcomes = (campaign(SUBJECTS["learn"], kills=4, seed=seed) for seed in range(6))
    assert any(outcome.lost or outcome.halves for outcome in outcomes)


def test_nothing_was_learned_where_tests_run():
    """These tests damage copies only."""
    assert current_name(learned_folder()) is None
