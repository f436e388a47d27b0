"""What runs elsewhere, as far as it can be tried here; scripts/check_deploy.py does the rest."""

import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers import free_port, running

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COPIES = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no sh")


@pytest.mark.parametrize("source", [name for line in COPIES for name in line.split()])
def test_what_the_image_copies_is_there_and_not_ignored(source):
    assert (ROOT / source).exists()
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    kept = [line[1:] for line in lines if line.startswith("!")]
    assert any(fnmatch.fnmatch(source, f"{name}*") for name in kept)
    assert lines[1] == "*"


@pytest.mark.slow
@posix
def test_the_start_script_listens_at_the_given_port(tmp_path):
    pytest.importorskip("streamlit", reason="Streamlit is not installed")
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PORT": str(port),
        "DIGITS_HOME": str(tmp_path),
    }
    healthy = [sys.executable, str(ROOT / "deploy/healthy.py")]
    assert subprocess.run(healthy, env=environment, capture_output=True).returncode != 0
    with running("sh", "deploy/start.sh", port=port, **environment):
        subprocess.run(healthy, env=environment, check=True)


def test_the_entry_for_streamlits_cloud_shows_the_app(monkeypatch, tmp_path):
    testing = pytest.importorskip("streamlit.testing.v1", reason="Streamlit is not installed")
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path))
    monkeypatch.setenv("DIGITS_MODE", "")  # so that it is as before in the end
    monkeypatch.delenv("DIGITS_MODE")
    page = testing.AppTest.from_file(str(ROOT / "deploy/streamlit_app.py"), default_timeout=60)
    page.run()
    assert not page.exception
    assert page.title[0].value == "Read"
    assert os.environ["DIGITS_MODE"] == "shared"
    assert (ROOT / "deploy/requirements.txt").exists()


@posix
def test_a_copy_of_the_database_is_whole_and_the_oldest_go(tmp_path):
    programs, copies = tmp_path / "bin", tmp_path / "copies"
    programs.mkdir()
    copies.mkdir()
    for age in range(20):
        old = copies / f"old-{age:02}.dump"
        old.touch()
        os.utime(old, (1_000_000 - age, 1_000_000 - age))
    dump = programs / "pg_dump"
    dump.write_text('#!/bin/sh\nfor last; do :; done\necho copied > "${last#--file=}"\n')
    dump.chmod(0o755)
    command = ["sh", str(ROOT / "deploy/backup.sh"), str(copies)]
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(command, check=True, env=environment)
    left = sorted(path.name for path in copies.iterdir())
    assert len(left) == 14
    assert left[-13:] == [f"old-{age:02}.dump" for age in range(13)]
    assert (copies / left[0]).read_text() == "copied\n"

    dump.write_text('#!/bin/sh\nfor last; do :; done\necho half > "${last#--file=}"\nexit 1\n')
    assert subprocess.run(command, env=environment).returncode != 0
    assert sorted(path.name for path in copies.glob("*.dump")) == left
