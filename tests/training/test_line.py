"""The line network on a few lines: what training leaves, how it goes on, what stands beside it."""

import dataclasses
import json

import numpy as np
import pytest

from digits.inference.line_recognizer import LineNetwork
from digits.mnist import load_mnist
from digits.types import ModelName

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")

from digits.inference.classifier import load_classifier  # noqa: E402
from digits.inference.line_recognizer import load_line_network  # noqa: E402
from digits.registry import WEIGHTS, current_reader  # noqa: E402
from digits.synthesis.line import compose_line  # noqa: E402
from digits.training.architectures import build_line  # noqa: E402
from digits.training.line import export_line_run, fit_line, judge_lines  # noqa: E402
from digits.training.recipes import LineRecipe  # noqa: E402

TINY = LineRecipe(epochs=2, lines=16, batch=8)


@pytest.fixture(scope="module")
def mnist():
    """Validation digits in every part: nothing here is to be judged."""
    whole = load_mnist()
    return dataclasses.replace(whole, train=whole.validation)


@pytest.fixture(scope="module")
def trained(mnist, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "line-0"
    network = build_line()
    fit_line(network, mnist, TINY, run)
    classifier = load_classifier(WEIGHTS / "cnn.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digits.training.line.JUDGED", 40)
        card = export_line_run(network, mnist, TINY, run, classifier)
    return network, run, card


def test_training_leaves_history_a_card_and_what_is_served(trained, mnist):
    network, run, card = trained
    assert len((run / "history.csv").read_text("utf-8").splitlines()) == 3
    assert card["validation"]["lines"] == 40
    assert json.loads((run / "line.json").read_text("utf-8"))["data_sha256"] == mnist.sha256
    served = load_line_network(run / "line.onnx")
    strips = np.random.default_rng(0).random((3, 32, 100)).astype(np.float32)
    np.testing.assert_allclose(served.network(strips), network(strips), atol=1e-4)


def test_a_line_network_of_ones_own_reads(trained):
    assert current_reader(str(trained[1] / "line.onnx")).line_network.name.name == "line"


def test_training_goes_on_where_it_stopped(trained, mnist, capfd):
    _, run, _ = trained
    longer = dataclasses.replace(TINY, epochs=3)
    fit_line(build_line(), mnist, longer, run, resume=True)
    assert len((run / "history.csv").read_text("utf-8").splitlines()) == 4
    assert "Epoch 3/3" in capfd.readouterr().out


def test_the_shipped_network_reads_composed_lines_it_never_saw(mnist):
    rng = np.random.default_rng(99)
    lines = [compose_line(mnist.validation, rng) for _ in range(200)]
    figures = judge_lines(current_reader(), lines)
    assert figures["accuracy"] > 0.6  # many of them no person could read
    assert figures["calibration_error"] < 0.12


def test_confidence_rises_with_certainty():
    silent = lambda strips: np.zeros((len(strips), 1, 11), np.float32)  # noqa: E731
    beside = LineNetwork(ModelName("x", ""), silent, slope=0.7, offset=-1.0)
    confidence = [beside.confidence(p) for p in (0.0, 0.2, 0.9, 1.0)]
    assert confidence == sorted(confidence)
    assert 0 <= confidence[0] < confidence[-1] <= 1
