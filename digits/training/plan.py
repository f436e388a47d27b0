"""Turn the options of ``train_model.py`` into a plan, and check them.

This needs no TensorFlow, so that wrong options are reported at once.
"""

import argparse
import re
from dataclasses import dataclass, replace
from pathlib import Path

from digits.errors import ModelError, UsageError
from digits.training.checkpoint import FILE, Record, load_record
from digits.training.recipes import OTHERS, RECIPES, AnyRecipe, Recipe

NETWORKS = ("cnn", "dense", "wide", *OTHERS)
DEFAULT_NETWORK, DEFAULT_RECIPE = "cnn", "quick"
NAME = re.compile(r"\w[\w.-]{0,99}")  # a folder in runs/, never outside
LARGEST_SEED = 2**32 - 1  # the largest seed of NumPy and TensorFlow


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the command line; None if left out."""

    network: str | None = None
    recipe: str | None = None
    epochs: int | None = None
    seed: int | None = None
    name: str | None = None
    resume: bool = False
    head: bool = False  # only the reject head, on the shipped network
    handwriting: bool = False  # other data sets are given
    minutes: int | None = None  # after which a training of the line or page network stops
    export: bool = False  # a checkpoint as it is, without more training


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What to train, and the folder of its files."""

    recipe: AnyRecipe
    run: Path
    resumed: Record | None = None  # of the checkpoint to continue
    head: bool = False  # only the reject head, on the shipped network
    export: bool = False  # only what is served, of the checkpoint as it is

    @property
    def complete(self) -> bool:
        """Whether all epochs are complete."""
        return self.resumed is not None and self.resumed.epochs >= self.recipe.epochs


def plan_training(options: Options, runs: Path) -> TrainingPlan:
    """Return the plan of a training.

    Raises
    ------
    UsageError
        Options contradict each other or the checkpoint that they resume, or there is none.
    ModelError
        That checkpoint is damaged.
    """
    if options.head:
        plan = _plan_head(options, runs)
    elif options.resume or options.export:
        plan = replace(_plan_resume(options, runs), export=options.export)
    else:
        plan = _plan_new(options, runs)
    if plan.export and isinstance(plan.recipe, Recipe) and not plan.complete:
        raise UsageError(
            f"runs/{plan.run.name}/ is not trained to its end, and only the line and the page "
            "network can be exported before: give --resume in place of --export"
        )
    if options.minutes is not None and isinstance(plan.recipe, Recipe):
        raise UsageError("--minutes is for --network line and --network page: leave it out")
    return plan


def _plan_new(options: Options, runs: Path) -> TrainingPlan:
    network = options.network or DEFAULT_NETWORK
    recipe: AnyRecipe = replace(
        _named_recipe(network, options.recipe or DEFAULT_RECIPE),
        seed=options.seed or 0,
    )
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    if isinstance(recipe, Recipe) and not options.handwriting:
        recipe = replace(recipe, handwriting=0.0)
    elif options.handwriting and isinstance(recipe, Recipe) and not recipe.handwriting:
        raise UsageError(
            "--handwriting is for --network line and --network page, and for --network cnn with "
            "the recipes quick and best: leave it out"
        )
    return TrainingPlan(recipe, runs / (options.name or f"{network}-{recipe.seed}"))


def check_data(plan: TrainingPlan, data: dict[str, str | None]) -> None:
    """Check that a training is resumed with its original data.

    Raises
    ------
    UsageError
        The data differ.
    """
    if plan.resumed and plan.resumed.data != data:
        raise UsageError(
            f"runs/{plan.run.name}/ was trained on other data: give the same --data, "
            "--corrections and --handwriting as when it began, or train without --resume"
        )


def _named_recipe(network: str, name: str) -> AnyRecipe:
    """Return a network's recipe by its name."""
    if network not in OTHERS:
        return RECIPES[name][network]
    if name not in OTHERS[network]:
        known = " or ".join(OTHERS[network])
        raise UsageError(f"--network {network} has no recipe {name}: give --recipe {known}")
    return OTHERS[network][name]


def _plan_head(options: Options, runs: Path) -> TrainingPlan:
    if options.network not in (None, DEFAULT_NETWORK):
        raise UsageError(
            "--head trains the reject head of the convolutional network: leave out "
            f"--network {options.network}"
        )
    if options.resume:
        raise UsageError("--head keeps no checkpoint: leave out --resume")
    name = options.recipe or DEFAULT_RECIPE
    recipe = RECIPES[name][DEFAULT_NETWORK]
    if not recipe.rejection_epochs:
        raise UsageError(f"--recipe {name} has no reject head: leave it out with --head")
    epochs = options.epochs or recipe.rejection_epochs
    recipe = replace(recipe, seed=options.seed or 0, rejection_epochs=epochs)
    return TrainingPlan(recipe, runs / (options.name or f"cnn-head-{recipe.seed}"), head=True)


def _plan_resume(options: Options, runs: Path) -> TrainingPlan:
    run = _run_to_resume(options, runs)
    record = load_record(run)
    if record is None:
        found = ", ".join(path.name for path in _checkpoints(runs)) or "none"
        raise UsageError(
            f"there is no checkpoint in runs/{run.name}/ to resume (there are: {found}): train "
            "without --resume, or choose one with --name"
        )
    recipe = _recorded_recipe(record, run)
    _agree(run, "--network", options.network, recipe.network)
    _agree(run, "--seed", options.seed, recipe.seed)
    if options.recipe is not None:
        _check_recipe(run, options.recipe, recipe)
    if options.epochs is not None and options.epochs != recipe.epochs:
        _check_epochs(run, options.epochs, recipe, record.epochs)
        recipe = replace(recipe, epochs=options.epochs)
    return TrainingPlan(recipe, run, resumed=record)


def _check_recipe(run: Path, name: str, recipe: AnyRecipe) -> None:
    """Raise UsageError unless a run was trained with the recipe of this name."""
    named = _named_recipe(recipe.network, name)
    if isinstance(named, Recipe) and isinstance(recipe, Recipe):
        named = replace(named, handwriting=recipe.handwriting)
    if replace(named, seed=recipe.seed, epochs=recipe.epochs) != recipe:
        raise UsageError(
            f"runs/{run.name}/ was trained with another recipe than --recipe {name}: "
            "leave it out to resume"
        )


def _check_epochs(run: Path, epochs: int, recipe: AnyRecipe, done: int) -> None:
    """Raise UsageError unless a run may be resumed for another number of epochs."""
    if not recipe.extendable:
        raise UsageError(
            f"runs/{run.name}/ was planned for {recipe.epochs} epochs, and its learning rate "
            "follows that plan: leave out --epochs to resume"
        )
    if epochs < done:
        raise UsageError(
            f"runs/{run.name}/ has {done} epochs already: give --epochs from {done} on to resume"
        )


def _run_to_resume(options: Options, runs: Path) -> Path:
    """Return the folder that the options name; without name and network, the latest one."""
    if options.name:
        return runs / options.name
    if options.network:
        return runs / f"{options.network}-{options.seed or 0}"
    found = _checkpoints(runs)
    if not found:
        raise UsageError("there is no checkpoint in runs/ to resume: train without --resume")
    return found[0]


def _checkpoints(runs: Path) -> list[Path]:
    """Return the folders with a checkpoint, the latest first."""
    found = sorted(runs.glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime, reverse=True)
    return [path.parent for path in found]


def _recorded_recipe(record: Record, run: Path) -> AnyRecipe:
    try:
        network = record.recipe["network"]
        kind = type(OTHERS[network]["quick"]) if network in OTHERS else Recipe
        return kind(**record.recipe)
    except (KeyError, TypeError) as error:
        raise ModelError(
            f"training cannot be resumed: the checkpoint in runs/{run.name}/ is of another "
            "version; train again without --resume"
        ) from error


def _agree(run: Path, option: str, given: object, recorded: object) -> None:
    if given is not None and given != recorded:
        raise UsageError(
            f"runs/{run.name}/ was trained with {option} {recorded}: leave out {option} {given}, "
            "or choose another run with --name"
        )


def run_name(text: str) -> str:
    """Return a name that a folder in ``runs/`` can have."""
    if not NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} cannot be the name of a folder: use letters, digits, '-', '_' and '.'"
        )
    return text


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    return _whole(text, 1, None)


def seed(text: str) -> int:
    """Return a whole number that a random generator takes."""
    return _whole(text, 0, LARGEST_SEED)


def _whole(text: str, least: int, most: int | None) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least or (most is not None and number > most):
        span = f"from {least} on" if most is None else f"from {least} to {most}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {span}")
    return number
