"""Run Python as if only some of the optional libraries were installed."""

import os
from pathlib import Path

DATABASE = ("alembic", "psycopg", "sqlalchemy")
APP = ("openpyxl", "pypdfium2", "segno", "streamlit")
API = ("fastapi", "prometheus_client", "starlette", "uvicorn")
TRAIN = ("h5py", "keras", "matplotlib", "onnx", "tensorflow", "tf2onnx")

FINDER = """\
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        if fullname.partition(".")[0] in {names!r}:
            return None
        return PathFinder.find_spec(fullname, path, target)

sys.meta_path[:] = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""


def without(folder: Path, *names: str) -> dict[str, str]:
    """Return the environment of a Python that does not find the top-level modules `names`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(FINDER.format(names=set(names)), encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
