"""What several tests share: MNIST, and an empty data folder."""

import numpy as np
import pytest

from digits.mnist import Labelled, Mnist, load_mnist
from digits.types import Picture


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory):
    """An empty data folder: what this computer's user taught the program is no part of a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITS_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def mnist() -> Mnist:
    return load_mnist()


@pytest.fixture(scope="session")
def validation(mnist) -> Labelled:
    return mnist.validation


@pytest.fixture(scope="session")
def held_out(mnist) -> Labelled:
    """The 5,000 validation and calibration digits."""
    return mnist.held_out


@pytest.fixture(scope="session")
def bank(validation):
    """Digits of validation writers, to compose lines and pages with."""
    from digits.synthesis.page_ink import InkBank, mnist_samples

    return InkBank(mnist_samples(validation, 500))


@pytest.fixture
def as_picture():
    """Turn grey levels into what the reader takes."""

    def wrap(grey: np.ndarray) -> Picture:
        return Picture(grey, grey.shape[1], grey.shape[0], "0" * 64)

    return wrap
