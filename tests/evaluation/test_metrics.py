"""The mathematics of judging, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix as sklearn_confusion
from sklearn.metrics import log_loss, roc_auc_score

from digits.evaluation.metrics import (
    auroc,
    calibration_error,
    confusion_matrix,
    interval,
)
from digits.inference.calibration import (
    COOLEST,
    HOTTEST,
    RIDGE,
    fit_platt,
    fit_rejection,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)


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
    temperature = fit_temperature(logits, truth)
    assert fit_temperature(logits * 3, truth) == pytest.approx(3 * temperature, rel=0.01)
    same = softmax(logits, temperature).argmax(axis=1) == logits.argmax(axis=1)
    assert same.all()
    before = negative_log_likelihood(softmax(logits), truth)
    assert negative_log_likelihood(softmax(logits, temperature), truth) <= before + 1e-9


@pytest.mark.parametrize(("right", "trials"), [(0, 10), (10, 10), (50, 100), (9970, 10000)])
def test_the_interval_holds_the_share(right, trials):
    low, high = interval(right, trials)
    assert 0 <= low <= right / trials <= high <= 1


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 40))
def test_calibration_never_raises_the_loss_or_changes_an_answer(data, n):
    logits = data.draw(arrays(np.float32, (n, 10), elements=st.floats(-40, 40, width=32)))
    truth = data.draw(arrays(np.uint8, n, elements=st.integers(0, 9)))
    temperature = fit_temperature(logits, truth)
    assert COOLEST * 0.999 <= temperature <= HOTTEST * 1.001
    before, after = softmax(logits), softmax(logits, temperature)
    best = before.max(axis=1, keepdims=True)
    np.testing.assert_allclose(after.sum(axis=1), 1, atol=1e-5)
    chosen = np.take_along_axis(before, after.argmax(axis=1)[:, None], axis=1)
    np.testing.assert_allclose(chosen, best, rtol=1e-4)
    # To within what single precision tells apart at the smallest probability.
    assert negative_log_likelihood(after, truth) <= negative_log_likelihood(before, truth) + 1e-3


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 60))
def test_calibration_error_is_a_share_and_does_not_depend_on_order(data, n):
    confidence = data.draw(arrays(np.float64, n, elements=st.floats(0, 1), unique=True))
    right = data.draw(arrays(np.bool_, n))
    error = calibration_error(confidence, right)
    assert 0 <= error <= 1
    order = np.array(data.draw(st.permutations(range(n))))
    assert calibration_error(confidence[order], right[order]) == pytest.approx(error, abs=1e-12)
    pairs = sorted(zip(confidence, right, strict=True))
    low = [-(-n // 15)] * (n % 15) + [n // 15] * (15 - n % 15)  # as many in each as in any other
    bins = [[pairs.pop(0) for _ in range(size)] for size in low]
    gaps = [abs(sum(c - r for c, r in one)) for one in bins if one]
    assert error == pytest.approx(sum(gaps) / n, abs=1e-9)


scores = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_auroc_agrees_with_scikit_learn(low, high):
    truth = np.repeat([0, 1], [len(low), len(high)])
    expected = roc_auc_score(truth, [*low, *high])
    assert auroc(np.float32(low), np.float32(high)) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(scores, scores, st.floats(0.5, 1))
def test_rejection_keeps_the_given_share_of_digits(low, high, kept):
    digits, others = np.float32(low), np.float32(high)
    rejection = fit_rejection(digits, others, digits, kept)
    assert np.isfinite([rejection.slope, rejection.offset]).all()
    assert 0 <= rejection.threshold <= 1
    probabilities = rejection.probability(digits)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert (probabilities <= rejection.threshold + 1e-6).mean() >= kept - 1 / len(digits)


def test_platt_scaling_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    scores = rng.normal(1, 2, 20_000)
    truth = (rng.random(20_000) < 1 / (1 + np.exp(-(0.6 * scores - 0.5)))).astype(float)
    weights = rng.random(20_000)
    weights /= weights.sum()
    slope, offset = fit_platt(scores, truth, weights)
    both = np.stack([scores, np.ones_like(scores)], axis=1)  # the offset is pulled at, too
    oracle = LogisticRegression(C=1 / RIDGE, fit_intercept=False, tol=1e-8)
    expected = oracle.fit(both, truth, weights).coef_[0]
    np.testing.assert_allclose([slope, offset], expected, atol=1e-4)
    np.testing.assert_allclose([slope, offset], [0.6, -0.5], atol=0.05)


def test_probabilities_of_a_perfect_fit_stay_finite():
    assert np.isfinite(fit_platt(np.arange(9.0), np.ones(9), np.full(9, 1 / 9))).all()
