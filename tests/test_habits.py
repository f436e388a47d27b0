"""The ablation of habits: its design tells effects apart, and each habit can be left out."""

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="Keras is not installed")
sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

from habits import HABITS, design, to_table

from digits.model import hands
from digits.synthesis import marks, paper, writing

MODULES = (hands, marks, paper, writing)


def test_every_habit_is_in_half_of_the_runs_and_so_is_every_other_in_each_half():
    table = design()
    assert table.shape == (32, 31)
    assert (table.sum(axis=0) == 16).all()
    for one, other in itertools.combinations(table.T, 2):
        assert (one & other).sum() == 8
    assert not table[-1].any()  # what training begins from
    assert len(HABITS) < table.shape[1]  # some columns are left to tell what chance does


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_is_left_out_by_a_constant_that_there_is(habit, monkeypatch):
    before = [dict(vars(module)) for module in MODULES]
    for module, names in zip(MODULES, before, strict=True):
        for name, value in names.items():
            monkeypatch.setattr(module, name, value)  # so that all is as it was afterwards
    HABITS[habit]()
    changed = [
        name
        for module, names in zip(MODULES, before, strict=True)
        for name, value in vars(module).items()
        if names.get(name) is not value
    ]
    assert len(changed) == 1
    assert changed[0].startswith("P_") or changed == ["FORMS"]


def test_without_the_other_forms_a_digit_is_drawn_as_mnists_writers_do(monkeypatch):
    monkeypatch.setattr(hands, "FORMS", hands.FORMS)
    HABITS["other forms of 7"]()
    assert {form.name for form in hands.forms_of(7)} == {"plain"}
    assert len(hands.forms_of(1)) > 2
    rng = np.random.default_rng(0)
    assert {hands.choose(7, rng).name for _ in range(50)} == {"plain"}


def test_the_table_finds_the_habit_that_matters():
    rng = np.random.default_rng(1)
    stamps = list(HABITS).index("stamps")
    rows = []
    for run, there in enumerate(design()):
        wrong = 30 + rng.normal(0, 1) + (0 if there[stamps] else 10)
        rows.append({"run": str(run), "amount: numbers": f"{wrong:.3f}"})
    lines = to_table(rows, 100).splitlines()
    (told,) = [line for line in lines if line.startswith("| stamps |")]
    assert "**" in told
    with_it, without = (float(n) for n in told.split("|")[2].replace("*", "").split("/"))
    assert 9 < without - with_it < 11
    assert sum("**" in line for line in lines) <= 3
