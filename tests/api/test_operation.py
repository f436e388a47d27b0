"""What operators rely on: places, time, tokens, logs, counters, health."""

import asyncio
import io
import json
import logging
import threading
from dataclasses import replace

import httpx2 as httpx
import numpy as np
import pytest
from api_house import FAKE, URL, png, problem

from digits import __version__
from digits.api.limits import READING_BYTES, ConcurrencyLimiter, Limits, ReadingCache
from digits.api.problems import Problem
from digits.api.telemetry import JsonLines
from digits.errors import DigitsError
from digits.types import Picture, Reading

TOKEN = "s3cret"  # noqa: S105


def test_65_clients_at_once(house):
    """The 65th request gets 503; the 64 others are read."""
    house.reader.let.clear()

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(house.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            asked = [asyncio.create_task(client.post(URL, content=png(8))) for _ in range(65)]
            (first, *_), _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            # The event loop is free while the threads read, and so is what operators ask.
            others = [await client.get(f"/api/{name}") for name in ("health", "ready", "models")]
            house.reader.let.set()
            return [first.result(), *others, *await asyncio.gather(*asked)]

    refused, health, ready, models, *all_answers = asyncio.run(ask())
    assert "64 requests" in problem(refused, 503)
    assert int(refused.headers["retry-after"]) >= 1
    assert {health.status_code, ready.status_code, models.status_code} == {200}
    assert sorted(answer.status_code for answer in all_answers) == [200] * 64 + [503]
    # What arrived while others were read was read together.
    assert sum(house.reader.groups) == 64
    assert max(house.reader.groups) > 1


def test_a_slot_is_released_after_any_outcome(house):
    client = house.client(requests=1)
    for _ in range(3):
        assert client.post(URL, content=b"no picture").status_code == 400
        assert client.post(f"{URL}?length=0", content=png()).status_code == 422
        assert client.post(URL, content=png()).status_code == 200


def test_the_limiter_admits_so_many_requests():
    limiter = ConcurrencyLimiter(Limits(requests=2))
    with limiter.slot(), limiter.slot():
        with pytest.raises(Problem) as rejected, limiter.slot():
            pytest.fail("a third got in")
        assert rejected.value.status_code == 503
    assert limiter.busy == 0


def test_a_reading_that_takes_too_long(house):
    house.reader.let.clear()
    response = house.client(read_seconds=0.05).post(URL, content=png())
    assert "try again" in problem(response, 503)
    assert response.headers["retry-after"]
    house.reader.let.set()


def test_a_body_that_never_ends(house):
    async def drip():
        yield png()
        await asyncio.Event().wait()

    async def ask() -> httpx.Response:
        house.limits = Limits(upload_seconds=0.05)
        transport = httpx.ASGITransport(house.app())
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(URL, content=drip())

    assert "0.05 s" in problem(asyncio.run(ask()), 408)


@pytest.mark.parametrize("form", [False, True])
def test_a_disk_that_is_full(client, monkeypatch, form):
    async def write(self, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("starlette.datastructures.UploadFile.write", write)
    sent = {"files": {"file": ("a.png", png())}} if form else {"content": png()}
    response = client.post(URL, **sent)
    assert "no disk space" in problem(response, 503)
    assert response.headers["retry-after"]


@pytest.mark.parametrize(
    "header",
    [None, "Bearer wrong", "Bearer ", "Bearer s3cret2", "Basic s3cret", TOKEN, "Bearer é"],
)
def test_a_wrong_token(house, header):
    house.token = TOKEN
    client = house.client()
    headers = {} if header is None else {"authorization": header.encode()}
    for method, path in [("POST", URL), ("POST", "/api/corrections"), ("GET", "/api/models")]:
        response = client.request(method, path, headers=headers)
        assert TOKEN not in problem(response, 401)
        assert response.headers["www-authenticate"] == "Bearer"
    assert client.get("/api/metrics", headers=headers).status_code == 401
    assert house.reader.hints == []


def test_the_right_token(house):
    house.token = "s3crét"  # noqa: S105
    client = house.client()
    headers = {"authorization": "Bearer s3crét".encode()}
    # Header bytes reach the application as Latin-1.
    assert client.get("/api/models", headers=headers).status_code == 401
    house.token = TOKEN
    client = house.client()
    headers = {"authorization": "Bearer s3cret"}
    assert client.post(URL, content=png(), headers=headers).json()["text"] == "7"
    assert client.get("/api/health").status_code == 200
    assert client.get("/api/ready").status_code == 200


def test_the_environment_names_the_token(house, monkeypatch):
    monkeypatch.setenv("DIGITS_API_TOKEN", "from outside")
    house.token = None
    assert house.client().get("/api/models").status_code == 401


def test_health_and_ready(client):
    assert client.get("/api/health").json() == {"status": "alive", "version": __version__}
    output = client.get("/api/ready").json()
    assert (output["status"], output["model"]["name"], output["corrections"]) == (
        "ready",
        "fake",
        0,
    )


def test_without_a_database_it_is_alive_but_not_ready(client, house):
    house.fault = DigitsError("the database is gone")
    assert problem(client.get("/api/ready"), 503) == "The database is gone."
    assert client.get("/api/health").status_code == 200
    assert client.post(URL, content=png()).status_code == 200


def test_models(client):
    (model,) = client.get("/api/models").json()["models"]
    assert model == {"name": "fake", "title": "A fake", "accuracy": 0.5, "default": False}


def test_metrics_count_readings_and_requests(client):
    client.post(URL, content=png())
    client.post(URL, content=png())
    client.post(URL, files=[("file", ("a", png())), ("file", ("b", b"no picture"))])
    client.post(URL, content=b"")
    lines = client.get("/api/metrics").text.splitlines()
    assert 'digits_readings_total{model="fake",status="read"} 3.0' in lines
    assert 'digits_readings_total{model="fake",status="failed"} 1.0' in lines
    assert 'digits_requests_total{method="POST",route="/readings",status="200"} 3.0' in lines
    assert 'digits_requests_total{method="POST",route="/readings",status="400"} 1.0' in lines
    assert "digits_requests_in_progress 0.0" in lines


def test_addresses_that_are_tried_make_no_counters(client):
    for n in range(20):
        client.get(f"/api/nowhere/{n}")
    assert "nowhere" not in client.get("/api/metrics").text


def test_the_log_is_one_json_object_a_request(house):
    house.token = TOKEN
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    log = logging.getLogger("digits.api")
    log.addHandler(handler)
    try:
        client = house.client()
        headers = {"authorization": "Bearer s3cret", "X-Request-ID": "abc.1"}
        client.post(f"{URL}?single=true", files={"file": ("private.png", png())}, headers=headers)
        client.get("/api/health")
    finally:
        log.removeHandler(handler)
    (line,) = map(json.loads, written.getvalue().splitlines())
    assert line["request_id"] == "abc.1"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/readings", 200)
    assert line["ms"] >= 0
    assert TOKEN not in written.getvalue()
    assert "private" not in written.getvalue()


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", "é", '"}'])
def test_an_id_that_would_spoil_the_log_is_replaced(client, given):
    response = client.get("/api/health", headers={"X-Request-ID": given.encode()})
    assert response.headers["x-request-id"] != given
    assert len(response.headers["x-request-id"]) == 32


def reading(identity: str) -> Reading:
    return Reading(identity, (1, 1), "read", FAKE, "", 1.0)


@pytest.fixture
def picture(as_picture) -> Picture:
    return as_picture(np.zeros((5, 8), np.uint8))


ROOM = 5 * (40 + READING_BYTES)  # for five of those


def test_the_cache_is_bounded(picture):
    cache = ReadingCache(ROOM)
    for n in range(50):
        cache.keep(picture, reading(str(n)))
    kept = [n for n in range(50) if cache.find(str(n))]
    assert kept == [45, 46, 47, 48, 49]


def test_a_reading_is_cached_once(picture):
    cache = ReadingCache(ROOM)
    cache.keep(picture, reading("other"))
    for _ in range(50):
        cache.keep(picture, reading("same"))
    assert cache.find("other")


def test_a_picture_larger_than_all_room_is_forgotten_at_once(picture, as_picture):
    cache = ReadingCache(ROOM)
    cache.keep(picture, reading("small"))
    cache.keep(as_picture(np.zeros((ROOM, 1), np.uint8)), reading("large"))
    assert cache.find("small") is cache.find("large") is None
    for n in range(5):
        cache.keep(picture, reading(str(n)))
    assert all(cache.find(str(n)) for n in range(5))


def test_digits_take_room_too(house, picture):
    cache = ReadingCache(ROOM)
    cache.keep(picture, reading("no digits"))
    assert cache.find("no digits")
    cache.keep(picture, house.reader.read(picture))  # one digit
    assert cache.find("no digits")
    cache.keep(picture, replace(house.reader.read(picture), id="another"))
    assert cache.find("no digits") is None


def test_threads_may_remember_at_once(picture):
    cache = ReadingCache(ROOM)

    def keep(start: int) -> None:
        for n in range(start, start + 300):
            cache.keep(picture, reading(str(n)))

    threads = [threading.Thread(target=keep, args=(1000 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [n for t in range(4) for n in range(1000 * t, 1000 * t + 300) if cache.find(str(n))]
    assert len(kept) == 5


def test_the_documentation_has_no_external_resources(client):
    page = client.get("/api/docs").text
    for path in client.get("/api/openapi.json").json()["paths"]:
        assert f"/api{path}" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert "&quot;truth&quot;: &quot;2026&quot;" in page
