"""What a clone or a ZIP contains, and what its pins promise."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import digits

ROOT = Path(__file__).parent.parent
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]
SERVER = "deploy/requirements.txt"
LARGEST = 50_000_000  # bytes; larger files are what tempts people to Git LFS
LFS = b"version https://git-lfs"


def pins(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def script(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "name",
    ["app.py", "train_model.py", "mnist_model.h5", "requirements.txt", "README.md", "LICENSE"],
)
def test_the_requested_files_are_at_the_root(name):
    assert (ROOT / name).stat().st_size > 0


def test_pins_fit_the_ranges_of_pyproject():
    done = script("scripts/make_requirements.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_pin_outside_its_range_is_found(tmp_path):
    (tmp_path / "deploy").mkdir()
    for name in ["pyproject.toml", *REQUIREMENTS, SERVER]:
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "scripts").mkdir()
    copy = tmp_path / "scripts" / "make_requirements.py"
    copy.write_bytes((ROOT / "scripts" / "make_requirements.py").read_bytes())
    pinned = tmp_path / "requirements.txt"
    text = pinned.read_text(encoding="utf-8")
    pinned.write_text(re.sub(r"^streamlit==.*$", "streamlit==1.0.0", text, flags=re.MULTILINE))
    done = script(str(copy), "--check")
    assert done.returncode == 1
    assert "streamlit" in done.stdout


@pytest.mark.parametrize("name", [*REQUIREMENTS, SERVER])
def test_pins_name_no_address_and_no_path(name):
    for line in pins(name):
        pin = Requirement(line)  # an option or a path is none
        assert pin.url is None, line
        assert [str(part)[:2] for part in pin.specifier] == ["=="], line
        assert pin.name != "digits", line


def test_the_requested_libraries_are_pinned():
    names = {Requirement(line).name for line in pins("requirements.txt")}
    assert {"tensorflow", "keras", "numpy", "streamlit", "pillow"} <= names


@pytest.mark.parametrize("name", REQUIREMENTS)
@pytest.mark.parametrize("python", ["3.11.0", "3.12.0", "3.13.0"])
@pytest.mark.parametrize(
    ("system", "machine", "tensorflow"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("win32", "AMD64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
        ("darwin", "x86_64", None),
    ],
)
def test_each_machine_gets_one_pin_of_each_library(name, python, system, machine, tensorflow):
    where = {
        "python_version": python[:4],
        "python_full_version": python,
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
    }
    chosen = [
        pin.name
        for pin in map(Requirement, pins(name))
        if pin.marker is None or pin.marker.evaluate(where)
    ]
    assert len(chosen) == len(set(chosen))
    assert "onnxruntime" in chosen
    found = {"tensorflow", "tensorflow-cpu"} & set(chosen)
    assert found == ({tensorflow} if tensorflow else set())


def test_python_3_14_gets_no_tensorflow():
    where = {"python_version": "3.14", "python_full_version": "3.14.0"}
    needed = {"tensorflow", "tensorflow-cpu", "keras", "h5py", "tf2onnx"}
    for pin in map(Requirement, pins("requirements.txt")):
        if pin.name in needed:
            assert pin.marker is not None
            assert not pin.marker.evaluate(where), pin


def test_a_server_gets_no_tensorflow():
    names = {Requirement(line).name for line in pins(SERVER)}
    assert {"fastapi", "psycopg", "streamlit", "uvicorn"} <= names
    assert not names & {"tensorflow", "tensorflow-cpu", "keras", "matplotlib", "pytest"}


def test_third_party_lists_what_is_installed():
    done = script("scripts/make_third_party.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


# Licences under which a package may be used, changed and passed on with an MIT program. What is
# joined by AND or a comma must all be among them; of an OR, the first.
FREE = re.compile(
    r"(MIT( License)?|MIT-CMU|MPL-2\.0|ISC License|PSF-2\.0|Python Software Foundation License|0BSD"
    r"|Zlib|CC0-1\.0|(3-Clause )?BSD( 3-Clause)?( License)?|BSD-[23]-Clause|dependency licenses"
    r"|Apache[ -]2\.0|Apache (License 2\.0|Software License))"
)


def test_all_licences_are_compatible_with_mit():
    rows = (ROOT / "THIRD_PARTY.md").read_text("utf-8").splitlines()
    licences = {
        row.split("|")[1].strip(" `"): row.split("|")[3].strip()
        for row in rows
        if row.startswith("| `")
    }
    assert len(licences) > 50
    others = {
        name: licence
        for name, licence in licences.items()
        if not all(FREE.fullmatch(part) for part in re.split(r" AND |, ", licence.split(" OR ")[0]))
    }
    # Microsoft's runtime, on Windows alone, may be passed on with what needs it; the driver of
    # PostgreSQL is a library of its own, which anybody may exchange.
    assert others.pop("msvc-runtime") == "Proprietary (Microsoft)"
    assert others == {"psycopg": "LGPL-3.0-only", "psycopg-binary": "LGPL-3.0-only"}


def test_the_version_is_defined_once():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"]
    assert Version(digits.__version__).release
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {digits.__version__}\n" in citation
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {digits.__version__}" in changes


def test_the_mnist_card_matches_the_file():
    card = json.loads((ROOT / "data" / "mnist.json").read_text(encoding="utf-8"))
    path = ROOT / "data" / card["file"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card["sha256"]
    with np.load(path, allow_pickle=False) as arrays:
        found = {
            name: {"shape": list(arrays[name].shape), "dtype": str(arrays[name].dtype)}
            for name in arrays.files
        }
        assert found == card["arrays"]
        labels = set(arrays["y_train"].tolist()) | set(arrays["y_test"].tolist())
    assert labels == set(range(10))


def test_nothing_needs_git_lfs():
    assert "lfs" not in (ROOT / ".gitattributes").read_text(encoding="utf-8")
    large = [*ROOT.glob("*.h5"), *(ROOT / "data").glob("*"), *(ROOT / "digits/weights").glob("*")]
    for path in large:
        assert path.stat().st_size < LARGEST, path
        with path.open("rb") as file:
            assert file.read(len(LFS)) != LFS, path


def test_git_ignores_the_virtual_environment():
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"venv/", ".venv/"} <= set(lines)


def test_the_app_opens_the_browser_at_the_requested_address():
    settings = tomllib.loads((ROOT / ".streamlit/config.toml").read_text(encoding="utf-8"))
    assert not settings["server"].get("headless", False)
    assert settings["server"]["port"] == 8501
    assert settings["server"]["address"] == "localhost"
    assert settings["server"]["showEmailPrompt"] is False


@pytest.mark.slow
def test_the_dense_network_is_the_requested_one():
    pytest.importorskip("keras", reason="TensorFlow has no wheel for this machine")
    from digits.training.architectures import build_network
    from digits.training.digit import compile_network
    from digits.training.recipes import RECIPES

    network = build_network("dense")
    compile_network(network, RECIPES["best"]["dense"], n_train=1)
    layers = [(type(layer).__name__, layer) for layer in network.layers]
    assert network.input_shape == (None, 28, 28)
    assert [name for name, _ in layers] == ["Flatten", "Dense", "Dense"]
    assert layers[1][1].activation.__name__ == "relu"
    assert layers[2][1].activation.__name__ == "softmax"
    assert network.output_shape == (None, 10)
    assert type(network.optimizer).__name__ == "Adam"
    assert network.loss == "categorical_crossentropy"
