"""Write THIRD_PARTY.md: what both requirements.txt install, under which licence; --check compares.

Licences are read from the metadata of the installed packages, so this runs where
requirements-dev.txt is installed. The check needs no installation: it compares names and versions.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PINNED = ("requirements.txt", "deploy/requirements.txt")
OUT = ROOT / "THIRD_PARTY.md"
ROW = re.compile(r"^\| \[?`([^`]+)`[^|]*\| ([^|]+) \|", re.MULTILINE)
LONGEST = 60  # characters; a longer licence field holds the text, not the name
ELSEWHERE = {  # pins for other machines than the one this runs on, from their project pages
    "colorama": "BSD-3-Clause",
    "coloredlogs": "MIT",
    "humanfriendly": "MIT",
    "mpmath": "BSD-3-Clause",
    "msvc-runtime": "Proprietary (Microsoft)",
    "sympy": "BSD",
    "tensorflow": "Apache 2.0",
}
FROM_FILE = {  # stated, or stated exactly, in the licence file only
    "mpmath": "BSD-3-Clause",
    "namex": "Apache-2.0",
    "python-dateutil": "BSD-3-Clause",
}

HEAD = """# Third-party software and data

Made by `scripts/make_third_party.py` from the installed packages; do not edit.

The repository contains MNIST (`data/mnist.npz`), commonly stated to be under CC BY-SA 3.0: see
[data/README.md](data/README.md). It contains no third-party code. `pip install -r
requirements.txt`, or `deploy/requirements.txt` on a server, installs packages of those below, each
under its own licence; some of their wheels contain further libraries, whose licences lie inside the
wheel.

The shipped convolutional, line and page networks learned from MNIST and these data sets, which are
not part of the repository. The data were changed: strokes are smoothed and drawn anew, scans
cut out and scaled ([docs/handwriting.md](docs/handwriting.md)). A network's card says which ones it
was trained on.

{data_sets}
| package | version | licence |
|---|---|---|
"""


def pins() -> dict[str, list[str]]:
    """Return the pinned versions of each package, for one's own computer and for a server."""
    found: dict[str, list[str]] = {}
    for file in PINNED:
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                pin = Requirement(line)
                versions = found.setdefault(canonicalize_name(pin.name), [])
                if (version := next(iter(pin.specifier)).version) not in versions:
                    versions.append(version)
    return found


def licence(name: str) -> str:
    """Return the licence that a package states of itself."""
    try:
        stated = metadata(name).json
    except PackageNotFoundError:
        return ELSEWHERE[name]
    return FROM_FILE.get(name) or _from_metadata(stated)


def _from_metadata(stated: dict[str, Any]) -> str:
    """Return the SPDX expression, else the short licence field, else the classifiers."""
    if expression := stated.get("license_expression"):
        return str(expression)
    short = " ".join(str(stated.get("license") or "").split())
    if short and len(short) <= LONGEST and short != "UNKNOWN":
        return short
    classifiers: list[str] = stated.get("classifier", [])
    names = [line.split(" :: ")[-1] for line in classifiers if line.startswith("License ::")]
    return ", ".join(name for name in names if name != "OSI Approved") or "not stated"


def table() -> str:
    """Return the whole document."""
    rows = [
        f"| `{name}` | {', '.join(versions)} | {licence(name)} |\n"
        for name, versions in sorted(pins().items())
    ]
    sys.path.insert(0, str(ROOT))
    from digits.training.handwriting import SOURCES

    data_sets = "".join(
        f"- [{source.title}]({source.address}), {source.authors}, {source.licence}\n"
        for source in SOURCES.values()
    )
    return HEAD.replace("{data_sets}", data_sets) + "".join(rows)


def problems() -> list[str]:
    """Return each difference between the document and requirements.txt."""
    listed = {name: versions.split(", ") for name, versions in ROW.findall(_written())}
    pinned = pins()
    missing = [f"{name} is not listed" for name in pinned.keys() - listed.keys()]
    surplus = [f"{name} is no longer pinned" for name in listed.keys() - pinned.keys()]
    other = [
        f"{name} is {', '.join(listed[name])} there and {', '.join(pinned[name])} here"
        for name in pinned.keys() & listed.keys()
        if listed[name] != pinned[name]
    ]
    return sorted(missing + surplus + other)


def _written() -> str:
    return OUT.read_text(encoding="utf-8") if OUT.exists() else ""


def main() -> int:
    """Write the document, or with --check say what is wrong with it."""
    if "--check" in sys.argv:
        found = problems()
        print("\n".join(found) or f"{OUT.name} lists every pin of {' and '.join(PINNED)}")
        return 1 if found else 0
    OUT.write_text(table(), encoding="utf-8", newline="\n")
    print(f"wrote {OUT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
