"""What several tests share: digits that no network was trained on."""

import numpy as np
import pytest

from digits.mnist import Labelled, load_mnist
from digits.types import Picture


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory):
    """An empty data folder: what this computer's user taught the program is no part of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def held_out() -> Labelled:
    """The 5,000 validation and calibration digits."""
    mnist = load_mnist()
    parts = (mnist.validation, mnist.calibration)
    return Labelled(
        np.concatenate([part.pictures for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


@pytest.fixture
def as_picture():
    """Turn grey levels into what the reader takes."""

    def wrap(grey: np.ndarray) -> Picture:
        return Picture(grey, grey.shape[1], grey.shape[0], "0" * 64)

    return wrap
