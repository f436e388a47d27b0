"""Train a network on MNIST and save it as ``mnist_model.h5``.

    python train_model.py                    the convolutional network, in a quarter of an hour
    python train_model.py --network dense    one hidden layer, in a minute: the one to show live
    python train_model.py --network wide     two hidden layers, on distorted digits; --recipe best
                                             has patience, as for what was shipped
    python train_model.py --network line     finds the digits of a number; an hour
    python train_model.py --network page     segments whole pages; three hours

What was shipped is never touched: it lies in ``digits/weights/``, and ``--restore`` brings its
``.h5`` files back. Everything else a training leaves goes into ``runs/<name>/``.
"""

import argparse
import dataclasses
import os
import sys
from pathlib import Path

from digits.errors import DigitsError
from digits.evaluation.folder import judge_on_test
from digits.io.atomic_write import write_whole
from digits.mnist import Mnist, load_mnist
from digits.registry import DEFAULT, RUNS, WEIGHTS, available_models
from digits.training.corrected_digits import with_corrections
from digits.training.handwriting import load_handwriting
from digits.training.handwriting_frames import HandwritingFrames, render_handwriting
from digits.training.recipes import RECIPES, LineRecipe, PageRecipe, Recipe

HERE = Path(__file__).parent
SHIPPED = ("mnist_model.h5", "mnist_dense.h5")


def main() -> int:
    """Load MNIST, train, calibrate, export, evaluate, save."""
    options = parse_arguments()
    if options.restore:
        return restore()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks about the machine
    try:
        import keras

        from digits.training import digit as training
        from digits.training.architectures import build_network
    except ImportError:
        sys.stderr.write(
            "train_model.py needs TensorFlow, which is not installed: use Python 3.11, 3.12 or "
            "3.13 and run: python -m pip install -r requirements.txt\n"
        )
        return 1

    keras.utils.set_random_seed(options.seed)  # of the weights that a network begins with
    try:
        mnist = load_mnist(options.data)
        if options.corrections:
            mnist = with_corrections(mnist, options.corrections)
        if options.network in OTHERS:
            return OTHERS[options.network](mnist, options)
        recipe = RECIPES[options.recipe][options.network]
        recipe = dataclasses.replace(
            recipe, seed=options.seed, epochs=options.epochs or recipe.epochs
        )
        recipe, written = with_handwriting(recipe, options.handwriting)
        run = RUNS / (options.name or f"{recipe.network}-{recipe.seed}")
        if options.head:
            sys.stdout.write(
                training.head_summary(training.renew_head(mnist, recipe, run, written), run)
            )
            return 0
        network = build_network(recipe.network)
        training.fit(network, mnist, recipe, run, written=written, resume=options.resume)
        head = training.add_head(network, mnist, recipe, written)
        card = training.export_run(network, mnist, recipe, run, head, written)
        if not options.no_test:
            figures = judge_on_test(run / f"{recipe.network}.onnx", options.data)
            card = training.add_test_figures(run, card, figures)
        training.save_h5(network, HERE / "mnist_model.h5")
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped; the last epoch is kept. Go on with: --resume\n")
        return 130
    except DigitsError as error:
        sys.stderr.write(f"train_model.py: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(
            f"train_model.py: nothing more can be written ({str(error).splitlines()[0]}): make "
            "room or allow writing, and go on with --resume\n"
        )
        return 1
    sys.stdout.write(training.summary(card, run, available_models()))
    return 0


def with_handwriting(
    recipe: Recipe, folder: Path | None
) -> tuple[Recipe, HandwritingFrames | None]:
    """Return the recipe with its share of handwriting and the frames, or without either."""
    if folder is None or not recipe.handwriting:
        return dataclasses.replace(recipe, handwriting=0.0), None
    return recipe, render_handwriting(load_handwriting(folder), recipe.seed)


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for on the command line."""
    parser = argparse.ArgumentParser(description="Train a network on MNIST.")
    parser.add_argument(
        "--network", choices=("cnn", "dense", "wide", "line", "page"), default="cnn"
    )
    parser.add_argument("--recipe", choices=("swift", "quick", "best"), default="quick")
    parser.add_argument("--epochs", type=positive, help="passes through the training digits")
    parser.add_argument("--data", type=Path, help="another .npz with MNIST's four arrays")
    parser.add_argument("--corrections", type=Path, help="an exported folder to learn from")
    parser.add_argument(
        "--handwriting",
        type=Path,
        metavar="FOLDER",
        help="public handwriting data sets to train on as well (docs/handwriting.md)",
    )
    parser.add_argument("--minutes", type=positive, help="page: stop after so long, to go on later")
    parser.add_argument("--seed", type=int, default=0, help="of all random choices")
    parser.add_argument("--name", help="of the folder in runs/; default: NETWORK-SEED")
    parser.add_argument("--resume", action="store_true", help="go on after an interruption")
    parser.add_argument("--no-test", action="store_true", help="leave the test digits unopened")
    parser.add_argument("--head", action="store_true", help="only what says that it is no digit")
    parser.add_argument("--restore", action="store_true", help="bring the shipped .h5 back")
    return parser.parse_args()


def positive(text: str) -> int:
    """Return a whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def train_line(mnist: Mnist, options: argparse.Namespace) -> int:
    """Train the network that finds the digits of a number; the digit networks stay as they are."""
    from digits.inference.classifier import load_classifier
    from digits.training import line as line_training
    from digits.training.architectures import build_network

    recipe = LineRecipe()
    recipe = dataclasses.replace(recipe, seed=options.seed, epochs=options.epochs or recipe.epochs)
    run = RUNS / (options.name or f"{recipe.network}-{recipe.seed}")
    network = build_network(recipe.network)
    line_training.fit_line(network, mnist, recipe, run, resume=options.resume)
    beside = load_classifier(WEIGHTS / f"{DEFAULT}.onnx")
    card = line_training.export_line_run(network, mnist, recipe, run, beside)
    sys.stdout.write(line_training.summary(card, run))
    return 0


def train_page(mnist: Mnist, options: argparse.Namespace) -> int:
    """Train the network that segments pages; without --epochs, as its recipe says."""
    from digits.training import page as page_training
    from digits.training.architectures import build_network

    recipe = PageRecipe()
    recipe = dataclasses.replace(recipe, seed=options.seed, epochs=options.epochs or recipe.epochs)
    run = RUNS / (options.name or f"{recipe.network}-{recipe.seed}")
    other = load_handwriting(options.handwriting) if options.handwriting else None
    bank = page_training.load_bank(mnist.train, other and other.side("train"))
    held_out = page_training.load_bank(mnist.validation, other and other.side("validation"))
    network = build_network(recipe.network)
    epochs = page_training.fit_page(
        network,
        bank,
        recipe,
        run,
        validation=held_out,
        resume=options.resume,
        minutes=options.minutes,
    )
    card = page_training.export_page_run(
        network, mnist, recipe, run, validation=held_out, epochs=epochs
    )
    sys.stdout.write(page_training.summary(card, run))
    return 0


OTHERS = {"line": train_line, "page": train_page}  # networks that see more than one digit


def restore() -> int:
    """Copy the shipped ``.h5`` files back to where they were."""
    try:
        for name in SHIPPED:
            write_whole(HERE / name, (WEIGHTS / name).read_bytes())
    except OSError as error:
        sys.stderr.write(f"train_model.py: {name} cannot be restored ({error.strerror})\n")
        return 1
    sys.stdout.write(f"restored: {' and '.join(SHIPPED)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
