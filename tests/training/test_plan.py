"""Options of a training that fit together become a plan; others one sentence, and exit status 2."""

import dataclasses
import os

import pytest

from digits.errors import ModelError, UsageError
from digits.training.plan import Options, check_data, plan_training
from digits.training.recipes import (
    RECIPES,
    LineRecipe,
    PageRecipe,
    Recipe,
    duration,
    expected_seconds,
)

h5py = pytest.importorskip("h5py", reason="TensorFlow is not installed")

from digits.training.checkpoint import FILE, Record, save_checkpoint  # noqa: E402

DATA = {"data_sha256": "a", "corrections_sha256": None, "handwriting_sha256": None}


class Network:
    """What a checkpoint needs of a network."""

    weights = variables = ()

    def save_weights(self, path):
        h5py.File(path, "w").close()


@pytest.fixture
def stopped(tmp_path):
    """Leave the checkpoint of a training that was stopped after so many epochs."""

    def leave(recipe, epochs=1, name=None):
        record = Record(dataclasses.asdict(recipe), DATA)
        for _ in range(epochs):
            record = record.with_epoch({"loss": 0.5})
        run = tmp_path / (name or f"{recipe.network}-{recipe.seed}")
        save_checkpoint(Network(), run, record)
        return run

    return leave


def test_without_options_it_is_the_convolutional_network(tmp_path):
    plan = plan_training(Options(), tmp_path)
    assert plan.recipe == dataclasses.replace(RECIPES["quick"]["cnn"], handwriting=0.0)
    assert plan.run == tmp_path / "cnn-0"
    assert plan.resumed is None


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("network", ["cnn", "dense", "wide"])
def test_each_network_has_each_recipe(tmp_path, network, name):
    plan = plan_training(Options(network=network, recipe=name, epochs=3, seed=7), tmp_path)
    expected = RECIPES[name][network]
    assert plan.recipe == dataclasses.replace(expected, epochs=3, seed=7, handwriting=0.0)
    assert plan.run.name == f"{network}-7"


def test_handwriting_is_shown_where_it_is_given(tmp_path):
    assert plan_training(Options(handwriting=True), tmp_path).recipe == RECIPES["quick"]["cnn"]
    page = plan_training(Options(network="page", handwriting=True, minutes=5), tmp_path)
    assert page.recipe == PageRecipe()
    line = plan_training(Options(network="line", handwriting=True, minutes=5), tmp_path)
    assert line.recipe == LineRecipe()


def test_planning_writes_nothing(tmp_path):
    plan_training(Options(name="mine"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(network="dense", head=True), "leave out --network dense"),
        (Options(network="wide", head=True), "leave out --network wide"),
        (Options(network="line", head=True), "leave out --network line"),
        (Options(recipe="swift", head=True), "--recipe swift has no reject head"),
        (Options(resume=True, head=True), "leave out --resume"),
        (Options(network="line", recipe="swift"), "line has no recipe swift"),
        (Options(network="page", recipe="swift"), "give --recipe quick or best"),
        (Options(export=True), "no checkpoint in runs/ to resume"),
        (Options(network="dense", minutes=5), "--minutes is for --network line"),
        (Options(network="dense", handwriting=True), "--handwriting is for --network line"),
        (Options(recipe="swift", handwriting=True), "--handwriting is for --network line"),
        (Options(resume=True), "no checkpoint in runs/ to resume"),
        (Options(resume=True, network="dense"), r"no checkpoint in runs/dense-0/"),
        (Options(resume=True, name="mine"), r"no checkpoint in runs/mine/"),
    ],
)
def test_what_contradicts_is_named(tmp_path, options, sentence):
    with pytest.raises(UsageError, match=sentence):
        plan_training(options, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_head_alone_takes_epochs_of_its_own_and_a_folder_of_its_own(tmp_path):
    plan = plan_training(Options(head=True, epochs=2, network="cnn"), tmp_path)
    assert plan.head
    assert plan.recipe.rejection_epochs == 2
    assert plan.run.name == "cnn-head-0"


@pytest.mark.parametrize(
    "recipe",
    [Recipe("dense", 9, seed=4), RECIPES["swift"]["cnn"], LineRecipe(epochs=5), PageRecipe()],
    ids=lambda recipe: recipe.network,
)
def test_resuming_takes_network_and_recipe_from_the_checkpoint(tmp_path, stopped, recipe):
    run = stopped(recipe, epochs=1)
    for options in (Options(resume=True), Options(resume=True, name=run.name)):
        plan = plan_training(options, tmp_path)
        assert plan.recipe == recipe
        assert plan.run == run
        assert plan.resumed.epochs == 1


def test_without_a_name_the_latest_is_resumed(tmp_path, stopped):
    old, new = stopped(RECIPES["quick"]["cnn"]), stopped(RECIPES["quick"]["dense"])
    os.utime(old / FILE, (1, 1))
    assert plan_training(Options(resume=True), tmp_path).run == new
    os.utime(new / FILE, (0, 0))
    assert plan_training(Options(resume=True), tmp_path).run == old
    assert plan_training(Options(resume=True, network="dense"), tmp_path).run == new


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(network="wide"), "leave out --network wide"),
        (Options(seed=3), "leave out --seed 3"),
        (Options(recipe="swift"), "another recipe than --recipe swift"),
        (Options(epochs=20), "planned for 15 epochs"),
    ],
)
def test_what_contradicts_the_checkpoint_is_named(tmp_path, stopped, options, sentence):
    stopped(RECIPES["quick"]["cnn"], name="mine")
    with pytest.raises(UsageError, match=sentence):
        plan_training(dataclasses.replace(options, resume=True, name="mine"), tmp_path)


def test_what_agrees_with_the_checkpoint_may_be_said_again(tmp_path, stopped):
    stopped(RECIPES["quick"]["cnn"])
    again = Options(network="cnn", recipe="quick", epochs=15, seed=0, resume=True)
    assert plan_training(again, tmp_path).recipe == RECIPES["quick"]["cnn"]


def test_a_training_at_a_constant_rate_may_be_extended_and_not_shortened(tmp_path, stopped):
    stopped(Recipe("dense", 4), epochs=4)
    assert plan_training(Options(resume=True, epochs=6), tmp_path).recipe.epochs == 6
    with pytest.raises(UsageError, match="has 4 epochs already"):
        plan_training(Options(resume=True, epochs=3), tmp_path)


def test_other_data_are_rejected(tmp_path, stopped):
    stopped(Recipe("dense", 4))
    plan = plan_training(Options(resume=True), tmp_path)
    check_data(plan, DATA)
    with pytest.raises(UsageError, match="was trained on other data"):
        check_data(plan, DATA | {"corrections_sha256": "b"})


def test_a_checkpoint_of_another_version_gives_one_error_message(tmp_path):
    save_checkpoint(
        Network(),
        tmp_path / "old",
        Record({"network": "dense", "unknown": 1}, DATA, ({"loss": 1.0},)),
    )
    with pytest.raises(ModelError, match="of another version"):
        plan_training(Options(resume=True), tmp_path)


@pytest.mark.parametrize(
    "words",
    [
        ["--name", "../evil"],
        ["--name", "/evil"],
        ["--name", ".."],
        ["--name", ""],
        ["--name", "a/b"],
        ["--name", "a\\b"],
        ["--epochs", "0"],
        ["--epochs", "two"],
        ["--seed", "-1"],
        ["--seed", str(2**32)],
        ["--network", "dense", "--head"],
        ["--recipe", "swift", "--head"],
        ["--resume"],
    ],
    ids=" ".join,
)
def test_a_wrong_option_ends_with_status_2_and_writes_nothing(command, here, capsys, words):
    try:
        status = command(*words)
    except SystemExit as ending:  # argparse's own
        status = ending.code
    assert status == 2
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith("train_model.py: ")
    assert not list(here.iterdir())


def test_the_expected_time_counts_epochs_and_the_reject_head():
    ten, twenty = (expected_seconds(Recipe("dense", n)) for n in (10, 20))
    assert twenty == 2 * ten > 0
    plain = expected_seconds(Recipe("cnn", 5))
    assert expected_seconds(Recipe("cnn", 5, rejection_epochs=5)) == 2 * plain
    assert expected_seconds(LineRecipe()) > 0
    assert duration(1800.0) == "about 30 minutes"
