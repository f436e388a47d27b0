"""Train a network on MNIST and save it as ``mnist_model.h5``.

    python train_model.py                    the convolutional network, in a quarter of an hour
    python train_model.py --network dense    one hidden layer, in a minute: the one to show live
    python train_model.py --network wide     two hidden layers, on distorted digits
    python train_model.py --network line     reads whole numbers; an hour; leaves mnist_model.h5
    python train_model.py --network page     segments whole pages; three hours; likewise

What a training leaves goes into ``runs/<name>/``. The shipped networks are in ``digits/weights/``
and never change; ``--restore`` copies their ``.h5`` files back.
"""

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from digits.errors import DigitsError, UsageError, reason_of
from digits.io.atomic_write import atomic_write
from digits.training.checkpoint import checksums, load_record
from digits.training.plan import (
    NETWORKS,
    Options,
    TrainingPlan,
    check_data,
    plan_training,
    positive,
    run_name,
    seed,
)
from digits.training.recipes import (
    RECIPES,
    LineRecipe,
    PageRecipe,
    Recipe,
    duration,
    expected_seconds,
)

if TYPE_CHECKING:
    from digits.mnist import Mnist
    from digits.training.handwriting_frames import HandwritingFrames

HERE = Path(__file__).parent
SHIPPED = ("mnist_model.h5", "mnist_dense.h5")
FAILED, USAGE, INTERRUPTED = 1, 2, 130  # exit status


def main() -> int:
    """Check the options, load MNIST, train, calibrate, export, evaluate, save."""
    given = build_parser().parse_args()
    try:
        if given.restore:
            return restore()
        return train(given)
    except UsageError as error:
        sys.stderr.write(f"train_model.py: {error}\n")
        return USAGE
    except DigitsError as error:
        sys.stderr.write(f"train_model.py: {error}\n")
        return FAILED


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; an option that is left out is None or False."""
    parser = argparse.ArgumentParser(
        description="Train a network on MNIST and save it as mnist_model.h5.",
        epilog="A training prints its network and how long it takes. Ctrl-C stops it.",
    )
    add = parser.add_argument
    add(
        "--network",
        choices=NETWORKS,
        help="cnn: convolutional network, the default; dense: one hidden layer; wide: two hidden "
        "layers, trained on distorted digits; line: network that reads whole numbers; page: "
        "network that segments whole pages",
    )
    add(
        "--recipe",
        choices=tuple(RECIPES),
        help="quick: the default; swift: the convolutional network in two epochs, for a "
        "demonstration; best: more epochs, not for the dense network; for line and page, on a GPU "
        "with many processor cores",
    )
    add("--epochs", type=positive, metavar="N", help="passes through the training data")
    add("--data", type=Path, metavar="FILE", help="another .npz with the four arrays of MNIST")
    add(
        "--corrections",
        type=Path,
        metavar="FOLDER",
        help="also train on the corrected digits of an exported folder",
    )
    add(
        "--handwriting",
        type=Path,
        metavar="FOLDER",
        help="also train the convolutional, the line or the page network on the public handwriting "
        "data sets in a folder",
    )
    add(
        "--minutes",
        type=positive,
        metavar="N",
        help="stop the training of the line or the page network after so long, and export it",
    )
    add(
        "--seed",
        type=seed,
        metavar="N",
        help="seed of all random choices; default: 0",
    )
    add("--name", type=run_name, help="name of the folder in runs/; default: NETWORK-SEED")
    add(
        "--resume",
        action="store_true",
        help="continue a stopped training after its last complete epoch: the one of --name or "
        "--network, or the latest",
    )
    add("--no-test", action="store_true", help="do not evaluate on the test digits")
    add(
        "--export",
        action="store_true",
        help="write the networks of a stopped training as they are after its last complete epoch, "
        "without more training: what is trained with another backend of Keras than TensorFlow "
        "needs this step",
    )
    add(
        "--head",
        action="store_true",
        help="train only the reject head (not a digit) of the shipped convolutional network",
    )
    add("--restore", action="store_true", help="copy the shipped .h5 files back and do not train")
    return parser


def train(given: argparse.Namespace) -> int:
    """Train by the options; return the exit status."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # else Ctrl-C is ignored, as in the background
        signal.signal(signal.SIGINT, stop_before_training)
    try:
        from digits.registry import RUNS

        plan = plan_training(
            Options(
                network=given.network,
                recipe=given.recipe,
                epochs=given.epochs,
                seed=given.seed,
                name=given.name,
                resume=given.resume,
                head=given.head,
                handwriting=given.handwriting is not None,
                minutes=given.minutes,
                export=given.export,
            ),
            RUNS,
        )
        mnist = load_digits(given)
        written = load_written(given, plan)
        check_data(plan, checksums(mnist, written))
        if not import_keras():
            return FAILED
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        summary = run(plan, mnist, written, given)
    except KeyboardInterrupt:
        sys.stderr.write(f"\nStopped. {what_is_kept(plan, given)}\n")
        return INTERRUPTED
    except OSError as error:
        sys.stderr.write(
            f"train_model.py: files cannot be written ({reason_of(error)}): make room "
            f"or allow writing. {what_is_kept(plan, given)}\n"
        )
        return FAILED
    sys.stdout.write(summary)
    return 0


def stop_before_training(*_: object) -> NoReturn:
    """End at once: the import of TensorFlow would turn a KeyboardInterrupt into other errors."""
    os.write(2, b"\nStopped before the training began.\n")
    os._exit(INTERRUPTED)


def import_keras() -> bool:
    """Import Keras and its backend and return whether they are installed; if not, say what to do.

    The backend is TensorFlow, or what the environment variable ``KERAS_BACKEND`` names.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # its remarks about the machine
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        import keras  # noqa: F401
    except ImportError:
        if os.environ["KERAS_BACKEND"] != "tensorflow":
            sys.stderr.write(
                "train_model.py cannot import Keras with the backend "
                f"{os.environ['KERAS_BACKEND']}: install it, or leave out KERAS_BACKEND\n"
            )
            return False
        sys.stderr.write(
            "train_model.py needs TensorFlow, which is not installed: use Python 3.11, 3.12 or "
            "3.13 and run: python -m pip install -r requirements.txt\n"
        )
        return False
    return True


def load_digits(given: argparse.Namespace) -> "Mnist":
    """Return MNIST or the file that the options name, with corrected digits if there are any."""
    from digits.mnist import load_mnist
    from digits.training.corrected_digits import with_corrections

    mnist = load_mnist(given.data)
    return with_corrections(mnist, given.corrections) if given.corrections else mnist


def load_written(given: argparse.Namespace, plan: TrainingPlan) -> "HandwritingFrames | None":
    """Return frames of the handwriting that the options name, where a digit network learns them."""
    if given.handwriting is None or not isinstance(plan.recipe, Recipe):
        return None
    from digits.training.handwriting import load_handwriting
    from digits.training.handwriting_frames import render_handwriting

    return render_handwriting(load_handwriting(given.handwriting), plan.recipe.seed)


def run(
    plan: TrainingPlan,
    mnist: "Mnist",
    written: "HandwritingFrames | None",
    given: argparse.Namespace,
) -> str:
    """Train what is planned; return what it came to."""
    if isinstance(plan.recipe, LineRecipe):
        return train_line(plan, plan.recipe, mnist, given)
    if isinstance(plan.recipe, PageRecipe):
        return train_page(plan, plan.recipe, mnist, given)
    if plan.head:
        return train_head(plan, plan.recipe, mnist, written)
    return train_digits(
        plan,
        plan.recipe,
        mnist,
        written,
        judge_test=not given.no_test,
        data=given.data,
    )


def train_digits(
    plan: TrainingPlan,
    recipe: Recipe,
    mnist: "Mnist",
    written: "HandwritingFrames | None",
    *,
    data: Path | None,
    judge_test: bool,
) -> str:
    """Train a digit network and save it as ``mnist_model.h5``."""
    from digits.evaluation.folder import judge_on_test
    from digits.inference.classifier import load_card
    from digits.registry import WEIGHTS
    from digits.training import digit as training

    network = begin(plan)
    training.fit(network, mnist, recipe, plan.run, written=written, resume=plan.resumed is not None)
    head = training.load_head(network, plan.run) or training.add_head(
        network, mnist, recipe, written
    )
    if head is not None:
        training.save_head(head, plan.run)  # an export that is cut off need not train it again
    if not can_export():
        return export_later(plan)
    card = training.export_run(
        network,
        mnist,
        recipe,
        plan.run,
        head,
        written,
        judge_test=(lambda model: judge_on_test(model, data)) if judge_test else None,
    )
    atomic_write(HERE / "mnist_model.h5", (plan.run / f"{recipe.network}.h5").read_bytes())
    return training.summary(card, load_card(WEIGHTS / f"{recipe.network}.onnx"), plan.run)


def train_head(
    plan: TrainingPlan, recipe: Recipe, mnist: "Mnist", written: "HandwritingFrames | None"
) -> str:
    """Train the reject head of the shipped convolutional network."""
    from digits.training import digit as training

    card = training.renew_head(mnist, recipe, plan.run, written)
    return training.head_summary(card, plan.run)


def train_line(
    plan: TrainingPlan, recipe: LineRecipe, mnist: "Mnist", given: argparse.Namespace
) -> str:
    """Train the network that reads whole numbers; the digit networks stay as they are."""
    from digits.inference.classifier import load_classifier
    from digits.registry import DEFAULT, WEIGHTS
    from digits.training import line as training
    from digits.training.handwriting import load_handwriting

    other = load_handwriting(given.handwriting) if given.handwriting else None
    network = begin(plan, given.minutes)
    if plan.export:
        training.average(network, recipe, plan.run)
    else:
        training.fit_line(
            network,
            mnist,
            recipe,
            plan.run,
            handwriting=other,
            resume=plan.resumed is not None,
            minutes=given.minutes,
        )
    if not can_export():
        return export_later(plan)
    beside = load_classifier(WEIGHTS / f"{DEFAULT}.onnx")
    card = training.export_line_run(network, mnist, recipe, plan.run, beside, handwriting=other)
    return training.summary(card, plan.run)


def train_page(
    plan: TrainingPlan, recipe: PageRecipe, mnist: "Mnist", given: argparse.Namespace
) -> str:
    """Train the network that segments pages; the digit networks stay as they are."""
    from digits.training import page as training
    from digits.training.checkpoint import restore as restore_checkpoint
    from digits.training.handwriting import load_handwriting
    from digits.training.ink_bank import load_bank

    other = load_handwriting(given.handwriting) if given.handwriting else None
    bank = load_bank(mnist.train, other and other.side("train"))
    held_out = load_bank(mnist.validation, other and other.side("validation"))
    network = begin(plan, given.minutes)
    if plan.export:
        training.compile_page(network, recipe)
        epochs = restore_checkpoint(network, plan.run).epochs
    else:
        epochs = training.fit_page(
            network,
            bank,
            recipe,
            plan.run,
            validation=held_out,
            data=checksums(mnist),
            resume=plan.resumed is not None,
            minutes=given.minutes,
        )
    if not can_export():
        return export_later(plan)
    return training.summary(
        training.export_page_run(
            network, mnist, recipe, plan.run, validation=held_out, epochs=epochs
        ),
        plan.run,
    )


def can_export() -> bool:
    """Return whether Keras can write ONNX: only its TensorFlow backend can."""
    import keras

    return bool(keras.backend.backend() == "tensorflow")


def export_later(plan: TrainingPlan) -> str:
    """Return a sentence: with which command TensorFlow exports what another backend trained."""
    return (
        f"\nThe checkpoint is in runs/{plan.run.name}/. Write what is served with TensorFlow: "
        f"python train_model.py --export --name {plan.run.name}\n"
    )


def begin(plan: TrainingPlan, minutes: int | None = None) -> Any:  # noqa: ANN401  # a Keras model
    """Return the untrained network, after printing its layers and what is going to happen.

    Parameters
    ----------
    minutes : after which the training stops, if it has not ended
    """
    import keras

    from digits.training.architectures import build_network

    recipe = plan.recipe
    keras.utils.set_random_seed(recipe.seed)  # of the weights that a network begins with
    network = build_network(recipe.network)
    network.summary()
    if plan.export:
        sys.stdout.write(f"Exporting runs/{plan.run.name}/ without more training.\n")
        return network
    seconds = expected_seconds(recipe)
    if plan.resumed:
        done = plan.resumed.epochs
        seconds *= 1 - done / recipe.epochs
        sys.stdout.write(f"Resuming runs/{plan.run.name}/ after epoch {done}. ")
    is_shorter = minutes is not None and 60 * minutes < seconds
    stop = f" It stops after {minutes} minutes." if is_shorter else ""
    sys.stdout.write(
        f"{recipe.epochs} epochs, seed {recipe.seed}, into runs/{plan.run.name}/: "
        f"{duration(seconds)} on two idle processor cores.{stop}\n"
    )
    sys.stdout.flush()
    return network


def what_is_kept(plan: TrainingPlan, given: argparse.Namespace) -> str:
    """Return a sentence: which epochs are kept, and how to continue; or that nothing is."""
    if plan.head:
        return "A reject head is kept only when its training is complete."
    try:
        record = load_record(plan.run)
    except DigitsError:
        record = None
    if record is None:
        return "No epoch was complete, so nothing is kept."
    again = ["python", "train_model.py", "--resume", "--name", plan.run.name]
    for option in ("data", "corrections", "handwriting", "minutes"):
        if value := getattr(given, option):
            again += [f"--{option}", str(value)]
    if given.no_test:
        again.append("--no-test")
    return (
        f"Epoch {record.epochs} of {plan.recipe.epochs} is kept; continue with: {shlex.join(again)}"
    )


def restore() -> int:
    """Copy the shipped ``.h5`` files back to where they were."""
    from digits.registry import WEIGHTS

    try:
        for name in SHIPPED:
            atomic_write(HERE / name, (WEIGHTS / name).read_bytes())
    except OSError as error:
        sys.stderr.write(f"train_model.py: {name} cannot be restored ({error.strerror})\n")
        return FAILED
    sys.stdout.write(f"restored: {' and '.join(SHIPPED)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
