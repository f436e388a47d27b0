"""`digits serve` and the app as processes of their own: what answers under /api."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from servers import PATIENCE, ask, free_port, running

ROOT = Path(__file__).parent.parent.parent
YEAR = ROOT / "digits" / "ui" / "examples" / "a year.jpg"


def test_serve_reads_a_picture(tmp_path):
    port, home = free_port(), str(tmp_path)
    command = ["digits", "serve", "--port", str(port)]
    with running(*command, port=port, DIGITS_HOME=home) as process:
        reading = json.loads(ask(port, "/api/readings", YEAR.read_bytes()))
        assert (reading["text"], reading["status"]) == ("2026", "read")
        assert json.loads(ask(port, "/api/ready"))["model"]["name"] == "cnn"
        assert b"/api/readings" in ask(port, "/")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert out == ""
    first, *log = err.splitlines()
    assert f"http://localhost:{port}/api/docs" in first
    assert [json.loads(line)["route"] for line in log] == ["/readings", "/docs"]


def test_serve_takes_port_and_token_from_the_environment():
    port = free_port()
    given = {"PORT": str(port), "DIGITS_API_TOKEN": "s3cret"}
    with running("digits", "serve", port=port, **given):
        with pytest.raises(urllib.error.HTTPError) as refused:
            ask(port, "/api/models")
        assert refused.value.code == 401
        refused.value.close()
        assert b"cnn" in ask(port, "/api/models", authorization="Bearer s3cret")


def test_a_port_that_is_taken(capfd):
    from digits.cli import main

    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "digits", "serve", "--port", port],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"digits: port {port} is already in use: ")
    assert done.stderr.count("\n") == 1
    assert main(["serve", "--port", "65536"]) == 2


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])  # RFC 5737: nobody's address
def test_a_host_that_is_not_this_computer(host, capsys):
    from digits.cli import main

    assert main(["serve", "--port", "0", "--host", host]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("digits: ")
    assert host in err
    assert err.count("\n") == 1


def test_it_reports_listening_after_it_listens(tmp_path):
    """Port 0 is any that is free: the line is the only way to learn which."""
    command = [sys.executable, "-m", "digits", "serve", "--port", "0"]
    environment = {**os.environ, "DIGITS_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stderr.readline()
            port = int(re.search(r"http://localhost:(\d+)/api/docs", line)[1])
            assert json.loads(ask(port, "/api/health"))["status"] == "alive"
            # On one's own computer it has one's own names only, unless others are given to it.
            with pytest.raises(urllib.error.HTTPError) as refused:
                ask(port, "/api/health", host="evil.example")
            assert refused.value.code == 421
            refused.value.close()
        finally:
            process.terminate()


def test_settings_that_make_no_sense(monkeypatch, capsys):
    from digits.cli import main

    monkeypatch.setenv("DIGITS_PUBLIC_URL", "digits.example")
    assert main(["serve", "--port", "0"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("digits: DIGITS_PUBLIC_URL holds")
    assert err.count("\n") == 1


def test_libraries_that_are_missing(monkeypatch, capsys):
    import importlib.util

    from digits.cli import main

    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "uvicorn" else found(name)
    )
    assert main(["serve"]) == 1
    err = capsys.readouterr().err
    assert "uvicorn" in err
    assert err.count("\n") == 1


@pytest.mark.slow
def test_the_app_answers_under_api_in_the_same_process(tmp_path):
    pytest.importorskip("streamlit", reason="Streamlit is not installed")
    port = free_port()
    opened = tmp_path / "opened"
    browser = tmp_path / "browser.py"
    browser.write_text(
        f"import pathlib, sys; pathlib.Path({str(opened)!r}).write_text(sys.argv[1])"
    )
    command = ["streamlit", "run", "app.py", "--server.headless", "false"]
    command += ["--server.port", str(port)]
    with running(*command, port=port, BROWSER=f'"{sys.executable}" "{browser}" %s'):
        assert ask(port, "/_stcore/health") == b"ok"
        assert b"<title>Streamlit</title>" in ask(port, "/")
        assert json.loads(ask(port, "/api/readings", YEAR.read_bytes()))["text"] == "2026"
        for _ in range(PATIENCE):
            if opened.exists() and opened.read_text():
                break
            time.sleep(0.5)
        # Streamlit opens the browser for a script only: for an app it is ours to do.
        assert opened.read_text() == f"http://localhost:{port}"


def test_the_pages_are_still_a_script_that_a_test_can_run():
    testing = pytest.importorskip("streamlit.testing.v1", reason="Streamlit is not installed")
    page = testing.AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Read"
