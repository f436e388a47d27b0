"""POST /api/readings: what is sent, what comes back, and every way in which it goes wrong."""

import json

import pytest
from api_house import A_BUG, URL, WRONG_HINT, pdf, png, problem
from pdfs import count_processes

from digits.io import image as pixels
from digits.origin_guard import Site
from digits.types import Box, Hint, Paper


def test_a_raw_body_gives_one_reading(client):
    response = client.post(URL, content=png(42))
    assert response.status_code == 200
    reading = response.json()
    assert (reading["text"], reading["schema"], reading["file"]) == ("42", 1, None)
    assert reading["lines"][0]["box"] == [0, 0, 1, 1]
    assert len(reading["lines"][0]["digits"][0]["probabilities"]) == 10


def test_a_form_gives_the_same_reading_with_its_name(client):
    raw = client.post(URL, content=png(42)).json()
    sent = client.post(URL, files={"file": ("photo é.png", png(42))}).json()
    assert sent == raw | {"file": "photo é.png"}


@pytest.mark.parametrize(
    "foreign", [{"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_page_elsewhere_has_nothing_read_through_a_visitor(client, house, foreign):
    for sent in ({"content": png()}, {"files": {"file": ("a.png", png())}}):
        assert "another site" in problem(client.post(URL, headers=foreign, **sent), 403)
    assert house.reader.hints == []
    ours = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert client.post(URL, content=png(), headers=ours).status_code == 200


def test_a_site_that_is_named_may_have_pictures_read(house):
    house.site = Site(origins=("https://lms.example",))
    named = {"origin": "https://lms.example", "sec-fetch-site": "cross-site"}
    assert house.client().post(URL, content=png(), headers=named).status_code == 200


def test_a_name_that_is_not_the_servers(house):
    house.site = Site(hosts=("testserver",))
    client = house.client()
    assert client.get("/api/health").status_code == 200
    assert "evil.example" in problem(
        client.get("/api/health", headers={"host": "evil.example"}), 421
    )


def test_brief_is_part_of_full(client):
    full = client.post(URL, content=png(5)).json()
    brief = client.post(f"{URL}?detail=brief", content=png(5)).json()
    assert brief.items() < full.items()
    assert brief["written"] == "5"
    assert "lines" not in brief


def test_several_come_back_in_order_with_their_errors_inside(client):
    sent = [("a", png(1)), ("b", b"no picture"), ("c", png(WRONG_HINT)), ("d", b""), ("e", png(2))]
    response = client.post(URL, files=[("file", file) for file in sent])
    assert response.status_code == 200
    readings = response.json()["readings"]
    assert [reading["file"] for reading in readings] == ["a", "b", "c", "d", "e"]
    assert [reading["text"] for reading in readings] == ["1", "", "", "", "2"]
    assert [bool(reading["error"]) for reading in readings] == [False, True, True, True, False]
    assert {reading["status"] for reading in readings if reading["error"]} == {"failed"}


@pytest.mark.parametrize("levels", [(255,), (255, 0) * 5])
def test_a_pdf_gives_its_pages_from_one_process(client, levels, monkeypatch):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    started = count_processes(monkeypatch)
    readings = client.post(URL, content=pdf(*levels)).json()["readings"]
    assert [reading["text"] for reading in readings] == [str(level) for level in levels]
    assert [reading["page"] for reading in readings] == list(range(1, len(levels) + 1))
    assert len(started) == 1


def test_hints_reach_the_reader(client, house):
    query = "single=true&length=1&accept=0.25&boxes=1,2,3,4&boxes=5,6,7,8"
    assert client.post(f"{URL}?{query}", content=png()).status_code == 200
    (hint,) = house.reader.hints
    assert (hint.single, hint.length, hint.accept) == (True, 1, 0.25)
    assert hint.boxes == (Box(1, 2, 3, 4), Box(5, 6, 7, 8))
    assert (hint.paper, hint.whole_picture) == (None, False)


def test_the_page_reaches_the_reader(client, house):
    for query in ("paper=0,0,4,0,4.5,3,-0.5,3", "whole_picture=true"):
        assert client.post(f"{URL}?{query}", content=png()).status_code == 200
    assert house.reader.hints == [
        Hint(paper=Paper(((0.0, 0.0), (4.0, 0.0), (4.5, 3.0), (-0.5, 3.0)))),
        Hint(whole_picture=True),
    ]


def test_an_empty_body(client):
    assert "empty" in problem(client.post(URL), 400)


def test_an_empty_form(client):
    response = client.post(URL, files={"file": ("empty.png", b"")})
    assert "empty" in problem(response, 400)


def test_a_form_without_a_picture(client):
    headers = {"content-type": "multipart/form-data; boundary=x"}
    body = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n'
    assert "file" in problem(client.post(URL, content=body, headers=headers), 400)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"--x\r\n", b"--x\r\nContent-Disp"])
def test_a_form_that_is_none(client, body):
    headers = {"content-type": "multipart/form-data; boundary=x"}
    problem(client.post(URL, content=body, headers=headers), 400)


def test_a_form_without_a_boundary(client):
    headers = {"content-type": "multipart/form-data"}
    problem(client.post(URL, content=png(), headers=headers), 400)


@pytest.mark.parametrize("body", [b"{}", b"GIF89a", png()[:40], b"%PDF-1.7 and no more"])
def test_the_wrong_type(client, body):
    problem(client.post(URL, content=body), 400)


@pytest.mark.parametrize("kind", ["application/json", "text/html", "", "x" * 200, "image/gif"])
def test_the_format_is_detected_from_the_content(client, kind):
    response = client.post(URL, content=png(9), headers={"content-type": kind})
    assert response.json()["text"] == "9"


def test_a_body_that_is_too_large(house):
    client = house.client(body=1_000_000)
    assert "1 MB" in problem(client.post(URL, content=b"x" * 1_000_001), 413)
    assert "1 MB" in problem(client.post(URL, files={"file": ("a", b"x" * 1_000_001)}), 413)


def test_a_large_body_without_content_length_is_rejected(house):
    chunks = (b"x" * 100_000 for _ in range(11))
    problem(house.client(body=1_000_000).post(URL, content=chunks), 413)


def test_a_picture_of_too_many_pixels(client, monkeypatch):
    monkeypatch.setattr(pixels, "MAX_PIXELS", 11)
    assert "pixels" in problem(client.post(URL, content=png()), 413)


def test_too_many_files(house):
    files = [("file", (str(n), png())) for n in range(4)]
    client = house.client(pages=3)
    assert len(client.post(URL, files=files[:3]).json()["readings"]) == 3
    assert "3 pages" in problem(client.post(URL, files=files), 413)


def test_too_many_pages(house):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    problem(house.client(pages=2).post(URL, content=pdf(1, 2, 3)), 413)
    files = [("file", ("a.png", png())), ("file", ("b.pdf", pdf(1, 2)))]
    problem(house.client(pages=2).post(URL, files=files), 413)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("length=0", "length takes a number from 1 on, not '0'"),
        ("length=two", "length takes a whole number, not 'two'"),
        ("single=maybe", "single takes true or false, not 'maybe'"),
        ("accept=1.01", "accept takes a number up to 1.0, not '1.01'"),
        ("accept=much", "accept takes a number, not 'much'"),
        ("detail=some", "detail takes 'brief' or 'full', not 'some'"),
    ],
)
def test_a_wrong_parameter_is_explained_in_our_words(client, query, sentence):
    assert sentence in problem(client.post(f"{URL}?{query}", content=png()), 422)


@pytest.mark.parametrize(
    "query",
    [
        "length=-1",
        "length=101",
        "length=500000",
        "length=2&single=true",
        "accept=nan",
        "accept=inf",
        "boxes=1,2,3",
        "boxes=1,2,3,4,5",
        "boxes=-1,2,3,4",
        "boxes=1.5,2,3,4",
        "boxes=" + "9" * 5000 + ",1,1,1",
        "boxes=",
        "paper=",
        "paper=1,2,3,4",
        "paper=0,0,0,3,4,3,4,0",
        "paper=0,0,4,0,4,3,0,nan",
        "paper=0,0,4,0,4,3,0,3&whole_picture=true",
        "whole_picture=perhaps",
        "model=nobody",
        "model=/etc/passwd",
        "model=../digits/weights/cnn.onnx",
    ],
)
def test_a_wrong_parameter(client, house, query):
    problem(client.post(f"{URL}?{query}", content=png()), 422)
    assert house.reader.hints == []


def test_a_hint_that_the_reader_rejects(client):
    assert problem(client.post(URL, content=png(WRONG_HINT)), 422) == "The box lies outside."


def test_a_bug_is_logged_and_not_shown(client, caplog):
    response = client.post(URL, content=png(A_BUG), headers={"X-Request-ID": "mine-1"})
    assert "hunter2" not in problem(response, 500)
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.request_id == "mine-1"
    assert "hunter2" in str(record.exc_info[1])


@pytest.mark.parametrize(("method", "path"), [("GET", URL), ("POST", "/api/models")])
def test_the_wrong_method(client, method, path):
    response = client.request(method, path)
    problem(response, 405)
    assert response.headers["allow"]


def test_a_place_that_does_not_exist(client):
    problem(client.get("/api/nowhere"), 404)


def test_the_answer_is_utf_8_json(client):
    response = client.post(URL, files={"file": ("نص\x00.png", png(3))})
    assert json.loads(response.content.decode("utf-8"))["text"] == "3"
