"""The diagrams are those of the code."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("grimp", reason="import-linter is not installed")
ROOT = Path(__file__).parent.parent


@pytest.fixture
def make_diagrams(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    return importlib.import_module("make_diagrams")


def test_the_diagrams_are_those_of_the_code():
    script = [sys.executable, str(ROOT / "scripts" / "make_diagrams.py"), "--check"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_old_diagram_is_told(make_diagrams, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(make_diagrams, "TARGET", tmp_path / "diagrams.md")
    monkeypatch.setattr(sys, "argv", ["make_diagrams.py", "--check"])
    assert make_diagrams.main() == 1
    make_diagrams.TARGET.write_text(make_diagrams.draw() + "x", encoding="utf-8")
    assert make_diagrams.main() == 1
    assert "run python scripts/make_diagrams.py" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["make_diagrams.py"])
    assert make_diagrams.main() == 0
    monkeypatch.setattr(sys, "argv", ["make_diagrams.py", "--check"])
    assert make_diagrams.main() == 0


def test_the_chain_leads_from_bytes_to_a_reading(make_diagrams):
    arrows = [line.split() for line in make_diagrams.data_flow()]
    reached = {"bytes"}
    for _ in arrows:
        reached |= {arrow[-1] for arrow in arrows if arrow[0] in reached}
    assert {"Picture", "Page", "Strip", "Found", "Reading"} <= reached
