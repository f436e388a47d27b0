"""What is shipped is what the committed recipe and architecture make."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from digits.inference.calibration import fit_temperature
from digits.registry import WEIGHTS, current_reader
from digits.training.recipes import OTHERS, RECIPES

ROOT = Path(__file__).parent.parent.parent
keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")
pytestmark = pytest.mark.slow  # imports TensorFlow

from digits.training.architectures import build_network, build_rejection_head  # noqa: E402
from digits.training.export import with_logits  # noqa: E402

H5 = {"cnn": "mnist_model.h5", "dense": "mnist_dense.h5"}
SHIPPED_RECIPES = {
    "cnn": RECIPES["best"]["cnn"],
    "dense": RECIPES["quick"]["dense"],
    "wide": RECIPES["best"]["wide"],
    "line": OTHERS["line"]["best"],
    "page": OTHERS["page"]["best"],
}


def shipped_card(name):
    return json.loads((WEIGHTS / f"{name}.json").read_text("utf-8"))


def kernels(network):
    """Count the shapes of a Keras network's kernels, as ONNX has them."""
    found = Counter()
    for layer in network.layers:
        if isinstance(layer, keras.Sequential):  # the reject head
            found += kernels(layer)
        elif isinstance(layer, keras.layers.Conv2D):
            height, width, channels, units = layer.kernel.shape
            found[units, channels, height, width] += 1
        elif isinstance(layer, keras.layers.Dense):
            found[tuple(layer.kernel.shape)] += 1
    return found


def onnx_kernels(path):
    graph = onnx.load(path).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    return Counter(
        shapes[name]
        for node in graph.node
        if node.op_type in ("Conv", "MatMul", "Gemm")
        for name in node.input[1:2]
    )


@pytest.mark.parametrize("name", ["cnn", "dense"])
def test_the_shipped_h5_has_the_layers_that_the_code_builds(name):
    shipped = keras.saving.load_model(ROOT / H5[name], compile=False)
    built = build_network(name)

    def result(network):
        return [
            (type(layer).__name__, [w.shape for w in layer.get_weights()])
            for layer in network.layers
        ]

    assert result(shipped) == result(built)


def test_the_h5_files_at_the_root_are_the_shipped_ones():
    for file in H5.values():
        assert (ROOT / file).read_bytes() == (WEIGHTS / file).read_bytes()


@pytest.mark.parametrize("name", ["cnn", "dense", "wide", "line", "page"])
def test_what_is_served_has_the_kernels_that_the_code_builds(name):
    built = build_network(name)
    if name == "cnn":
        built = with_logits(built, build_rejection_head(built))
    assert onnx_kernels(WEIGHTS / f"{name}.onnx") == kernels(built)


@pytest.mark.parametrize("name", ["cnn", "dense", "wide", "line", "page"])
def test_the_card_counts_the_parameters_that_the_code_builds(name):
    built = build_network(name)
    head = getattr(SHIPPED_RECIPES[name], "rejection_epochs", 0)
    whole = with_logits(built, build_rejection_head(built)) if head else built
    assert shipped_card(name)["parameters"] == whole.count_params()


@pytest.mark.parametrize("name", ["cnn", "dense", "wide", "line", "page"])
def test_the_card_names_the_committed_recipe(name):
    """A field that the recipe gained since has its default: what it does was not done then."""
    committed = SHIPPED_RECIPES[name]
    assert type(committed)(**shipped_card(name)["recipe"]) == committed


def test_the_shipped_h5_and_its_served_twin_agree(held_out):
    frames = held_out.frames[:200]
    for name, h5 in H5.items():
        keras_answers = current_reader(str(ROOT / h5)).classifier.network(frames).logits
        served = current_reader(name).classifier.network(frames).logits
        centred = [scores - scores.max(axis=1, keepdims=True) for scores in (keras_answers, served)]
        likely = centred[1] > -10  # below, the logarithm of a float32 softmax is coarse
        np.testing.assert_allclose(centred[0][likely], centred[1][likely], atol=1e-3)


@pytest.mark.parametrize("name", ["cnn", "dense", "wide"])
def test_the_validation_figures_of_a_card_are_those_of_its_network(name, validation):
    answers = (
        current_reader(name).classifier.classify(validation.frames).probabilities.argmax(axis=1)
    )
    figures = shipped_card(name)["validation"]
    assert figures["digits"] == len(validation)
    assert figures["wrong"] == int((answers != validation.labels).sum())
    assert figures["accuracy"] == pytest.approx((answers == validation.labels).mean())


@pytest.mark.parametrize("name", ["dense", "wide"])  # no other data set has a part in these
def test_the_temperature_of_a_card_is_fitted_on_all_held_out_digits(name, held_out):
    logits = current_reader(name).classifier.network(held_out.frames).logits
    expected = shipped_card(name)["temperature"]
    assert fit_temperature(logits, held_out.labels) == pytest.approx(expected, rel=1e-3)
