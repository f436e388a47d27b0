"""A resumed training ends as an uninterrupted one, and a damaged checkpoint is one sentence."""

import dataclasses
import random
import shutil
from contextlib import closing

import numpy as np
import pytest

from digits.errors import ModelError
from digits.mnist import Labelled
from digits.synthesis.batches import compose_batches
from digits.training.recipes import LineRecipe, Recipe

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
pytestmark = pytest.mark.slow  # imports TensorFlow

from digits.training import callbacks, line  # noqa: E402
from digits.training.architectures import build_line, build_network  # noqa: E402
from digits.training.checkpoint import (  # noqa: E402
    FILE,
    HISTORY,
    Record,
    checksums,
    load_history,
    load_record,
    restore,
    save_checkpoint,
)
from digits.training.digit import Batches, add_head, fit  # noqa: E402
from digits.training.ink_bank import load_bank  # noqa: E402

EVERYTHING = Recipe(
    "cnn", 3, augmented=True, gentle=True, drawn=0.2, disturbed=0.3, decay=1e-2, batch=64
)
LINES = LineRecipe(epochs=2, lines=16, batch=8)


@pytest.fixture(scope="module")
def mnist(mnist):
    """300 validation digits in every part: nothing here is to be judged."""
    some = Labelled(mnist.validation.pictures[:300], mnist.validation.labels[:300])
    return dataclasses.replace(mnist, train=some, validation=some, calibration=some)


def test_lines_that_other_processes_compose_are_those_of_their_seed(mnist):
    recipe = dataclasses.replace(LINES, epochs=1, workers=1)
    bank = load_bank(mnist.train, None, 100)
    with closing(line.ComposedLines(bank, recipe, 0)) as lines:
        found = [lines[i] for i in range(len(lines))]
    expected = compose_batches(bank, recipe.lines, recipe.batch, (recipe.seed, 0, 0))
    for (strips, texts), (white, written) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.round(255 * strips), white)
        np.testing.assert_array_equal(texts, written)


def build_tiny():
    """Return a network with all that has a state: dropout, moving averages, weights."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(8, use_bias=False),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def build_small_line():
    keras.utils.set_random_seed(0)
    return build_line()


@pytest.fixture
def stopped(monkeypatch, tmp_path):
    """Return the folder of a training that was stopped after its first epoch.

    It is filled by the next training, which goes on.
    """

    class Copied(callbacks.Checkpoint):
        def on_epoch_end(self, epoch, logs=None):
            super().on_epoch_end(epoch, logs)
            if epoch == 0:
                shutil.copytree(tmp_path / "whole", tmp_path / "stopped")

    for module in ("digit", "line"):
        monkeypatch.setattr(f"digits.training.{module}.Checkpoint", Copied)
    return tmp_path / "stopped"


def disturb_generators():
    """Bring the global generators to another state, as another process has it."""
    random.seed(99)
    np.random.seed(99)
    keras.utils.set_random_seed(99)


def timeless(run):
    return [
        {name: value for name, value in epoch.items() if name != "seconds"}
        for epoch in load_record(run).history
    ]


@pytest.mark.parametrize(
    ("train", "build", "recipe"),
    [
        (fit, build_tiny, EVERYTHING),
        (fit, build_tiny, Recipe("dense", 3, batch=64)),
        (line.fit_line, build_small_line, LINES),
    ],
    ids=["distorted digits", "plain digits", "lines"],
)
def test_a_resumed_training_equals_an_uninterrupted_one(
    train, build, recipe, mnist, tmp_path, stopped, request
):
    if train is line.fit_line:
        request.getfixturevalue("small_line_network")
    whole = build()
    train(whole, mnist, recipe, tmp_path / "whole")
    assert len(timeless(stopped)) == 1
    disturb_generators()
    parts = build()
    train(parts, mnist, recipe, stopped, resume=True)
    assert timeless(stopped) == timeless(tmp_path / "whole")
    assert len(timeless(tmp_path / "whole")) == recipe.epochs
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_order_of_the_digits_does_not_depend_on_global_generators(mnist, tmp_path):
    ends = []
    for global_seed in (1, 2):
        network = build_tiny()
        random.seed(global_seed)
        fit(network, mnist, Recipe("dense", 1, batch=64), tmp_path)
        ends.append(network.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_each_epoch_shows_every_digit_once_in_another_order(mnist):
    batches = Batches(mnist.train, Recipe("dense", 2, batch=100), 0)
    orders = []
    for _ in range(2):
        batches.on_epoch_begin()
        shown = np.concatenate([batches[i][0] for i in range(len(batches))])
        orders.append([frame.tobytes() for frame in shown])
        batches.on_epoch_end()
    assert orders[0] != orders[1]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(f.tobytes() for f in mnist.train.frames)


def test_the_reject_head_does_not_depend_on_what_came_before(mnist):
    few = dataclasses.replace(
        mnist, train=Labelled(mnist.train.pictures[:140], mnist.train.labels[:140])
    )
    recipe, ends = Recipe("cnn", 1, rejection_epochs=1), []
    for seed in (1, 2):
        keras.utils.set_random_seed(0)
        network = build_network("cnn")
        keras.utils.set_random_seed(seed)
        head = add_head(network, few, recipe)
        ends.append(head.get_layer("not_a_digit").get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_checkpoint_brings_back_weights_optimizer_and_history(mnist, tmp_path):
    before = build_tiny()
    fit(before, mnist, Recipe("dense", 2), tmp_path)
    whole = (tmp_path / HISTORY).read_text("utf-8")
    (tmp_path / HISTORY).write_text(whole + "3,0.5,0.5,0.5,0.5\n", "utf-8")  # never kept
    after = build_tiny()
    after.compile("adam", "categorical_crossentropy")
    record = restore(after, tmp_path)
    assert record.epochs == 2
    assert Recipe(**record.recipe) == Recipe("dense", 2)
    assert record.data == checksums(mnist)
    for one, other in zip(before.get_weights(), after.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(before.optimizer.variables, after.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (tmp_path / HISTORY).read_text("utf-8") == whole
    result = load_history(tmp_path)
    assert [round(epoch["val_accuracy"], 5) for epoch in record.history] == [
        epoch["val_accuracy"] for epoch in result
    ]


def test_a_long_history_fits_into_a_checkpoint(tmp_path):
    network = build_tiny()
    network.compile("adam", "categorical_crossentropy")
    network.optimizer.build(network.trainable_variables)
    epoch = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy", "seconds"), 1 / 3)
    save_checkpoint(network, tmp_path, Record({"network": "dense"}, {}, (epoch,) * 2000))
    assert load_record(tmp_path).epochs == 2000
    assert restore(network, tmp_path).epochs == 2000


def test_a_damaged_checkpoint_gives_one_error_message_and_another_training_replaces_it(
    mnist, tmp_path
):
    recipe = Recipe("dense", 1)
    fit(build_tiny(), mnist, recipe, tmp_path)
    path = tmp_path / FILE
    content = path.read_bytes()
    for damaged in (b"", b"no checkpoint", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ModelError, match="train again without --resume"):
            fit(build_tiny(), mnist, recipe, tmp_path, resume=True)
    fit(build_tiny(), mnist, recipe, tmp_path)
    assert load_record(tmp_path).epochs == 1


def test_a_checkpoint_of_another_network_gives_one_error_message(mnist, tmp_path):
    fit(build_tiny(), mnist, Recipe("dense", 1), tmp_path)
    with pytest.raises(ModelError, match="of another network"):
        fit(build_network("wide"), mnist, Recipe("dense", 2), tmp_path, resume=True)


def test_without_a_checkpoint_nothing_is_resumed(mnist, tmp_path):
    with pytest.raises(ModelError, match="there is no checkpoint"):
        fit(build_tiny(), mnist, Recipe("dense", 1), tmp_path / "none", resume=True)
    assert load_record(tmp_path / "none") is None
