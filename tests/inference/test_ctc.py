"""Reading a text out of steps: against every way to spell it, counted one by one."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from digits.inference.ctc import (
    align,
    align_many,
    likeliest_of_length,
    likeliest_texts,
    log_softmax,
    substitutions,
    substitutions_many,
    without_separators,
)
from digits.inference.line_recognizer import LineRecognizer
from digits.types import ALPHABET, ModelName

STEPS = 5


@pytest.fixture(params=range(4))
def steps(request):
    return log_softmax(np.random.default_rng(request.param).normal(0, 2, (STEPS, 11)))


def collapse(path):
    """The text that a path of classes spells."""
    return tuple(c - 1 for c, _ in itertools.groupby(path) if c)


def ways(steps, classes):
    """Every path over `classes`, with its text and its log-probability."""
    for path in itertools.product(classes, repeat=len(steps)):
        yield collapse(path), path, sum(steps[t, c] for t, c in enumerate(path))


def probability(steps, text):
    classes = [0, *sorted({digit + 1 for digit in text})]
    scores = [score for spelled, _, score in ways(steps, classes) if spelled == text]
    return np.logaddexp.reduce(scores) if scores else -np.inf


@pytest.mark.parametrize("text", [(3,), (3, 3), (1, 2, 1), (5, 6), (0, 0, 7)])
def test_substitutions_are_the_probabilities_of_those_texts(steps, text):
    scores = substitutions(steps, text)
    assert scores.shape == (len(text), 10)
    for place, digit in itertools.product(range(len(text)), (0, 1, 2, 3, 7)):
        other = (*text[:place], digit, *text[place + 1 :])
        expected = probability(steps, other)
        if np.isfinite(expected):
            assert scores[place, digit] == pytest.approx(expected, abs=1e-9)
        else:
            assert scores[place, digit] < -1e20


@pytest.mark.parametrize("text", [(3, 10, 3), (11, 5), (10, 10), (7, 13, 1, 12, 2)])
def test_separators_stay_where_they_are_when_digits_are_replaced(text):
    steps = log_softmax(np.random.default_rng(9).normal(0, 2, (STEPS, 15)))
    scores = substitutions(steps, text)
    places = [i for i, symbol in enumerate(text) if symbol < 10]
    assert scores.shape == (len(places), 10)
    for row, place in enumerate(places):
        for digit in (0, 1, 3, 5):
            expected = probability(steps, (*text[:place], digit, *text[place + 1 :]))
            if np.isfinite(expected):
                assert scores[row, digit] == pytest.approx(expected, abs=1e-9)
            else:
                assert scores[row, digit] < -1e20


def test_without_separators_a_separator_is_the_blank():
    steps = log_softmax(np.random.default_rng(9).normal(0, 2, (STEPS, 15)))
    alone = without_separators(steps)
    assert alone.shape == (STEPS, 11)
    np.testing.assert_allclose(np.exp(alone).sum(axis=1), 1)
    np.testing.assert_array_equal(alone[:, 1:], steps[:, 1:11])


def test_a_beam_wide_enough_finds_the_likeliest_text_and_its_probability(steps):
    by_text = {}
    for spelled, _, score in ways(steps[:4], range(11)):
        by_text[spelled] = np.logaddexp(by_text.get(spelled, -np.inf), score)
    best = max(by_text, key=by_text.get)
    found, score = likeliest_texts(steps[:4], beam=500)[0]
    assert found == best
    assert score == pytest.approx(by_text[best], abs=0.02)  # unlikely classes are not followed


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_likeliest_way_of_a_given_length(steps, length):
    best = max(
        (way for way in ways(steps[:4], range(11)) if len(way[0]) == length),
        key=lambda way: way[2],
    )
    assert likeliest_of_length(steps[:4], length) == best[0]


def test_more_digits_than_there_is_room_for_are_as_many_as_there_is_room_for():
    steps = log_softmax(np.zeros((3, 11)))
    assert len(likeliest_of_length(steps, 7)) == 3


def test_digits_are_aligned_where_they_are_named():
    steps = np.full((12, 11), -9.0)
    for t, label in enumerate([0, 0, 4, 4, 0, 4, 0, 0, 8, 8, 8, 0]):
        steps[t, label] = 0.0
    spans = align(log_softmax(steps), (3, 3, 7))
    assert [(span.start, span.end) for span in spans] == [(2, 4), (5, 6), (8, 11)]
    assert all(span.start <= span.peak < span.end for span in spans)


def test_a_blank_line_gives_no_text():
    steps = np.full((6, 11), -9.0)
    steps[:, 0] = 0.0
    assert likeliest_texts(log_softmax(steps))[0][0] == ()
    assert align(log_softmax(steps), ()) == []
    assert substitutions(log_softmax(steps), ()).shape == (0, 10)


any_steps = arrays(
    np.float64,
    st.tuples(st.integers(1, 12), st.just(11)),
    elements=st.floats(-30, 30),  # logits
    unique=True,
).map(log_softmax)


@settings(max_examples=60, deadline=None)
@given(any_steps)
def test_texts_are_distinct_and_their_probabilities_sum_to_at_most_one(steps):
    found = likeliest_texts(steps)
    texts, scores = zip(*found, strict=True)
    assert len(set(texts)) == len(texts)
    assert list(scores) == sorted(scores, reverse=True)
    assert np.exp(scores).sum() <= 1 + 1e-9
    for text in texts[:3]:
        spans = align(steps, text)
        assert len(spans) == len(text)
        if len(text) <= len(steps) // 2:  # there is room for a blank between any two
            ends = [0, *(span.end for span in spans)]
            assert all(
                end <= span.start <= span.peak < span.end <= len(steps)
                for end, span in zip(ends, spans, strict=False)
            )


@settings(max_examples=60, deadline=None)
@given(any_steps)
def test_negligible_prefixes_change_nothing_that_counts(steps):
    found, every = likeliest_texts(steps), likeliest_texts(steps, negligible=-np.inf)
    assert found[0][0] == every[0][0]
    assert found[0][1] == pytest.approx(every[0][1], abs=1e-9)


def test_lines_are_decoded_together_as_each_by_itself():
    rng = np.random.default_rng(4)
    many = [log_softmax(rng.normal(0, 3, (n, 15))) for n in (6, 30, 12, 12)]
    texts = [(3,), (1, 1, 10, 4, 13, 2), (), (12, 0, 0)]
    assert align_many(many, texts) == list(map(align, many, texts))
    for found, steps, text in zip(substitutions_many(many, texts), many, texts, strict=True):
        np.testing.assert_array_equal(found, substitutions(steps, text))


@settings(max_examples=60, deadline=None)
@given(any_steps, st.integers(0, 14))
def test_a_length_that_fits_is_kept_to(steps, length):
    text = likeliest_of_length(steps, length)
    assert len(text) == min(length, len(steps))


@settings(max_examples=60, deadline=None)
@given(any_steps, st.permutations(range(10)))
def test_the_names_of_the_digits_do_not_matter(steps, names):
    steps = steps[:3]  # of so few every text can be followed
    renamed = np.empty_like(steps)
    renamed[:, 0] = steps[:, 0]
    renamed[:, [name + 1 for name in names]] = steps[:, 1:]
    found, others = (likeliest_texts(some, beam=2000) for some in (steps, renamed))
    assert [score for _, score in others] == pytest.approx([score for _, score in found], abs=1e-9)
    (text, best), *rest = found
    if rest and best - rest[0][1] < 1e-6:  # two are alike
        return
    other = tuple(names[digit] for digit in text)
    assert others[0][0] == other
    expected = substitutions(steps, text)
    np.testing.assert_allclose(
        substitutions(renamed, other)[:, list(names)], expected, rtol=1e-9, atol=1e-6
    )


def test_a_prior_makes_a_symbol_rarer_than_in_training():
    logits = np.full((1, 8, 15), -9.0, np.float32)
    logits[0, :, 0] = 0  # the blank
    logits[0, 1, 1 + 7] = logits[0, 3, 13] = logits[0, 5, 1 + 2] = 9  # "7", then "/" or "1", "2"
    logits[0, 3, 1 + 1] = 8
    strip = np.zeros((32, 32), np.float32)
    plain = LineRecognizer(ModelName("line", "0" * 64), lambda _: logits, alphabet=ALPHABET)
    rarer = dataclasses.replace(plain, prior=(("/", 0.05),))
    assert plain.decode([strip])[0].written == "7/2"
    assert rarer.decode([strip])[0].written == "712"


def test_no_number_ends_in_a_separator():
    logits = np.full((1, 6, 15), -9.0, np.float32)
    logits[0, :, 0] = 0
    logits[0, 1, 1 + 7] = logits[0, 3, 13] = 9  # "7", then "/" or "1"
    logits[0, 3, 1 + 1] = 8
    reader = LineRecognizer(ModelName("line", "0" * 64), lambda _: logits, alphabet=ALPHABET)
    decoding = reader.decode([np.zeros((32, 24), np.float32)])[0]
    assert decoding.written == "71"
    assert decoding.length_probability < 0.5  # the slash was likelier
