"""What paper and pens do to a frame: always a frame, and still the same digit to a person."""

import numpy as np
import pytest

from digits.training.corruption import KINDS, disturb


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.strip("_"))
def test_each_disturbance_changes_a_frame_and_leaves_one(kind, held_out):
    rng = np.random.default_rng(0)
    frames = held_out.frames[:40]
    disturbed = [np.clip(kind(frame, rng), 0, 1) for frame in frames]
    assert all(frame.shape == (28, 28) and np.isfinite(frame).all() for frame in disturbed)
    changed = [np.abs(a - b).max() > 0.02 for a, b in zip(frames, disturbed, strict=True)]
    assert np.mean(changed) > 0.8
    # What a person goes by is left: a digit is nearer to its own picture than to another's.
    flat, wanted = np.stack(disturbed).reshape(40, -1), frames.reshape(40, -1)
    alike = np.corrcoef(np.concatenate([flat, wanted]))[:40, 40:]
    assert np.mean(alike.argmax(axis=1) == np.arange(40)) > 0.8


def test_the_share_is_kept_and_the_rest_untouched(held_out):
    frames = held_out.frames[:400]
    disturbed = disturb(frames, np.random.default_rng(0), 0.3)
    assert disturbed.dtype == np.float32
    assert disturbed.min() >= 0
    assert disturbed.max() <= 1
    touched = (disturbed != frames).any(axis=(1, 2)).mean()
    assert 0.2 < touched < 0.35
    np.testing.assert_array_equal(disturb(frames, np.random.default_rng(0), 0.0), frames)
    again = disturb(frames, np.random.default_rng(0), 0.3)
    np.testing.assert_array_equal(disturbed, again)
