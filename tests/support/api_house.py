"""A reader, corrections and a client that need no model and no database."""

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from httpx2 import Response
from PIL import Image

from digits.errors import HintError
from digits.origin_guard import Site
from digits.reader import Reader
from digits.types import ANY, Box, Digit, Hint, Line, ModelName, Picture, Reading

pytest.importorskip("fastapi", reason="FastAPI is not installed")
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from digits.api import create_api
from digits.api.limits import Limits
from digits.api.service import Dependencies
from digits.registry import ModelCard

URL = "/api/readings"
FAKE = ModelName("fake", "0" * 64)
WRONG_HINT, A_BUG = 100, 101  # grey levels at which the fake fails


@dataclass(frozen=True)
class FakeReader(Reader):
    """Reads a picture's first grey level as a number, when it is let."""

    hints: list[Hint] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)  # pictures of each call
    let: threading.Event = field(default_factory=threading.Event)

    def read_together(self, jobs: Sequence[tuple[Picture, Hint]]) -> list[Reading | Exception]:
        self.groups.append(len(jobs))
        found: list[Reading | Exception] = []
        for job in jobs:
            try:
                found.append(self.read(*job))
            except Exception as error:
                found.append(error)
        return found

    def read(self, picture: Picture, hint: Hint = ANY) -> Reading:
        assert self.let.wait(60)
        self.hints.append(hint)
        level = int(picture.grey[0, 0])
        if level == WRONG_HINT:
            raise HintError("the box lies outside")
        if level == A_BUG:
            raise RuntimeError("the password is hunter2")
        box = Box(0, 0, 1, 1)
        frame = np.zeros((28, 28), np.float32)
        digits = tuple(Digit(int(c), 0.91, box, shares(int(c)), 0.0, frame) for c in str(level))
        return Reading(
            id=picture.sha256,
            size=(picture.width, picture.height),
            status="read",
            model=FAKE,
            text=str(level),
            confidence=0.91,
            lines=(Line(str(level), 0.91, box, digits),),
        )


def shares(value: int) -> tuple[float, ...]:
    """Return the probabilities of a digit that is 91 % sure."""
    return tuple(0.91 if digit == value else 0.01 for digit in range(10))


@dataclass
class House:
    """Everything that a test may look at or change behind the API."""

    reader: FakeReader
    corrections: set[tuple[str, str, int, int | None]] = field(default_factory=set)
    fault: Exception | None = None  # raised where corrections are stored or counted
    limits: Limits = field(default_factory=Limits)
    token: str = ""
    site: Site | None = None

    def correct(
        self, picture: Picture, reading: Reading, truth: str, line: int, digit: int | None
    ) -> int:
        if self.fault:
            raise self.fault
        before = len(self.corrections)
        self.corrections.add((reading.id, truth, line, digit))
        return len(self.corrections) - before

    def count(self) -> int:
        if self.fault:
            raise self.fault
        return len(self.corrections)

    def app(self) -> Starlette:
        cards = [ModelCard("fake", "A fake", 0.5, Path("fake.onnx"))]
        dependencies = Dependencies(
            lambda model: self.reader, lambda: cards, self.correct, self.count
        )
        api = create_api(dependencies, limits=self.limits, token=self.token, site=self.site)
        return Starlette(routes=[Mount("/api", api)])

    def client(self, **limits: float) -> TestClient:
        self.limits = replace(self.limits, **limits)
        return TestClient(self.app(), raise_server_exceptions=False)


def png(level: int = 7, size: tuple[int, int] = (4, 3)) -> bytes:
    file = io.BytesIO()
    Image.new("L", size, level).save(file, "PNG")
    return file.getvalue()


def pdf(*levels: int) -> bytes:
    pages = [Image.new("L", (30, 40), level) for level in levels]
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], quality=100)
    return file.getvalue()


def problem(response: Response, status: int) -> str:
    """Return the sentence of a problem after checking that it is a whole one."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    result = response.json()
    assert result["status"] == status
    assert result["request_id"] == response.headers["x-request-id"]
    assert result["detail"].endswith(".")
    return str(result["detail"])
