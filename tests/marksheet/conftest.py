"""Files that several tests of mark sheets read."""

from pathlib import Path

import pytest
from databases import postgres, server, url  # noqa: F401  # fixtures


@pytest.fixture
def example_sheet():
    """The mark sheet that the app offers as an example."""
    root = Path(__file__).parent.parent.parent
    return root / "digits" / "ui" / "examples" / "a mark sheet.jpg"
