"""POST /api/corrections: what should have been read."""

from pathlib import Path

import pytest
from api_house import URL, pdf, png, problem
from starlette.testclient import TestClient

from digits.api import create_server
from digits.errors import DigitsError
from digits.registry import current_corrections

YEAR = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a year.jpg"

CORRECTIONS = "/api/corrections"


@pytest.fixture
def read(client):
    """The id of a reading of "42", which has one line of two digits."""
    return client.post(URL, content=png(42)).json()["id"]


def test_a_line_is_corrected(client, house, read):
    answer = client.post(CORRECTIONS, json={"reading": read, "truth": "47"})
    assert answer.json() == {"reading": read, "new": 1}
    assert house.corrections == {(read, "47", 0, None)}


def test_a_digit_is_corrected(client, house, read):
    sent = {"reading": read, "line": 0, "digit": 1, "truth": "7"}
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 1
    assert house.corrections == {(read, "7", 0, 1)}


def test_no_digit_is_an_answer(client, house, read):
    sent = {"reading": read, "digit": 1, "truth": ""}
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 1
    assert house.corrections == {(read, "", 0, 1)}


def test_repeating_it_changes_nothing(client, house, read):
    sent = {"reading": read, "truth": "47"}
    answers = [client.post(CORRECTIONS, json=sent).json()["new"] for _ in range(3)]
    assert answers == [1, 0, 0]


def test_a_page_of_a_pdf_is_corrected(client, house):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    pages = client.post(URL, content=pdf(255, 0)).json()["readings"]
    assert pages[0]["id"] != pages[1]["id"]
    sent = {"reading": pages[1]["id"], "truth": "1"}
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 1


def test_a_reading_that_is_not_cached(client):
    sent = {"reading": "0" * 64, "truth": "1"}
    assert "again" in problem(client.post(CORRECTIONS, json=sent), 404)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"line": 1}, "There is no line 1"),
        ({"line": -1}, "line takes a number from 0 on, not -1"),
        ({"line": 1.5}, "line takes a whole number, not 1.5"),
        ({"line": [1]}, "line takes a whole number, not [1]"),
        ({"digit": 2}, "There is no digit 2"),
        ({"digit": -1}, "digit takes a number from 0 on, not -1"),
        ({"digit": 10**30}, "digit takes a number up to 100000, not 1000"),
        ({"digit": 0, "truth": "12"}, 'One digit cannot be "12"'),
        ({"truth": "4x"}, "truth takes at most 100 digits and nothing else"),
        ({"truth": "4\n"}, "truth takes at most 100 digits and nothing else"),
        ({"truth": "٤"}, "truth takes at most 100 digits and nothing else"),
        ({"truth": "1" * 101}, "truth takes at most 100 digits and nothing else"),
        ({"truth": None}, "truth takes text, not null"),
        ({"reading": "not an id"}, "reading takes the id of a reading"),
        ({"lines": 0}, "lines is not known"),
    ],
)
def test_a_wrong_correction(client, house, read, wrong, sentence):
    sent = {"reading": read, "truth": "1"} | wrong
    assert sentence in problem(client.post(CORRECTIONS, json=sent), 422)
    assert house.corrections == set()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "body is missing"),
        (b"{", "body is not JSON"),
        (b"[]", "body takes an object, not []"),
        (b'"x"', "body takes an object, not 'x'"),
        (b"{}", "reading is missing; truth is missing"),
    ],
)
def test_a_body_that_is_no_correction(client, body, sentence):
    response = client.post(CORRECTIONS, content=body, headers={"content-type": "application/json"})
    assert sentence in problem(response, 422)


def test_a_body_that_is_no_text(client):
    headers = {"content-type": "application/json"}
    response = client.post(CORRECTIONS, content=b"\xff\xfe", headers=headers)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "foreign", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_page_elsewhere_cannot_send_one_for_a_visitor(client, house, read, foreign):
    sent = {"reading": read, "truth": "1"}
    assert "another site" in problem(client.post(CORRECTIONS, json=sent, headers=foreign), 403)
    assert house.corrections == set()
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 1


def test_text_is_no_correction(client, house, read):
    """A form of another site can send text without the browser asking first, but no JSON."""
    sent = f'{{"reading": "{read}", "truth": "1"}}'
    problem(client.post(CORRECTIONS, content=sent, headers={"content-type": "text/plain"}), 422)
    assert house.corrections == set()


def test_a_database_that_is_gone(client, house, read):
    house.fault = DigitsError("the corrections cannot be stored: the database is gone")
    sent = {"reading": read, "truth": "1"}
    assert "database" in problem(client.post(CORRECTIONS, json=sent), 503)


def test_reading_alone_stores_nothing(client, house, read):
    assert house.corrections == set()


def test_a_correction_is_stored_by_this_installation(tmp_path, monkeypatch):
    """Through this installation's own reader and database, in a folder of its own."""
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    client = TestClient(create_server())
    reading = client.post(URL, content=YEAR.read_bytes()).json()
    assert reading["text"] == "2026"
    sent = {"reading": reading["id"], "truth": "2027"}
    # The line, and each of its digits.
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 5
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 0
    sent = {"reading": reading["id"], "digit": 3, "truth": "8"}
    assert client.post(CORRECTIONS, json=sent).json()["new"] == 1
    assert client.get("/api/ready").json()["corrections"] == 5
    stored = current_corrections().all()
    assert {correction.source for correction in stored} == {"api"}
    assert {correction.digit: correction.truth for correction in stored} == {
        None: "2027", 0: "2", 1: "0", 2: "2", 3: "8",
    }  # fmt: skip


def test_a_store_that_cannot_be_opened(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path.as_posix()}")  # a folder
    client = TestClient(create_server())
    result = problem(client.get("/api/ready"), 503)
    assert "database" in result
    assert client.post(URL, content=YEAR.read_bytes()).json()["text"] == "2026"
