"""What scripts/make_figures.py counts for itself, against tables that are known."""

import importlib.util
from pathlib import Path

import pytest

from digits.evaluation.folder import EvaluatedPicture, FolderReport
from digits.types import Box, Cell, ModelName, Reading

SCRIPT = Path(__file__).parent.parent.parent / "scripts" / "make_figures.py"
BOX = Box(0, 0, 9, 9)


@pytest.fixture(scope="module")
def figures():
    spec = importlib.util.spec_from_file_location("make_figures", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def report(truth, cells):
    placed = tuple(Cell(row, column, text, 0.9, BOX) for (row, column), text in cells.items())
    reading = Reading("", (9, 9), "read", ModelName("fake", ""), "", 0.9, cells=placed)
    return FolderReport(Path("folder"), (EvaluatedPicture(Path("x.png"), truth, reading, 0.0),))


@pytest.mark.parametrize(
    ("truth", "cells", "right"),
    [
        ("12\n34", {(0, 0): "1", (0, 1): "2", (1, 0): "3", (1, 1): "4"}, "4 of 4"),
        ("12\n34", {(0, 0): "1", (0, 1): "2", (1, 0): "4", (1, 1): "3"}, "2 of 4"),
        ("12\n34", {(0, 1): "1", (0, 2): "2", (1, 1): "3", (1, 2): "4"}, "0 of 4"),
        ("12\t7\n34\t56", {(0, 0): "12", (0, 1): "7", (1, 0): "3", (1, 1): "56"}, "3 of 4"),
    ],
    ids=["all", "two swapped", "a column too far", "several digits in a cell"],
)
def test_cells_count_where_they_stand(figures, truth, cells, right):
    assert figures.cells(report(truth, cells)).endswith(f" {right}.")


def test_what_is_no_table_has_no_cells(figures):
    assert figures.cells(report("12", {})) == ""


def test_a_recipes_looks_become_a_mean_over_seeds(figures, tmp_path, monkeypatch):
    looks = tmp_path / "looks.csv"
    looks.write_text(
        "date,commit,recipe,seed,accuracy,wrong\n"
        "2026-01-02,a,one,0,0.9960,40\n"
        "2026-01-03,b,two,0,0.9970,30\n"
        "2026-01-03,b,two,1,0.9980,20\n"
        "2026-01-03,b,two,2,0.9990,10\n"
        "2026-01-04,c,two,1,0.9999,1\n",  # looked at once more: does not count
        encoding="utf-8",
    )
    monkeypatch.setattr(figures, "TEST_LOG", looks)
    one, two = figures.looks_table().splitlines()[2:]
    assert one == "| one | 2026-01-02 | 40 | 99.60% | one seed |"
    assert two.startswith("| two | 2026-01-03 | 30, 20, 10 | 99.80% | 99.55% to 100.05% |")


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_the_interval_over_seeds_is_students(figures, n):
    stats = pytest.importorskip("scipy.stats")
    shares = [0.996 + 0.0003 * seed**1.5 for seed in range(n)]
    low, high = stats.t.interval(
        0.95, n - 1, loc=sum(shares) / n, scale=stats.tstd(shares) / n**0.5
    )
    result = [float(part.rstrip("%")) / 100 for part in figures.over_seeds(shares).split(" to ")]
    assert result == pytest.approx([low, high], abs=2e-4)
