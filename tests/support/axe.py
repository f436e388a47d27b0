"""What axe-core finds on a page, for browser tests."""

import pytest


def serious_faults(page, name):
    """Return each serious or critical fault on a page, with its place."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed"
    ).Axe()
    return [
        f"{name}: {fault['help']}: {node['html'][:200]}"
        for fault in axe.run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
