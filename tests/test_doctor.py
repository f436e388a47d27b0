"""The examination of an installation: what it says of a sound one and of broken ones."""

import re
import tomllib
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from digits import doctor, registry
from digits.cli import main
from digits.errors import ModelError
from digits.registry import available_models

ROOT = Path(__file__).parent.parent


def test_the_self_test_of_this_installation_passes(capsys):
    assert main(["doctor"]) == 0
    out, err = capsys.readouterr()
    rows = dict(line.split("\t") for line in out.splitlines())
    assert rows["numpy"] == metadata.version("numpy")
    assert rows["reads a year.jpg"] == 'as "2026"'
    assert rows["model cnn"].startswith("opens; sha256 ")
    assert err == ""


def test_the_examples_of_the_self_test_are_shipped():
    for file in doctor.KNOWN:
        assert (doctor.EXAMPLES / file).is_file()


def test_every_library_of_pyproject_is_looked_at():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = {"": project["dependencies"], **project["optional-dependencies"]}
    for part, names in doctor.LIBRARIES.items():
        wanted = {Requirement(line).name for line in parts[part]}
        # The first of these stands for the second; the other is Windows' own runtime.
        assert set(names) == wanted - {"tensorflow-cpu", "msvc-runtime"}, part


def test_what_is_only_needed_for_more_is_no_fault(monkeypatch, capsys):
    found = metadata.version

    def version(name):
        if name in ("streamlit", "tensorflow", "tensorflow-cpu"):
            raise metadata.PackageNotFoundError(name)
        return found(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "\nstreamlit\tnot installed; comes with digits[app]\n" in out
    assert re.search(r"^tensorflow\tnot installed", out, re.MULTILINE)
    last = out.splitlines()[-1]
    assert last.startswith("verdict\treading works; for the parts app, ")
    assert "train" in last
    assert "pip install" in last


def test_what_reading_needs_is_missed(monkeypatch, capsys):
    def version(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    assert main(["doctor"]) == 1
    assert "digits: numpy: not installed" in capsys.readouterr().err


def test_a_damaged_model_is_named(monkeypatch, capsys):
    def damaged(model=None):
        raise ModelError("the model is damaged")

    monkeypatch.setattr(doctor, "current_reader", damaged)
    assert main(["doctor"]) == 1
    out, err = capsys.readouterr()
    assert "model cnn\tthe model is damaged\n" in out
    n_faults = len(available_models()) + len(doctor.KNOWN)
    assert out.splitlines()[-1] == f"verdict\t{n_faults} faults found, named above"
    assert err.count("the model is damaged") == len(available_models()) + len(doctor.KNOWN)


def test_a_model_that_reads_wrongly_is_named(monkeypatch, capsys):
    reader = registry.current_reader()

    class Mistaken:
        classifier = reader.classifier

        def read(self, picture):
            return replace(reader.read(picture), text="7")

    monkeypatch.setattr(doctor, "current_reader", lambda model=None: Mistaken())
    assert main(["doctor"]) == 1
    assert 'reads a year.jpg: as "7", but it says "2026"' in capsys.readouterr().err


def test_a_finding_is_one_line_of_two_columns():
    for finding in doctor.examine():
        assert not re.search(r"[\t\n]", finding.what + finding.state), finding


def test_the_last_line_is_the_summary():
    sound, broken = doctor.Finding("numpy", "2.2"), doctor.Finding("model", "damaged", wrong=True)
    assert doctor.verdict([sound]) == "everything works"
    assert doctor.verdict([sound, broken]) == "1 fault found, named above"
