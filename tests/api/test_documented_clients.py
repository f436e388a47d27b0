"""The clients in docs/api.md run against a server and read the picture."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from servers import free_port, running

ROOT = Path(__file__).parent.parent.parent
PHOTO = ROOT / "digits" / "ui" / "examples" / "five on ruled paper.jpg"
DOCUMENT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
CODE = re.findall(r"^```(\w+)\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
RUNNERS = {"sh": "curl", "python": sys.executable, "javascript": "node"}
TOKEN = "s3cret"  # noqa: S105


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    command = ["digits", "serve", "--port", str(port)]
    with running(*command, port=port, DIGITS_HOME=str(home)):
        yield port


def run(kind: str, code: str, port: int, folder: Path) -> str:
    """Run one example in a folder with the picture that it names; return what it prints."""
    program = shutil.which(RUNNERS[kind])
    if program is None:
        pytest.skip(f"{RUNNERS[kind]} is not installed")
    shutil.copyfile(PHOTO, folder / "photo.jpg")
    code = code.replace("localhost:8000", f"localhost:{port}")
    endings = {"sh": ".sh", "python": ".py", "javascript": ".mjs"}
    file = folder / f"client{endings[kind]}"
    file.write_text(code, encoding="utf-8")
    command = ["sh", "-eu", str(file)] if kind == "sh" else [program, str(file)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "DIGITS_API_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def examples(kind: str) -> list[str]:
    return [code for of, code in CODE if of == kind]


def test_there_is_a_client_in_each_language():
    assert {kind for kind, _ in CODE} == set(RUNNERS)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")
@pytest.mark.parametrize("code", examples("sh"))
def test_curl(code, server, tmp_path):
    result = run("sh", code, server, tmp_path)
    assert '"text":"5"' in result or '"new":2' in result or '"name":"cnn"' in result


@pytest.mark.parametrize("code", examples("python"))
def test_python(code, server, tmp_path):
    assert re.fullmatch(r"5 0\.\d+\n", run("python", code, server, tmp_path))


@pytest.mark.parametrize("code", examples("javascript"))
def test_javascript(code, server, tmp_path):
    assert re.fullmatch(r"5 0\.\d+\n", run("javascript", code, server, tmp_path))


def test_every_address_and_parameter_is_documented():
    from digits.api import create_api

    description = create_api().openapi()
    for path, operations in description["paths"].items():
        assert f"/api{path}" in DOCUMENT
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                assert f"`{parameter['name']}=" in DOCUMENT
            for status in operation["responses"]:
                if status != "200":
                    assert f" {status}" in DOCUMENT, status


def test_the_limits_are_as_documented():
    from digits.api.limits import Limits
    from digits.io.image import MAX_BYTES, MAX_PIXELS

    limits = Limits()
    text = " ".join(DOCUMENT.split())
    assert f"more than {limits.body // 10**6} MB or {limits.pages} pages" in text
    assert f"or {MAX_BYTES // 10**6} MB or {MAX_PIXELS // 10**6} million pixels" in text
    assert f"{limits.requests} requests are in progress" in text
    assert f"within {limits.upload_seconds:g} s" in text
    assert f"more than {limits.read_seconds:g} s" in text
    assert f"about {limits.cache_bytes // 10**6} MB" in text
