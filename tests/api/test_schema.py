"""The description is true: whatever is sent, the answer has a status and a shape that it names."""

import json

import numpy as np
import pytest
from api_house import URL, pdf, png
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import agrees_with_itself

from digits.types import Box, Cell, Digit, Line, Mark, ModelName, Reading

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")

SETTINGS = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the API is built once
)
TEXT = st.text(max_size=12)
BODY = st.one_of(
    st.binary(max_size=200),
    st.integers(0, 99).map(png),
    st.tuples(st.just(png()), st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]]),
)
QUERY = st.fixed_dictionaries(
    {},
    optional={
        "single": st.sampled_from(["true", "false", "1"]) | TEXT,
        "length": st.integers(-2, 2000).map(str) | TEXT,
        "accept": st.floats().map(str) | TEXT,
        "detail": st.sampled_from(["brief", "full"]) | TEXT,
        "model": st.just("fake") | TEXT,
        "boxes": st.lists(
            st.lists(st.integers(-1, 9), max_size=5).map(lambda box: ",".join(map(str, box)))
            | TEXT,
            max_size=3,
        ),
        "paper": st.just("0,0,9,0,9,9,0,9")
        | st.lists(st.integers(-1, 9), max_size=9).map(lambda corners: ",".join(map(str, corners)))
        | TEXT,
        "whole_picture": st.sampled_from(["true", "false"]) | TEXT,
    },
)


def check(description: dict, operation: dict, response) -> None:
    """Compare an answer with what the description says of it, by an independent validator."""
    assert response.status_code < 500 or response.status_code == 503, response.text
    answers = operation["responses"]
    assert str(response.status_code) in answers, response.text
    content = answers[str(response.status_code)]["content"]
    kind = response.headers["content-type"]
    assert kind in content
    schema = {**content[kind]["schema"], "components": description["components"]}
    jsonschema.Draft202012Validator(schema).validate(response.json())


@pytest.fixture
def description(client):
    return client.get("/api/openapi.json").json()


def test_the_description_is_well_formed(description):
    assert description["openapi"].startswith("3.1")
    for name, schema in description["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            whole = {
                "$ref": f"#/components/schemas/{name}",
                "components": description["components"],
            }
            jsonschema.Draft202012Validator(whole).validate(example)
    for name in ("CorrectionRequest", "BriefReading"):
        assert description["components"]["schemas"][name]["examples"]


@SETTINGS
@given(query=QUERY, bodies=st.lists(BODY, min_size=1, max_size=3), form=st.booleans())
def test_readings_answer_as_described(client, description, query, bodies, form):
    operation = description["paths"]["/readings"]["post"]
    if form or len(bodies) > 1:
        files = [("file", (f"{n}.png", body)) for n, body in enumerate(bodies)]
        response = client.post(URL, params=query, files=files)
    else:
        response = client.post(URL, params=query, content=bodies[0])
    check(description, operation, response)
    if response.status_code == 200 and query.get("detail") != "brief":
        result = response.json()
        for reading in result.get("readings", [result]):
            agrees_with_itself(reading)


@SETTINGS
@given(
    correction=st.one_of(
        st.none(),
        st.lists(TEXT),
        st.fixed_dictionaries(
            {},
            optional={
                "reading": st.sampled_from(["known", "0" * 64]) | TEXT,
                "line": st.integers() | st.none() | TEXT,
                "digit": st.integers(-1, 3) | st.floats(allow_nan=False) | st.none(),
                "truth": st.from_regex(r"[0-9]{0,3}", fullmatch=True) | TEXT | st.none(),
                "more": st.none(),
            },
        ),
    )
)
def test_corrections_answer_as_described(client, description, correction):
    known = client.post(URL, content=png(42)).json()["id"]
    if isinstance(correction, dict) and correction.get("reading") == "known":
        correction = {**correction, "reading": known}
    operation = description["paths"]["/corrections"]["post"]
    response = client.post("/api/corrections", json=correction)
    check(description, operation, response)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = {**schema, "components": description["components"]}
    fits = jsonschema.Draft202012Validator(schema).is_valid(correction)
    assert response.status_code != 422 or not fits or "there is no" in response.text.lower()


@SETTINGS
@given(
    body=st.binary(max_size=60), kind=st.sampled_from(["application/json", "multipart/form-data"])
)
def test_bytes_of_any_kind_are_answered(client, description, body, kind):
    for path in ("/readings", "/corrections"):
        response = client.post(f"/api{path}", content=body, headers={"content-type": kind})
        check(description, description["paths"][path]["post"], response)


@pytest.mark.parametrize("path", ["/health", "/ready", "/models"])
def test_responses_to_get_match_the_description(client, description, path):
    check(description, description["paths"][path]["get"], client.get(f"/api{path}"))


def test_pages_of_a_pdf_are_as_described(client, description):
    pytest.importorskip("pypdfium2", reason="pypdfium2 is not installed")
    response = client.post(URL, content=pdf(255, 0))
    check(description, description["paths"]["/readings"]["post"], response)


def test_the_real_reader_answers_as_described(description):
    from pathlib import Path

    from starlette.testclient import TestClient

    from digits.api import create_server

    examples = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples"
    client = TestClient(create_server())
    for picture in sorted(examples.glob("*.jpg")):
        response = client.post(URL, content=picture.read_bytes())
        assert response.status_code == 200
        check(description, description["paths"]["/readings"]["post"], response)
        agrees_with_itself(response.json())


def test_every_field_of_a_reading_is_described(description):
    box, frame = Box(0, 0, 1, 1), np.zeros((28, 28), np.float32)
    digit, mark = Digit(7, 0.9, box, (0.1,) * 10, None, frame), Mark("dot", box)
    line, cell = Line("7", 0.9, box, (digit,), (mark,)), Cell(0, 0, "7", 0.9, box, (mark,))
    model = ModelName("fake", "0" * 64)
    full = Reading("0" * 64, (9, 9), "read", model, "7", 0.9, (line,), (cell,)).to_json()
    schemas = description["components"]["schemas"]
    for name, plain in {
        "FullReading": full,
        "LineAnswer": full["lines"][0],
        "DigitAnswer": full["lines"][0]["digits"][0],
        "MarkAnswer": full["lines"][0]["marks"][0],
        "CellAnswer": full["cells"][0],
    }.items():
        assert set(schemas[name]["properties"]) == plain.keys(), name
        assert set(schemas[name]["required"]) == plain.keys(), name


def test_security_is_described_where_there_is_a_token(house, description):
    assert '"security"' not in json.dumps(description)
    house.token = "s3cret"  # noqa: S105
    guarded = house.client().get("/api/openapi.json").json()["paths"]
    assert guarded["/readings"]["post"]["security"]
    assert "401" in guarded["/readings"]["post"]["responses"]
    assert "security" not in guarded["/health"]["get"]


def test_the_models_that_can_be_named_are_described(description):
    parameters = description["paths"]["/readings"]["post"]["parameters"]
    (model,) = [parameter for parameter in parameters if parameter["name"] == "model"]
    assert model["schema"]["enum"] == ["fake"]
