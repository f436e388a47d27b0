"""The same picture gives the same reading: on any thread, beside others, by every door."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pytest

from digits import Hint, read
from digits.batch.job import run_batch
from digits.cli import main

pytestmark = pytest.mark.slow  # reads every example again and again

EXAMPLES = Path(__file__).parent.parent / "digits" / "ui" / "examples"
NAMES = sorted(path.name for path in EXAMPLES.glob("*.*g"))


def result(reading):
    """Return all that a reading says, but what the file is called."""
    said = reading if isinstance(reading, dict) else reading.to_json()
    return json.loads(json.dumps(said)) | {"file": None}


@pytest.fixture(scope="module")
def alone():
    """Each example as it is read by itself."""
    return {name: result(read(EXAMPLES / name)) for name in NAMES}


def test_some_examples_are_read(alone):
    assert len(alone) >= 3
    assert {reading["status"] for reading in alone.values()} >= {"read"}


def test_opencv_threads_do_not_change_a_reading(alone):
    before = cv2.getNumThreads()
    cv2.setNumThreads(1 if before > 1 else 2)
    try:
        for name in NAMES:
            assert result(read(EXAMPLES / name)) == alone[name]
    finally:
        cv2.setNumThreads(before)


def test_concurrent_threads_give_the_same_readings_from_bytes(alone):
    def once(name):
        return name, result(read((EXAMPLES / name).read_bytes()))

    with ThreadPoolExecutor(2) as pool:
        for name, reading in pool.map(once, NAMES):
            assert reading == alone[name]


def test_the_command_gives_the_same_readings(alone, capsys):
    main(["read", "--format", "jsonl", *[str(EXAMPLES / name) for name in NAMES]])
    readings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [result(reading) for reading in readings] == [alone[name] for name in NAMES]


def test_a_batch_gives_the_same_readings(alone, tmp_path):
    out = tmp_path / "out.jsonl"
    run_batch([str(EXAMPLES / name) for name in NAMES], str(out), hint=Hint(), workers=2)
    readings = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [result(reading) for reading in readings] == [alone[name] for name in NAMES]


def test_the_http_api_gives_the_same_readings(alone, monkeypatch, tmp_path):
    testclient = pytest.importorskip("fastapi.testclient", reason="FastAPI is not installed")
    from digits.api import routes as server

    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    with testclient.TestClient(server.create_server(), base_url="http://localhost") as client:
        for name in NAMES:
            answer = client.post("/api/readings", content=(EXAMPLES / name).read_bytes())
            assert answer.status_code == 200
            assert result(answer.json()) == alone[name]
