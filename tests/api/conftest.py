"""An API whose reader and corrections are fakes."""

import threading

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed")
from api_house import FAKE, FakeReader, House

from digits.inference.classifier import Classifier, Scores
from digits.inference.line_recognizer import LineRecognizer


@pytest.fixture
def house() -> House:
    let = threading.Event()
    let.set()
    return House(
        FakeReader(
            Classifier(FAKE, lambda frames: Scores(np.zeros((len(frames), 10), np.float32))),
            LineRecognizer(FAKE, lambda strips: np.zeros((len(strips), 1, 11), np.float32)),
            let=let,
        )
    )


@pytest.fixture
def client(house):
    return house.client()
