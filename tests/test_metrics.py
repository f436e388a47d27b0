"""The mathematics of judging, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import log_loss

from digits.metrics import calibration_error, confusion_matrix, interval, negative_log_likelihood
from digits.model.calibration import fit_temperature, softmax


@pytest.fixture
def answers():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 10, 3000).astype(np.uint8)
    logits = rng.normal(0, 2, (3000, 10)).astype(np.float32)
    logits[np.arange(3000), truth] += 3
    return truth, logits


def test_confusion_is_scikit_learns(answers):
    truth, logits = answers
    read = logits.argmax(axis=1)
    np.testing.assert_array_equal(
        confusion_matrix(truth, read), sklearn_confusion(truth, read, labels=range(10))
    )


def test_likelihood_is_scikit_learns(answers):
    truth, logits = answers
    probabilities = softmax(logits)
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    expected = log_loss(truth, exact, labels=range(10))
    assert negative_log_likelihood(probabilities, truth) == pytest.approx(expected, rel=1e-4)


def test_calibrated_answers_have_no_calibration_error():
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 200_000)
    right = rng.random(200_000) < confidence
    assert calibration_error(confidence, right) < 0.01
    assert calibration_error(np.ones(100), np.zeros(100, bool)) == 1


def test_temperature_undoes_overconfidence_and_never_changes_an_answer(answers):
    truth, logits = answers
    honest = fit_temperature(logits, truth)
    assert fit_temperature(logits * 3, truth) == pytest.approx(3 * honest, rel=0.01)
    same = softmax(logits, honest).argmax(axis=1) == logits.argmax(axis=1)
    assert same.all()
    before = negative_log_likelihood(softmax(logits), truth)
    assert negative_log_likelihood(softmax(logits, honest), truth) <= before + 1e-9


@pytest.mark.parametrize(("right", "trials"), [(0, 10), (10, 10), (50, 100), (9970, 10000)])
def test_the_interval_holds_the_share(right, trials):
    low, high = interval(right, trials)
    assert 0 <= low <= right / trials <= high <= 1
