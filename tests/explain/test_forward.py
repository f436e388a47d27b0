"""What the page Inside says is what the networks do."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from digits.errors import ModelError
from digits.evaluation.metrics import reliability_bins
from digits.explain.forward import LIMITS, STEPS, Distortion, distort, judge_network, sweep, trace
from digits.inference.classifier import load_card
from digits.inference.dense_weights import load_dense_weights
from digits.registry import WEIGHTS, shipped_reader


@pytest.fixture(scope="module")
def weights():
    return load_dense_weights(WEIGHTS / "dense.onnx")


def test_the_weights_are_those_that_onnx_reads(weights):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    graph = onnx.load(WEIGHTS / "dense.onnx").graph
    theirs = {tuple(t.dims): onnx.numpy_helper.to_array(t) for t in graph.initializer}
    for mine in (weights.hidden, weights.hidden_bias, weights.output, weights.output_bias):
        np.testing.assert_array_equal(mine, theirs[mine.shape])


def test_a_network_with_more_hidden_layers_has_no_weights_to_show():
    with pytest.raises(ModelError, match="has no weights to show"):
        load_dense_weights(WEIGHTS / "cnn.onnx")


def test_missing_damaged_or_foreign_weights_are_reported(tmp_path):
    for name in ("dense.json", "dense.weights.npz"):
        shutil.copyfile(WEIGHTS / name, tmp_path / name)
    path, file = tmp_path / "dense.onnx", tmp_path / "dense.weights.npz"
    np.testing.assert_array_equal(
        load_dense_weights(path).output, load_dense_weights(WEIGHTS / path.name).output
    )
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ModelError, match="damaged"):
        load_dense_weights(path)
    shutil.copyfile(WEIGHTS / "cnn.npz", file)
    with pytest.raises(ModelError, match="not the one of its card"):
        load_dense_weights(path)
    file.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_dense_weights(path)


def test_the_forward_pass_number_by_number_is_the_served_answer(weights, validation):
    classifier = shipped_reader("dense").classifier
    frames = validation.frames[:50]
    served = classifier.classify(frames).probabilities
    for frame, expected in zip(frames, served, strict=True):
        found = trace(frame, weights, classifier.temperature)
        np.testing.assert_allclose(found.probabilities, expected, atol=1e-6)


def test_what_the_units_add_up_to_is_the_logit(weights, validation):
    found = trace(validation.frames[0], weights)
    order, added = found.strongest(weights, 3, len(found.hidden))
    assert sorted(order) == list(range(len(found.hidden)))
    assert np.all(np.diff(np.abs(added)) <= 0)
    assert added.sum() + weights.output_bias[3] == pytest.approx(found.logits[3], abs=1e-4)


def test_nothing_distorted_is_the_same_picture(validation):
    frame = validation.frames[1]
    np.testing.assert_array_equal(distort(frame, Distortion()), frame)


@pytest.mark.parametrize("kind", LIMITS)
def test_a_distortion_grows_and_stays_ink(validation, kind):
    frame = validation.frames[1]
    far = [distort(frame, replace(Distortion(), **{kind: LIMITS[kind][1] * s})) for s in (0.2, 1)]
    for changed in far:
        assert changed.shape == frame.shape
        assert changed.dtype == np.float32
        assert changed.min() >= 0
        assert changed.max() <= 1
    near, distant = (float(np.abs(changed - frame).sum()) for changed in far)
    assert 0 < near < distant


def test_turning_and_moving_go_the_way_they_say():
    dot = np.zeros((28, 28), np.float32)
    dot[4:6, 13:16] = 1  # above the middle
    turned = distort(dot, Distortion(rotation=90.0))
    assert turned[:, 20:].sum() > 0.9 * turned.sum()  # clockwise: to the right of it
    moved = distort(dot, Distortion(shift=3.0))
    np.testing.assert_array_equal(moved[:, 3:], dot[:, :-3])


def test_thicker_is_more_ink_and_thinner_is_less(validation):
    frame = validation.frames[2]
    ink = [distort(frame, Distortion(thickness=t)).sum() for t in (-1.0, 0.0, 1.0)]
    assert ink[0] < ink[1] < ink[2]


def test_a_sweep_gives_the_range_of_the_answer(validation):
    classifier, frame = shipped_reader("dense").classifier, validation.frames[3]
    found = sweep(classifier, frame, "shift")
    assert len(found.values) == STEPS
    low, high = found.steady
    assert low <= 0 <= high
    answer = int(classifier.classify(frame[None]).probabilities[0].argmax())
    for value, text in zip(found.values, found.answers, strict=True):
        if low <= value <= high:
            assert text == answer
    beyond = [a for v, a in zip(found.values, found.answers, strict=True) if v > high]
    assert not beyond or beyond[0] != answer


@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_the_record_is_that_of_the_network_itself(name, validation):
    """The validation digits can be judged again here; of the test digits the card tells."""
    card = load_card(WEIGHTS / f"{name}.onnx")
    quality = judge_network({key: value for key, value in card.items() if key != "test"})
    assert quality.judged_on == "validation"
    probabilities = shipped_reader(name).classifier.classify(validation.frames).probabilities
    right = probabilities.argmax(axis=1) == validation.labels
    theirs = reliability_bins(probabilities.max(axis=1), right)
    assert [b.answers for b in quality.reliability] == [b.answers for b in theirs]
    np.testing.assert_allclose(
        [b.right for b in quality.reliability], [b.right for b in theirs], atol=0.01
    )
    of_truth = probabilities[np.arange(len(right)), validation.labels]
    for one, probability in zip(quality.hardest, np.sort(of_truth), strict=False):
        assert one.probability == pytest.approx(probability, abs=1e-3)
    hardest = validation.pictures[np.argsort(of_truth, kind="stable")[0]]
    np.testing.assert_array_equal(quality.hardest[0].picture, hardest)
    assert judge_network(card).judged_on == "test"
    assert np.sum(judge_network(card).confusion) == 10_000


@pytest.mark.parametrize("name", ["dense", "cnn"])
def test_the_learning_curves_are_those_of_the_shipped_network(name):
    card = load_card(WEIGHTS / f"{name}.onnx")
    assert len(card["history"]) == card["recipe"]["epochs"]
    last = card["history"][-1]
    assert last["val_accuracy"] == pytest.approx(card["validation"]["accuracy"], abs=1e-4)


def test_a_card_without_curves_has_none():
    card = load_card(WEIGHTS / "dense.onnx")
    assert judge_network({k: v for k, v in card.items() if k != "history"}).history == ()
