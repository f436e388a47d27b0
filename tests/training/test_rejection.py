"""What is no digit is rejected, and what is one is not."""

import numpy as np
import pytest

from digits.evaluation.metrics import auroc
from digits.inference.calibration import fit_rejection
from digits.inference.classifier import load_card
from digits.registry import WEIGHTS, current_reader
from digits.types import Hint

SINGLE = Hint(single=True)


def test_validation_digits_are_kept(validation):
    answers = current_reader().classifier.classify(validation.frames)
    assert answers.not_a_digit.min() >= 0
    assert answers.not_a_digit.max() <= 1
    assert answers.rejected.mean() <= 0.005


def test_the_second_head_leaves_the_first_as_it_was(validation):
    """The probabilities do not depend on the head, and a network without one refuses nothing."""
    dense = current_reader("dense").classifier.classify(validation.frames[:50])
    assert dense.not_a_digit is None
    assert not dense.rejected.any()


def test_the_threshold_of_the_card_decides(validation):
    classifier = current_reader().classifier
    assert (
        classifier.rejection.threshold
        == load_card(WEIGHTS / "cnn.onnx")["not_a_digit"]["threshold"]
    )
    mirrored = np.ascontiguousarray(validation.frames[validation.labels == 3][:, :, ::-1])
    answers = classifier.classify(mirrored)
    np.testing.assert_array_equal(
        answers.rejected, answers.not_a_digit > classifier.rejection.threshold
    )
    assert answers.rejected.mean() > 0.8  # mirrored, a 3 is an epsilon


def stripes():
    return np.tile(np.where(np.arange(120) % 20 < 10, 0, 255).astype(np.uint8), (120, 1)).T


def chequers():
    return np.kron(np.indices((6, 6)).sum(axis=0) % 2, np.ones((20, 20))).astype(np.uint8) * 255


def scribble():
    import cv2

    page = np.full((200, 200), 255, np.uint8)
    points = np.random.default_rng(3).integers(30, 170, (25, 2)).astype(np.int32)
    cv2.polylines(page, [points], isClosed=False, color=0, thickness=5)
    return page


def epsilon():
    import cv2

    page = np.full((200, 200), 255, np.uint8)
    for row in (70, 130):
        cv2.ellipse(page, (110, row), (35, 30), 0, 60, 300, 0, 10)
    return page


@pytest.mark.parametrize("drawing", [stripes, chequers, scribble, epsilon])
def test_what_is_no_digit_stands_as_a_question_mark(drawing, as_picture):
    reading = current_reader().read(as_picture(drawing()), SINGLE)
    assert reading.text == "?"
    digit = reading.digits[0]
    assert digit.value is None
    assert 0.5 < digit.not_a_digit <= 1
    assert sum(digit.probabilities) == pytest.approx(1, abs=1e-5)


def test_a_score_that_separates_perfectly_becomes_a_finite_probability():
    digits, others = np.float32([-5, -4, -3]), np.float32([3, 4, 5])
    rejection = fit_rejection(digits, others, digits, kept=1.0)
    assert np.isfinite([rejection.slope, rejection.offset]).all()
    assert rejection.slope > 0
    np.testing.assert_allclose(rejection.probability(np.zeros(1, np.float32)), 0.5, atol=1e-3)


def test_the_probability_is_the_share_that_is_no_digit():
    """Logits drawn from two normal laws: the true slope and offset are known."""
    rng = np.random.default_rng(0)
    digits, others = (rng.normal(mean, 2, 40_000).astype(np.float32) for mean in (-1, 3))
    rejection = fit_rejection(digits, others, digits, kept=0.99)
    assert rejection.slope == pytest.approx(4 / 2**2, rel=0.05)  # difference of means over variance
    assert rejection.offset == pytest.approx(-1, rel=0.1)  # even odds half-way, at 1
    assert (rejection.probability(digits) <= rejection.threshold).mean() == pytest.approx(
        0.99, abs=1e-3
    )


def test_the_area_under_the_curve_counts_pairs():
    rng = np.random.default_rng(1)
    low, high = (rng.integers(0, 6, n).astype(np.float32) for n in (40, 30))
    pairs = (high[:, None] > low).mean() + (high[:, None] == low).mean() / 2
    assert auroc(low, high) == pytest.approx(pairs)


@pytest.mark.slow
def test_negatives_are_frames_of_ink_and_the_same_for_a_seed(validation):
    pytest.importorskip("keras", reason="TensorFlow is not installed")
    from digits.training.rejection import draw_frames

    frames = draw_frames(validation, 100, np.random.default_rng(5))
    assert frames.shape == (100, 28, 28)
    assert frames.dtype == np.float32
    assert frames.min() >= 0
    assert frames.max() <= 1
    assert (frames.sum(axis=(1, 2)) > 5).all()
    assert len({frame.tobytes() for frame in frames}) > 90
    again = draw_frames(validation, 100, np.random.default_rng(5))
    np.testing.assert_array_equal(frames, again)


@pytest.mark.slow
def test_the_exported_heads_answer_as_keras_does_and_the_digits_do_not_change(tmp_path, validation):
    pytest.importorskip("keras", reason="TensorFlow is not installed")
    from digits.training.architectures import build_network, build_rejection_head
    from digits.training.export import export_onnx, with_logits

    network, frames = build_network("cnn"), validation.frames[:32]
    before = np.asarray(network(frames, training=False))
    head = build_rejection_head(network)
    logits, _, rejection = with_logits(network, head)(frames, training=False)
    scores = export_onnx(network, tmp_path / "cnn.onnx", frames, head)
    np.testing.assert_allclose(scores.logits, logits, atol=1e-4)
    np.testing.assert_allclose(scores.not_a_digit, np.asarray(rejection)[:, 0], atol=1e-4)
    np.testing.assert_array_equal(before, np.asarray(network(frames, training=False)))
    assert network.output_shape == (None, 10)
    # Teaching the head moves nothing of the network.
    weights = [value.copy() for value in network.get_weights()]
    head.compile("sgd", "mse")
    head.fit(frames, np.ones((32, 1)), verbose=0)
    for old, new in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
