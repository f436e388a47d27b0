"""The same picture gives the same reading: on any thread, beside others, by every door."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import pytest

from digits import Hint, read
from digits.batch.job import run_batch
from digits.cli import main
from digits.io.document import load_picture
from digits.registry import current_reader

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


def test_there_is_something_to_read(alone):
    assert len(alone) >= 3
    assert {reading["status"] for reading in alone.values()} >= {"read"}


def test_as_bytes_it_is_the_same(alone):
    for name in NAMES:
        assert result(read((EXAMPLES / name).read_bytes())) == alone[name]


def test_opencvs_threads_change_nothing(alone):
    before = cv2.getNumThreads()
    cv2.setNumThreads(1 if before > 1 else 2)
    try:
        for name in NAMES:
            assert result(read(EXAMPLES / name)) == alone[name]
    finally:
        cv2.setNumThreads(before)


def test_read_by_two_threads_at_once_it_is_the_same(alone):
    reader = current_reader()

    def once(name):
        return name, result(reader.read(load_picture((EXAMPLES / name).read_bytes()), Hint()))

    with ThreadPoolExecutor(2) as pool:
        for name, reading in pool.map(once, NAMES * 2):
            assert reading == alone[name]


def test_the_command_prints_the_same(alone, capsys):
    main(["read", "--format", "jsonl", *[str(EXAMPLES / name) for name in NAMES]])
    readings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [result(reading) for reading in readings] == [alone[name] for name in NAMES]


def test_a_batch_writes_the_same(alone, tmp_path):
    out = tmp_path / "out.jsonl"
    run_batch([str(EXAMPLES / name) for name in NAMES], str(out), hint=Hint(), workers=2)
    readings = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [result(reading) for reading in readings] == [alone[name] for name in NAMES]


def test_over_http_it_is_the_same(alone, monkeypatch, tmp_path):
    testclient = pytest.importorskip("fastapi.testclient", reason="FastAPI is not installed")
    from digits.api import routes as server

    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    with testclient.TestClient(server.create_server(), base_url="http://localhost") as client:
        for name in NAMES:
            answer = client.post("/api/readings", content=(EXAMPLES / name).read_bytes())
            assert answer.status_code == 200
            assert result(answer.json()) == alone[name]
