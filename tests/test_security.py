"""What docs/security.md promises, tried."""

import http.client
import io
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from servers import ask, free_port, running

from digits.batch.job import read_chunk, run_batch
from digits.corrections.store import Correction, CorrectionFilter, Corrections
from digits.errors import ModelError, TooLargeError
from digits.io.sandbox import open_sandbox
from digits.io.sources import find_sources
from digits.registry import current_reader
from digits.types import ANY, Box, ModelName

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "digits" / "ui" / "examples"
YEAR = EXAMPLES / "a year.jpg"
SECRETS = {"DIGITS_API_TOKEN": "token-5ecret", "DIGITS_PASSWORD": "owner-5ecret"}

# Python tells of every connection and of every name that is looked up (PEP 578).
WATCH = """
import os, sys
LOCAL = ("127.0.0.1", "::1", "localhost", "0.0.0.0", None, "")
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if host not in LOCAL:
        with open(os.environ["WATCHED"], "a", encoding="utf-8") as file:
            file.write(f"{event} {arguments}\\n")
sys.addaudithook(watch)
"""

EVERYTHING = """
import sys
from pathlib import Path
from digits import read
from digits.registry import current_corrections, current_reader
from digits.cli import main
from digits.corrections.from_reading import to_corrections
from digits.io.document import load_picture

year, folder = sys.argv[1:]
read(year)
picture = load_picture(year)
told = to_corrections(picture, current_reader().read(picture), "2027", source="read", act="typed")
current_corrections().add(told)
for command in (
    ["read", year, "--format", "csv"],
    ["evaluate", folder],
    ["batch", year, "--out", f"{folder}/out.csv", "--workers", "1"],
    ["report", year, "--out", f"{folder}/report.html"],
    ["doctor"],
    ["learn"],
):
    main(command)
"""


@pytest.fixture
def watched(tmp_path):
    """Return the environment in which outside connections are written down, and the file."""
    folder = tmp_path / "watch"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WATCH, "utf-8")
    result = tmp_path / "outside.txt"
    result.touch()
    paths = [str(folder), str(ROOT)]
    return {"PYTHONPATH": os.pathsep.join(paths), "WATCHED": str(result)}, result


def test_the_watch_sees_an_outside_connection(watched):
    """The oracle itself."""
    environment, result = watched
    script = "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect((H, 9))"
    script = script.replace("H", "'192.0.2.1'")  # RFC 5737: an address that is nobody's
    subprocess.run([sys.executable, "-c", script], env={**os.environ, **environment})
    assert "192.0.2.1" in result.read_text("utf-8")


@pytest.mark.slow
def test_no_command_makes_network_requests(watched, tmp_path):
    environment, result = watched
    (tmp_path / "labels.csv").write_text("file,text\nyear.jpg,2026\n", "utf-8")
    (tmp_path / "year.jpg").write_bytes(YEAR.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING, str(YEAR), str(tmp_path)],
        env={**os.environ, **environment, "DIGITS_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "exact" in done.stdout
    assert "2026" in (tmp_path / "report.html").read_text("utf-8")
    assert result.read_text("utf-8") == ""


def handshake(port, **headers):
    """Ask for a WebSocket of the pages, and return the status: 101 where it is opened."""
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}
    connection.request("GET", "/_stcore/stream", headers=asked)
    status = connection.getresponse().status
    connection.close()
    return status


def answer(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("localhost", port, timeout=60)
    connection.request(method, path, body, headers)
    found = connection.getresponse()
    content = found.read()
    connection.close()
    return found, content


@pytest.mark.slow
def test_the_app_rejects_other_sites_and_makes_no_requests(watched, tmp_path):
    pytest.importorskip("streamlit", reason="Streamlit is not installed")
    environment, result = watched
    port = free_port()
    command = ["streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port)]
    home = {"DIGITS_HOME": str(tmp_path / "home"), **environment}
    with running(*command, port=port, **home):
        own = f"http://localhost:{port}"
        assert handshake(port, Origin=own) == 101
        # Streamlit itself would ask an outside host now whether this is its own address.
        assert handshake(port, Origin="http://evil.example") == 403
        rebound = {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}
        assert handshake(port, **rebound) == 403
        for path in ("/", "/corrections", "/api/models", "/media/none"):
            assert answer(port, "GET", path, Host="evil.example")[0].status == 421
        page, _ = answer(port, "GET", "/")
        assert "frame-ancestors 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        interface, _ = answer(port, "GET", "/api/health")
        assert "frame-ancestors 'none'" in interface.headers["Content-Security-Policy"]
        # A page of another site has nothing read, though a browser would let it send a picture.
        for foreign in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            refused, problem = answer(port, "POST", "/api/readings", YEAR.read_bytes(), **foreign)
            assert refused.status == 403
            assert json.loads(problem)["status"] == 403
            assert answer(port, "PUT", "/_stcore/x", b"x", **foreign)[0].status == 403
        ours = {"Origin": own, "Sec-Fetch-Site": "same-origin"}
        assert answer(port, "POST", "/api/readings", YEAR.read_bytes(), **ours)[0].status == 200
        # A form of another site can send no upload for a visitor: it knows no token.
        upload, _ = answer(port, "PUT", "/_stcore/upload_file/any/file", b"x")
        assert upload.status == 403
        assert "_streamlit_xsrf" in answer(port, "GET", "/_stcore/health")[0].headers["Set-Cookie"]
        # Streamlit's interface for programs, which would show them the pages, stays closed.
        closed, content = answer(port, "POST", "/_stcore/agent/interact", b"{}")
        assert closed.status >= 400
        assert b"does not serve" in content
        assert json.loads(ask(port, "/api/readings", YEAR.read_bytes()))["text"] == "2026"
    assert result.read_text("utf-8") == ""


def test_no_secret_is_in_logs_or_responses(tmp_path):
    """Neither token nor passwords, with a database that is gone and a caller who is refused."""
    port = free_port()
    url = "postgresql://somebody:database-5ecret@127.0.0.1:9/digits"
    secrets = {**SECRETS, "DATABASE_URL": url, "DIGITS_HOME": str(tmp_path)}
    said = []
    with running("digits", "serve", "--port", str(port), port=port, **secrets) as server:
        for token in ("wrong-5ecret", SECRETS["DIGITS_API_TOKEN"]):
            bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            for method, path in (
                ("GET", "/api/models"),
                ("GET", "/api/ready"),
                ("GET", "/api/metrics"),
                ("GET", "/api/openapi.json"),
                ("POST", f"/api/readings?token={token}"),
            ):
                body = b"" if method == "POST" else None
                found, content = answer(port, method, path, body, **bearer)
                said.append(f"{found.headers}{content.decode()}")
        server.terminate()
        said += server.communicate(timeout=60)
    for command in (["doctor"], ["learn"]):
        done = subprocess.run(
            [sys.executable, "-m", "digits", *command],
            cwd=ROOT,
            env={**os.environ, **secrets},
            capture_output=True,
            text=True,
        )
        said += [done.stdout, done.stderr]
    together = "".join(said)
    assert '"status": 401' in together
    assert "cannot be reached" in together
    assert "5ecret" not in together


def test_no_name_of_an_upload_reaches_a_path_or_a_shell(client_of_api):
    """Python tells of every file that is opened, too."""
    opened = []

    def watch(event, arguments):
        if event in ("open", "os.mkdir", "os.rename", "subprocess.Popen", "os.system"):
            opened.append(str(arguments))

    sys.addaudithook(watch)
    name = "../../../hostile-name; touch hostile-name.png"
    given = {"file": (name, YEAR.read_bytes(), "image/png")}
    reading = client_of_api.post("/api/readings", files=given)
    assert reading.status_code == 200
    assert not [each for each in opened if "hostile-name" in each]


@pytest.fixture(scope="module")
def client_of_api():
    from starlette.testclient import TestClient

    from digits.api import create_server

    with TestClient(create_server()) as client:
        yield client


def test_a_zip_is_never_unpacked_wherever_its_names_lead(tmp_path):
    packed = tmp_path / "a" / "b" / "hostile.zip"
    packed.parent.mkdir(parents=True)
    stroke = io.BytesIO()
    Image.fromarray(np.pad(np.zeros((20, 4), np.uint8), 12, constant_values=255)).save(
        stroke, "PNG"
    )
    names = ["../../out.png", "/out.png", "..\\..\\out.png", "C:\\out.png", "link.png"]
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names[:-1]:
            archive.writestr(name, stroke.getvalue())
        link = zipfile.ZipInfo("link.png")
        link.external_attr = 0o120777 << 16  # a symbolic link, to what it holds
        archive.writestr(link, str(YEAR))
    before = sorted(tmp_path.rglob("*"))
    assert len(list(find_sources([str(packed)]))) >= 3

    def here(chunks, job, _workers):
        for chunk in chunks:
            yield read_chunk(chunk, job)

    out = tmp_path / "out.jsonl"
    run_batch([str(packed)], str(out), hint=ANY, engine=here)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, out])
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    followed = [row for row in rows if row["file"].endswith("link.png")]
    assert [row["status"] for row in followed] == ["failed"]  # it is no picture, and no way out


HOSTILE = [
    "'; DROP TABLE corrections; --",
    '" OR 1=1 --',
    "%' OR '1'='1",
    "\\'; DELETE FROM corrections; --",
    "%_%",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_never_sql(text, tmp_path):
    store = Corrections(f"sqlite:///{(tmp_path / 'c.sqlite').as_posix()}")
    result = [
        Correction(
            reading="0" * 64,
            line=0,
            digit=None,
            box=Box(n, 0, 9, 9),
            crop=b"x",
            frame=None,
            read=read,
            model=ModelName(read, "0" * 64),
            truth="7",
            source="read",
            file=read,
            made=datetime(2026, 1, 1, tzinfo=UTC),
        )
        for n, read in enumerate((text, "1"))
    ]
    assert store.add(result) == 2
    assert [each.file for each in store.all(CorrectionFilter(contains=text))] == [text]
    assert store.count() == 2
    assert store.remove([text]) == 0
    assert store.restore([text]) == 0
    assert store.count() == 2
    store.close()


def test_the_sandbox_gets_no_secret(monkeypatch):
    monkeypatch.setenv("DIGITS_API_TOKEN", "s3cret")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:s3cret@db/digits")
    given = {}

    def refuse(*_, env, **__):
        given.update(env)
        raise OSError

    monkeypatch.setattr("digits.io.sandbox.subprocess.Popen", refuse)
    monkeypatch.setattr("digits.io.sandbox.importlib.util.find_spec", lambda _: True)
    with pytest.raises(TooLargeError), open_sandbox("pdf", b"%PDF-"):
        pass
    assert "PYTHONPATH" in given
    assert not [name for name, value in given.items() if "s3cret" in value]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_an_h5_that_would_run_code_is_rejected(ending, tmp_path):
    keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
    ran = tmp_path / "ran"
    touched = str(ran)
    network = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Lambda(lambda x: (os.close(os.open(touched, os.O_CREAT)), x)[1]),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    path = tmp_path / f"hostile.{ending}"
    network.save(path)
    ran.unlink(missing_ok=True)  # here it may run: we made it
    with pytest.raises(ModelError, match="cannot be opened"):
        current_reader(str(path)).classifier.network(np.zeros((1, 28, 28), np.float32))
    assert not ran.exists()


def test_streamlit_settings_match_the_security_document():
    for path in (".streamlit/config.toml", "deploy/.streamlit/config.toml"):
        settings = tomllib.loads((ROOT / path).read_text("utf-8"))
        server = settings["server"]
        assert server.get("enableXsrfProtection", True) is True
        assert server.get("enableCORS", True) is True
        assert server.get("enableAgentApi", False) is False
        assert server.get("maxUploadSize", 64) == 64
        assert server.get("enableStaticServing", False) is False
        assert settings.get("browser", {}).get("gatherUsageStats", False) is False


DOCUMENT = (ROOT / "docs" / "security.md").read_text("utf-8")


def test_every_claim_of_the_security_document_names_a_test():
    tests = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", DOCUMENT)
    assert len(set(named)) > 20
    assert [name for name in named if f"def {name}(" not in tests] == []
    for line in DOCUMENT.splitlines():
        if line.startswith("| ") and not line.startswith(("| attack", "| ---", "| claim")):
            assert "`test_" in line or "scripts/" in line, line
