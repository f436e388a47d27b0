"""Training on a few digits: what it leaves, what it never touches, how it goes on."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digits.errors import DataError, ModelError
from digits.mnist import load_mnist, open_arrays
from digits.training.recipes import Recipe

ROOT = Path(__file__).parent.parent.parent
keras = pytest.importorskip("keras", reason="TensorFlow is not installed")


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A file like MNIST's, of 1,320 validation and calibration digits, none of them a test's."""
    pictures, labels = open_arrays(ROOT / "data" / "mnist.npz", "train")
    path = tmp_path_factory.mktemp("data") / "few.npz"
    np.savez(
        path,
        x_train=pictures[55000:56200],
        y_train=labels[55000:56200],
        x_test=pictures[56200:56320],
        y_test=labels[56200:56320],
    )
    return path


def test_the_parts_of_mnist_are_disjoint_and_fixed():
    mnist = load_mnist()
    assert [len(part) for part in (mnist.train, mnist.validation, mnist.calibration)] == [
        55_000,
        2_500,
        2_500,
    ]
    pictures, _ = open_arrays(ROOT / "data" / "mnist.npz", "train")
    np.testing.assert_array_equal(mnist.validation.pictures[0], pictures[55_000])
    np.testing.assert_array_equal(mnist.calibration.pictures[-1], pictures[-1])


def test_only_evaluation_opens_the_test_digits():
    package = [*ROOT.glob("digits/**/*.py"), ROOT / "train_model.py"]
    openers = [
        path.name
        for path in package
        if 'open_arrays(path or MNIST_FILE, "test"' in path.read_text("utf-8")
    ]
    assert openers == ["evaluation.py"]
    for path in package:
        if path.name not in ("evaluation.py", "data.py"):
            assert "x_test" not in path.read_text("utf-8")


def test_damaged_data_are_refused(few, tmp_path):
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(few.read_bytes()[:-100])
    with pytest.raises(DataError, match="is not MNIST"):
        load_mnist(damaged)
    damaged.write_bytes(few.read_bytes())
    (tmp_path / "mnist.json").write_text(json.dumps({"sha256": "0" * 64}), "utf-8")
    with pytest.raises(DataError, match="is damaged"):
        load_mnist(damaged)
    with pytest.raises(DataError, match="are missing"):
        load_mnist(tmp_path / "none.npz")


@pytest.fixture
def checkout(tmp_path):
    """A copy of what training needs, so that a test may overwrite it."""
    import shutil

    for name in ("train_model.py", "digits"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tmp_path / name)
    return tmp_path


def train(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "train_model.py", *arguments]
    return subprocess.run(
        command, cwd=checkout, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_the_requested_network_is_trained_saved_and_read_with(checkout, few):
    shipped = {p.name: p.read_bytes() for p in (checkout / "digits" / "weights").iterdir()}
    done = train(checkout, "--network", "dense", "--epochs", "2", "--data", str(few))
    assert done.returncode == 0, done.stderr
    assert "Epoch 2/2" in done.stdout
    assert "95 % interval" in done.stdout
    run = checkout / "runs" / "dense-0"
    assert {p.name for p in run.glob("*.*")} >= {
        "dense.onnx",
        "dense.json",
        "dense.h5",
        "curves.png",
        "history.csv",
    }
    card = json.loads((run / "dense.json").read_text("utf-8"))
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
    digit = load_mnist(few).train.pictures[0]
    from PIL import Image

    Image.fromarray(digit).save(checkout / "digit.png")
    for model in ("runs/dense-0", str(checkout / "mnist_model.h5")):
        read = subprocess.run(
            [sys.executable, "-m", "digits", "read", "--single", "--model", model, "digit.png"],
            cwd=checkout,
            capture_output=True,
            text=True,
            check=True,
        )
        assert read.stdout.strip()[-1].isdigit()

    restored = train(checkout, "--restore")
    assert restored.returncode == 0, restored.stderr
    shipped_h5 = (checkout / "digits" / "weights" / "mnist_model.h5").read_bytes()
    assert (checkout / "mnist_model.h5").read_bytes() == shipped_h5


def test_interrupted_training_goes_on(checkout, few):
    arguments = ("--network", "dense", "--data", str(few), "--no-test")
    train(checkout, *arguments, "--epochs", "1")
    done = train(checkout, *arguments, "--epochs", "3", "--resume")
    assert done.returncode == 0, done.stderr
    assert "Epoch 2/3" in done.stdout
    assert "Epoch 1/3" not in done.stdout
    with (checkout / "runs" / "dense-0" / "history.csv").open(encoding="utf-8") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2"]
    card = json.loads((checkout / "runs" / "dense-0" / "dense.json").read_text("utf-8"))
    assert "test" not in card


@pytest.fixture
def taught(few):
    """Train for so many epochs in a folder, as a program of its own would."""
    from digits.training import digit as training
    from digits.training.architectures import build_network

    def teach(run, epochs, **options):
        network = build_network("dense")
        recipe = Recipe("dense", epochs=epochs)
        training.fit(network, load_mnist(few), recipe, run, **options)
        return network

    return teach


def test_training_goes_on_from_the_same_weights_optimiser_and_epoch(taught, tmp_path):
    from digits.training.architectures import build_network
    from digits.training.checkpoint import HISTORY, restore

    before = taught(tmp_path, 2)
    whole = (tmp_path / HISTORY).read_text("utf-8")
    # As if killed after the history was told of another epoch, and before that was kept.
    (tmp_path / HISTORY).write_text(whole + "2,0.5,0.5,0.5,0.5\n", "utf-8")
    after = build_network("dense")
    after.compile("adam", "categorical_crossentropy")
    assert restore(after, tmp_path) == 2
    for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(before.optimizer.variables, after.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (tmp_path / HISTORY).read_text("utf-8") == whole


def test_a_damaged_checkpoint_is_one_sentence_and_another_training_replaces_it(taught, tmp_path):
    from digits.training.checkpoint import FILE

    taught(tmp_path, 1)
    path = tmp_path / FILE
    content = path.read_bytes()
    for damaged in (b"", b"no checkpoint", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="train anew without --resume"):
            taught(tmp_path, 2, resume=True)
    taught(tmp_path, 1)
    assert path.stat().st_size == len(content)


def test_the_seed_decides_the_weights_a_training_begins_with(monkeypatch, tmp_path):
    import train_model
    from digits.training import digit as training

    begun = []

    def begin(network, *_arguments, **_options):
        begun.append(network.get_weights()[0])
        raise DataError("far enough")

    monkeypatch.setattr(training, "fit", begin)
    for seed in ("3", "3", "4"):
        monkeypatch.setattr(sys, "argv", ["train_model.py", "--network", "dense", "--seed", seed])
        assert train_model.main() == 1
    np.testing.assert_array_equal(begun[0], begun[1])
    assert (begun[0] != begun[2]).any()


def test_what_shipped_is_brought_back_whole_or_a_sentence_says_why(monkeypatch, capsys, tmp_path):
    import train_model

    monkeypatch.setattr(sys, "argv", ["train_model.py", "--restore"])
    monkeypatch.setattr(train_model, "HERE", tmp_path)
    assert train_model.main() == 0
    assert (tmp_path / "mnist_dense.h5").read_bytes() == (ROOT / "mnist_dense.h5").read_bytes()
    (tmp_path / "a file").write_text("where a folder should be")
    monkeypatch.setattr(train_model, "HERE", tmp_path / "a file")
    assert train_model.main() == 1
    assert "mnist_model.h5 cannot be restored" in capsys.readouterr().err


def test_a_disk_that_is_full_ends_training_with_a_sentence(monkeypatch, capsys):
    import errno

    import train_model
    from digits.training import digit as training

    def full(*_arguments, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(training, "fit", full)
    monkeypatch.setattr(sys, "argv", ["train_model.py", "--network", "dense"])
    assert train_model.main() == 1
    assert "No space left on device): make room" in capsys.readouterr().err


def test_the_convolutional_network_gets_its_second_head(checkout, few):
    done = train(checkout, "--epochs", "1", "--data", str(few), "--no-test")
    assert done.returncode == 0, done.stderr
    card = json.loads((checkout / "runs" / "cnn-0" / "cnn.json").read_text("utf-8"))
    told = card["not_a_digit"]
    assert 0 <= told["threshold"] <= 1
    assert 0 <= told["others_refused"] <= 1
    assert card["multiply_adds"] <= 20_000_000
    # What was asked for stays plain: one input, ten outputs of a softmax.
    network = keras.saving.load_model(checkout / "mnist_model.h5", compile=False)
    assert network.output_shape == (None, 10)
    assert network.layers[-1].activation.__name__ == "softmax"
    assert all(layer.trainable for layer in network.layers)


def test_onnx_answers_as_keras_does_or_is_not_written(tmp_path, held_out, monkeypatch):
    from digits.inference.card import write_card
    from digits.inference.classifier import load_classifier
    from digits.training import export
    from digits.training.architectures import build_network

    network, frames = build_network("cnn"), held_out.frames[:64]
    path = tmp_path / "cnn.onnx"
    scores = export.export_onnx(network, path, frames)
    write_card(path, {"name": "cnn", "temperature": 1.0})
    theirs = np.asarray(network(frames, training=False))
    np.testing.assert_allclose(
        load_classifier(path).classify(frames).probabilities, theirs, atol=1e-5
    )
    assert scores.logits.shape == (64, 10)
    assert scores.not_a_digit is None
    before = path.read_bytes()
    monkeypatch.setattr(export, "TOLERANCE", -1.0)
    with pytest.raises(ModelError, match="nothing was written"):
        export.export_onnx(build_network("cnn"), path, frames)
    assert path.read_bytes() == before


def test_the_shipped_h5_and_its_served_twin_agree(held_out):
    from digits.registry import current_reader

    frames = held_out.frames[:200]
    for h5, name in (("mnist_model.h5", "cnn"), ("mnist_dense.h5", "dense")):
        keras_answers = current_reader(str(ROOT / h5)).classifier.network(frames).logits
        served = current_reader(name).classifier.network(frames).logits
        centred = [scores - scores.max(axis=1, keepdims=True) for scores in (keras_answers, served)]
        likely = centred[1] > -10  # below, the logarithm of a float32 softmax is coarse
        np.testing.assert_allclose(centred[0][likely], centred[1][likely], atol=1e-3)


def test_a_network_of_another_shape_is_refused(tmp_path):
    from digits.inference.keras_backend import load_keras_file

    other = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    other.save(tmp_path / "other.keras")
    with pytest.raises(ModelError, match="wanted is a network of 28x28"):
        load_keras_file(tmp_path / "other.keras")
    (tmp_path / "junk.h5").write_bytes(b"junk")
    with pytest.raises(ModelError, match="cannot be opened"):
        load_keras_file(tmp_path / "junk.h5")


def test_augmented_digits_stay_digits(held_out):
    from digits.training.augmentation import augment

    rng = np.random.default_rng(0)
    frames = augment(held_out.frames[:300], held_out.labels[:300], rng)
    assert frames.shape == (300, 28, 28)
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
    assert (frames.sum(axis=(1, 2)) > 5).all()
    again = augment(held_out.frames[:300], held_out.labels[:300], np.random.default_rng(0))
    np.testing.assert_array_equal(frames, again)


def test_gently_distorted_digits_lie_nearer_to_what_was_written(held_out):
    from digits.training.augmentation import GENTLE, STRONG, augment

    written, labels = held_out.frames[:300], held_out.labels[:300]

    def away(strength):
        distorted = augment(written, labels, np.random.default_rng(0), strength)
        return np.abs(distorted - written).mean()

    assert 0 < away(GENTLE) < 0.7 * away(STRONG)
    assert augment(written[:0], labels[:0], np.random.default_rng(0)).shape == (0, 28, 28)


def test_a_training_ends_gently(few):
    from digits.training import digit as training

    digits = load_mnist(few).train
    recipe = Recipe("cnn", 5, augmented=True, gentle=True, disturbed=0.35, batch=512)
    pictures = {
        (digits.pictures[i] / np.float32(255)).tobytes() for i in range(len(digits.pictures))
    }

    def plain(epoch):
        frames, labels = training.Batches(digits, recipe, epoch)[0]
        assert frames.dtype == np.float32
        assert (frames.min(), labels.sum()) == (0, 512)
        return np.mean([frame.tobytes() in pictures for frame in frames])

    assert recipe.gentle_epochs == 1
    assert plain(1) == 0
    assert plain(4) == pytest.approx(training.SHOWN_PLAIN, abs=0.1)
    assert plain(5) == pytest.approx(training.GENTLE_MIX[2], abs=0.1)


def test_the_learning_rate_rises_again_for_the_gentle_end():
    from digits.training import digit as training

    recipe = Recipe("cnn", 10, gentle=True, peak=2e-3, decay=1e-2)
    rate = training.Rises(recipe, 100 * recipe.batch)
    rates = np.array([float(rate(step)) for step in range(1000)])
    assert rates[:800].max() == pytest.approx(2e-3, rel=0.01)
    assert rates[799] < 0.01 * recipe.peak
    assert rates[800:].max() == pytest.approx(training.GENTLE_PEAK * recipe.peak, rel=0.01)
    assert rates[999] < 0.01 * recipe.peak


def test_a_recipe_of_one_epoch_has_one_that_is_not_gentle():

    assert Recipe("cnn", 1, gentle=True).gentle_epochs == 0
