"""Which tests plain `pytest` runs: all but the slow ones; `pytest -m ""` runs everything."""

import re
from pathlib import Path

import pytest

QUICK = "not slow"  # as pyproject.toml has it
SLOW_MODULE = re.compile(r"^pytestmark = pytest\.mark\.slow\b", re.MULTILINE)
IMPORTS_KERAS = re.compile(r"^(?:import keras|from digits\.training\.architectures )", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a slow module: TensorFlow alone takes as long as a hundred tests."""
    if config.option.markexpr != QUICK or collection_path.suffix != ".py":
        return None
    source = collection_path.read_text(encoding="utf-8")
    slow = SLOW_MODULE if collection_path.name.startswith("test_") else IMPORTS_KERAS
    return True if slow.search(source) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that drives a browser as slow, unless it is marked quick.

    Files with slow tests come first, so that no process is left alone with one at the end.
    """
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()) and not item.get_closest_marker("quick"):
            item.add_marker("slow")
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
