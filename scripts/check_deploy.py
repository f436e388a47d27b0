"""Check what others get, as far as it can be without Docker: install, start, read, store.

The package by itself, without any extra, is installed as `pipx run` does, and reads a picture.

The install step of the Dockerfile runs in a clean virtual environment. Then the image's start
script runs as a user without rights, in a folder that it may not write, with $PORT and PostgreSQL
as a cloud gives them.

Exit status 0: everything held. 1: something did not. 75: what the check needs is missing: the
package index, or PostgreSQL's programs.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
YEAR = ROOT / "digits" / "ui" / "examples" / "a year.jpg"
MAX_INSTALLED = 870  # MB
MAX_START = 30.0  # s, until healthy, beside other programs
MAX_RESIDENT = 300  # MB, healthy and ready
UNCHECKED = 75  # EX_TEMPFAIL of sysexits.h
TOKEN = "a token"  # noqa: S105
NOBODY = 65534  # user and group without rights
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
KEPT = ("PATH", "LANG", "PIP_INDEX_URL", "OMP_NUM_THREADS")  # of this environment


class DeployError(Exception):
    """Something did not hold."""


def run(*command: str, **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Run a program and show what it said if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode:
        raise DeployError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done


def lay_out_build(folder: Path) -> Path:
    """Copy what the package is built from."""
    build = folder / "build"
    for name in ("deploy/requirements.txt", "pyproject.toml", "README.md", "LICENSE"):
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, build / name)
    shutil.copyfile(ROOT / "THIRD_PARTY.md", build / "THIRD_PARTY.md")
    shutil.copytree(ROOT / "digits", build / "digits", ignore=shutil.ignore_patterns("__pycache__"))
    return build


def install_alone(folder: Path, build: Path) -> Path:
    """Install the package without any extra, and read a picture; return the environment."""
    venv = folder / "venv"
    run(sys.executable, "-m", "venv", str(venv))
    pip = str(venv / "bin" / "pip")
    run(pip, "install", "--no-cache-dir", "-c", "deploy/requirements.txt", ".", cwd=build)
    print(f"the command alone: {megabytes(venv):.0f} MB", flush=True)
    shutil.copyfile(YEAR, folder / "year.jpg")
    answer = run(str(venv / "bin" / "digits"), "read", "year.jpg", cwd=folder).stdout
    if answer != "year.jpg\t2026\n":
        raise DeployError(f"the installed command read {answer!r}")
    run(str(venv / "bin" / "digits"), "doctor", cwd=folder)
    return venv


def install_image(venv: Path, build: Path) -> None:
    """Run the Dockerfile's install step; what is there already has the same versions."""
    for step in re.findall(r"^RUN /venv/bin/pip (.+)$", dockerfile(), re.MULTILINE):
        run(str(venv / "bin" / "pip"), *step.split(), cwd=build)
    tell("installed", megabytes(venv), "MB", MAX_INSTALLED)
    listed = run(str(venv / "bin" / "pip"), "list", "--format", "freeze").stdout
    if "tensorflow" in listed.lower():
        raise DeployError("TensorFlow is installed")


def lay_out(folder: Path) -> Path:
    """Copy to a folder what the Dockerfile copies into the image beside the packages."""
    app = folder / "app"
    app.mkdir()
    last_stage = dockerfile().rpartition("\nFROM ")[2]
    for sources, target in re.findall(r"^COPY (?!--)(.+) (\S+)$", last_stage, re.MULTILINE):
        for source in map(ROOT.joinpath, sources.split()):
            if source.is_dir():
                shutil.copytree(source, app / target)
            else:
                shutil.copyfile(source, app / target / source.name)
    return app


@contextmanager
def postgres(folder: Path) -> Iterator[dict[str, str]]:
    """Start PostgreSQL in a folder of its own; yield its PG… variables."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1].parent if found else Path(shutil.which("initdb") or "/nowhere").parent
    if not (programs / "initdb").exists():
        raise FileNotFoundError("PostgreSQL's initdb")
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {"user": "postgres", "group": "postgres"} if IS_ROOT else {}
    home = folder / "database"
    home.mkdir()
    if IS_ROOT:
        shutil.chown(home, "postgres", "postgres")
    port = str(free_port())
    secret = folder / "secret"
    secret.write_text("p@ss:word/1")
    secret.chmod(0o644)
    run(
        str(programs / "initdb"), "--pgdata", str(home), "--username", "digits",
        "--auth", "scram-sha-256", "--pwfile", str(secret), **user,
    )  # fmt: skip
    with subprocess.Popen(
        [str(programs / "postgres"), "-D", str(home), "-p", port, "-k", str(home)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **user,
    ) as server:
        given = {"PGHOST": "localhost", "PGPORT": port, "PGUSER": "digits", "PGDATABASE": "digits"}
        given |= {"PGPASSWORD": "p@ss:word/1", "PATH": f"{programs}:{os.environ['PATH']}"}
        try:
            while subprocess.run(
                [programs / "pg_isready", "-q"], env=given, check=False
            ).returncode:
                time.sleep(0.2)
            run("createdb", "digits", env={**given, "PGDATABASE": "postgres"})
            yield given
        finally:
            server.terminate()


@contextmanager
def serving(app: Path, venv: Path, url: str) -> Iterator[tuple[int, int]]:
    """Start the image's command, wait until it is healthy; yield its port and process."""
    port = free_port()
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {"PORT": str(port), "DATABASE_URL": url, "HOME": "/nonexistent"}
    environment |= {"DIGITS_API_TOKEN": TOKEN, "PYTHONDONTWRITEBYTECODE": "1"}
    environment["PATH"] = f"{venv / 'bin'}:{environment['PATH']}"
    user = without_rights(venv)
    log = app.parent / "log"
    began = time.perf_counter()
    with (
        log.open("w") as output,
        subprocess.Popen(
            ["sh", "start.sh"], cwd=app, env=environment, stdout=output, stderr=output, **user
        ) as server,
    ):
        try:
            while subprocess.run(
                [venv / "bin" / "python", "healthy.py"], cwd=app, env=environment,
                capture_output=True, check=False,
            ).returncode:  # fmt: skip
                if server.poll() is not None or time.perf_counter() - began > 4 * MAX_START:
                    raise DeployError(f"the server did not start:\n{log.read_text()}")
                time.sleep(0.1)
            tell("healthy after", time.perf_counter() - began, "s", MAX_START)
            yield port, server.pid
        finally:
            server.terminate()


def ask(port: int, path: str, body: bytes | None = None, **headers: str) -> dict[str, object]:
    """Ask the server and return its JSON."""
    headers = {"authorization": f"Bearer {TOKEN}", **headers}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            content: dict[str, object] = json.load(response)
            return content
    except urllib.error.HTTPError as error:
        raise DeployError(f"{path}: {error.code} {error.read().decode()}") from error


def without_rights(venv: Path) -> dict[str, Any]:
    """Return the user to run as: nobody, where there is a choice."""
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        subprocess.run([venv / "bin" / "python", "-c", ""], check=True, **user)
    except (PermissionError, subprocess.CalledProcessError) as error:
        print(f"not checked: starting it as a user without rights ({error})")
        return {}
    return user


def check_server(app: Path, venv: Path, variables: dict[str, str]) -> None:
    """Read, correct, start again, and find the correction; then copy the database and restore."""
    url = "postgres://digits:p%40ss%3Aword%2F1@localhost:{PGPORT}/digits".format(**variables)
    with serving(app, venv, url) as (port, process):
        ask(port, "/api/ready")
        tell("resident, ready", resident(process), "MB", MAX_RESIDENT)
        for _ in range(10):
            reading = ask(port, "/api/readings", YEAR.read_bytes())
        if reading["text"] != "2026":
            raise DeployError(f"it read {reading['text']}")
        tell("resident after ten readings", resident(process), "MB", MAX_RESIDENT)
        sent = json.dumps({"reading": reading["id"], "truth": "2027"}).encode()
        answer = ask(port, "/api/corrections", sent, **{"content-type": "application/json"})
    with serving(app, venv, url) as (port, _):
        stored = ask(port, "/api/ready")["corrections"]
    if not stored or stored != answer["new"]:
        raise DeployError(
            f"{answer['new']} corrections were stored and {stored} found after a restart"
        )
    print(f"corrections found after a restart: {stored}")
    backups = app.parent / "backups"
    backups.mkdir()
    run("sh", str(ROOT / "deploy" / "backup.sh"), str(backups), env=variables)
    (copy,) = backups.iterdir()
    run("createdb", "restored", env=variables)
    run("pg_restore", "--dbname", "restored", str(copy), env=variables)
    count = ["psql", "-tAc", "select count(*) from corrections"]
    restored = run(*count, env={**variables, "PGDATABASE": "restored"}).stdout.strip()
    if restored != str(stored):
        raise DeployError(f"{stored} corrections were copied and {restored} restored")
    print(f"corrections in the restored copy: {restored}")


def megabytes(folder: Path) -> float:
    """Return the size of all files in a folder, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def resident(process: int) -> float:
    """Return a process's resident memory in MB."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1024 / 1e6


def tell(what: str, value: float, unit: str, most: float) -> None:
    """Print a figure, and stop where it is too large."""
    print(f"{what}: {value:.1f} {unit} (at most {most:g})", flush=True)
    if value > most:
        raise DeployError(f"{what}: {value:.1f} {unit}, which is more than {most:g}")


def dockerfile() -> str:
    """Return the Dockerfile."""
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> int:
    """Check all of it, and say how it went."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            build = lay_out_build(folder)
            venv = install_alone(folder, build)
            install_image(venv, build)
            with postgres(folder) as variables:
                check_server(lay_out(folder), venv, variables)
        except FileNotFoundError as error:
            print(f"not checked: {error} is missing")
            return UNCHECKED
        except DeployError as error:
            print(error)
            unreachable = "No matching distribution found" in str(error) and "Connection" in str(
                error
            )
            return UNCHECKED if unreachable else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
