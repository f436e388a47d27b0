"""The lessons are kept with what they show, and the script that runs them finds what goes wrong."""

import ast
import importlib
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent.parent / "docs" / "notebooks"
LESSONS = sorted(FOLDER.glob("*.ipynb"))


def cells(path):
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_keeps_pictures_and_neither_errors_nor_warnings(path):
    outputs = [output for cell in cells(path) for output in cell["outputs"]]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert [cell["execution_count"] for cell in cells(path)] == [*range(1, 1 + len(cells(path)))]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_what_a_lesson_imports_is_there(path):
    code = "\n".join("".join(cell["source"]) for cell in cells(path))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("digits."):
            if node.module.startswith("digits.training"):
                continue  # needs TensorFlow
            module = importlib.import_module(node.module)
            assert [name.name for name in node.names if not hasattr(module, name.name)] == []


@pytest.mark.slow  # starts a kernel for each
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print(1)", ""),
        ("assert 1 == 2, 'one is not two'", "one is not two"),
        ("import warnings; warnings.warn('too small')", "too small"),
    ],
)
def test_an_error_or_a_warning_of_a_lesson_is_found(code, expected):
    nbformat = pytest.importorskip("nbformat", reason="nbclient is not installed")
    run_notebooks = importlib.import_module("scripts.run_notebooks")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    found = run_notebooks.run(book)
    assert (expected in found) if expected else not found
