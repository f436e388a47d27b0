"""Run the lessons of docs/notebooks with little data, and fail on any error or warning.

    python scripts/run_notebooks.py [NAME…]
    python scripts/run_notebooks.py --write [NAME…]

``--write`` runs them with all data and keeps what they show. The picture of a cell with the tag
``figure-…`` goes to docs/course/images, for slides and reports. NAME is the beginning of a file's
name, such as 3.
"""

import argparse
import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).parent.parent / "docs" / "notebooks"
IMAGES = FOLDER.parent / "course" / "images"
TAG = "figure-"
TIMEOUT = 300  # s, of one cell
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def main() -> int:
    """Run what the command line names; return 1 if any of it fails."""
    parser = argparse.ArgumentParser(description="Run the lessons of docs/notebooks.")
    parser.add_argument("--write", action="store_true", help="with all data; keep the outputs")
    parser.add_argument("names", nargs="*", metavar="NAME", help="the beginning of a file's name")
    given = parser.parse_args()
    paths = [
        path
        for path in sorted(FOLDER.glob("*.ipynb"))
        if not given.names or path.name.startswith(tuple(given.names))
    ]
    os.environ["DIGITS_QUICK"] = "" if given.write else "1"
    import matplotlib.font_manager  # noqa: F401  # its first import logs that it takes a while

    failed = not paths
    for path in paths:
        start = time.perf_counter()
        lesson = nbformat.read(path, as_version=4)
        found = run(lesson)
        failed |= bool(found)
        print(found or "ok", f"{path.name} ({time.perf_counter() - start:.0f} s)", flush=True)
        if given.write and not found:
            nbformat.write(lesson, path)
            write_figures(lesson)
    return int(failed)


def write_figures(lesson: Any) -> None:  # noqa: ANN401  # a notebook of nbformat
    """Write the pictures that slides and reports show."""
    for cell in lesson.cells:
        for tag in cell.metadata.get("tags", []):
            picture = next(out.data for out in cell.outputs if "image/png" in out.get("data", {}))
            path = IMAGES / f"{tag.removeprefix(TAG)}.png"
            path.write_bytes(base64.b64decode(picture["image/png"]))


def run(lesson: Any) -> str:  # noqa: ANN401  # a notebook of nbformat
    """Run a lesson in place; return what went wrong, or nothing."""
    client = NotebookClient(
        lesson,
        timeout=TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=40"],
        resources={"metadata": {"path": str(FOLDER)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return f"{error}\nfailed:"
    lesson.metadata = nbformat.from_dict(METADATA)
    warnings = [
        output.text
        for cell in lesson.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.get("name") == "stderr"
    ]
    return "".join(warnings) and f"{''.join(warnings)}\nprinted to standard error:"


if __name__ == "__main__":
    sys.exit(main())
