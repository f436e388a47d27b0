"""The wheel in an environment of its own: what a person gets who installs it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import digits

pytestmark = pytest.mark.slow  # makes environments and installs

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "digits" / "ui" / "examples" / "five on ruled paper.jpg"
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "THIRD_PARTY.md")


def run(*command: object, cwd: Path, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy, so that nothing is left behind in the checkout."""
    for name in ("pip", "setuptools"):  # asked for and not imported: they change what is imported
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    folder = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(
        ROOT / "digits", folder / "digits", ignore=shutil.ignore_patterns("__pycache__")
    )
    build = "import setuptools.build_meta as b; print(b.build_wheel('.'))"
    run(sys.executable, "-c", build, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """An environment with the wheel; the libraries are those of this one."""
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=ROOT)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(run(python, "-c", place, cwd=folder).strip())
    install = ["-m", "pip", "--python", python, "install", "--no-index", "--no-deps", wheel]
    run(sys.executable, *install, cwd=folder)
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return programs


def test_the_wheel_holds_what_is_served(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    package = ROOT / "digits"
    wanted = [
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert set(wanted) <= set(names)
    assert {"digits/py.typed", "digits/weights/cnn.onnx", "digits/weights/line.onnx"} <= set(wanted)
    assert not [name for name in names if name.startswith(("tests/", "deploy/", "data/"))]
    assert f"digits-{digits.__version__}.dist-info/METADATA" in names


def test_the_installed_command_reads_a_picture(installed, tmp_path):
    shutil.copyfile(PHOTO, tmp_path / "photo.jpg")
    assert run(installed / "digits", "read", "photo.jpg", cwd=tmp_path) == "photo.jpg\t5\n"
    assert run(installed / "digits", "--version", cwd=tmp_path) == f"digits {digits.__version__}\n"
    where = "import digits; print(digits.__file__)"
    found = run(installed / "python", "-c", where, cwd=tmp_path).strip()
    assert Path(found).is_relative_to(installed.parent.resolve()) or str(installed.parent) in found


def test_the_installed_command_examines_itself(installed, tmp_path):
    assert 'reads a year.jpg\tas "2026"' in run(installed / "digits", "doctor", cwd=tmp_path)


def test_the_installed_api_and_its_database_open(installed, tmp_path):
    program = (
        "from starlette.testclient import TestClient; from digits.api import create_server; "
        "print(TestClient(create_server()).get('/api/ready').json()['corrections'])"
    )
    result = run(installed / "python", "-c", program, cwd=tmp_path, DIGITS_HOME=str(tmp_path))
    assert result == "0\n"


def test_the_package_ships_its_types(installed, tmp_path):
    pytest.importorskip("mypy", reason="mypy is not installed")
    (tmp_path / "program.py").write_text(
        "from digits import read\n\ntext: int = read('photo.jpg').text\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--python-executable",
         str(installed / "python"), "program.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert 'expression has type "str", variable has type "int"' in done.stdout, done.stdout
    assert "Found 1 error" in done.stdout


def test_the_public_names_are_these_and_no_others():
    names = {"ANY", "Box", "Digit", "DigitsError", "Hint", "Line", "Mark", "Paper", "Reading"}
    assert set(digits.__all__) == names | {"read", "read_many", "read_pages"}
    for name in digits.__all__:
        assert getattr(digits, name).__doc__ if name != "ANY" else digits.Hint() == digits.ANY
