"""POST /api/forms/readings: a form and its pages, and every way in which that goes wrong."""

import cv2
import pytest
from api_house import pdf, png, problem
from forms import METER, SCORE, filled
from starlette.testclient import TestClient

from digits.api import create_api

URL = "/forms/readings"


@pytest.fixture(scope="module")
def client():
    """The API with this installation's own reader."""
    with TestClient(create_api(token="")) as client:
        yield client


@pytest.fixture(scope="module")
def sent(validation):
    """A form's file, the values of a page, its photograph, and one of another form."""
    from forms import form_of

    composed, page, photo = filled(METER, validation, 3, tilt=15.0)
    other = filled(SCORE, validation, 3)[2]
    files = [cv2.imencode(".png", each.pixels)[1].tobytes() for each in (photo, other)]
    return form_of(composed).to_bytes(), page.values, *files


def test_pages_come_back_field_by_field_in_their_order(client, sent):
    form, values, photo, other = sent
    response = client.post(
        URL,
        files=[
            ("form", ("form.json", form)),
            ("file", ("a.png", photo)),
            ("file", ("b.txt", b"x")),
            ("file", ("c.png", other)),
        ],
    )
    assert response.status_code == 200
    first, second, third = response.json()["readings"]
    read = {each["name"]: each["value"] for each in first["fields"]}
    assert read == {**values, "estimated": values["estimated"] or "no"}
    assert (first["file"], first["status"]) == ("a.png", "read")
    assert (second["status"], second["fields"]) == ("failed", [])
    assert third["status"] == "refused"
    assert "not the form" in third["error"]


@pytest.mark.parametrize(
    ("files", "status", "what"),
    [
        ([("file", ("a.png", png()))], 400, "one form"),
        ([("form", ("f.json", b"{}")), ("file", ("a.png", png()))], 422, "no form"),
        ([("form", ("f.json", b"{}"))], 400, "No page"),
    ],
)
def test_missing_or_wrong_fields_are_reported(client, files, status, what):
    assert what in problem(client.post(URL, files=files), status)


def test_an_unknown_model_and_too_many_pages(client, sent):
    parts = [("form", ("form.json", sent[0])), ("file", ("a.pdf", pdf(*[200] * 51)))]
    assert "50 pages" in problem(client.post(URL, files=parts), 413)
    assert "nobody" in problem(client.post(f"{URL}?model=nobody", files=parts), 422)
