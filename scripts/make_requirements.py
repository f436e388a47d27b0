"""Write the files of pinned requirements from pyproject.toml; --check compares.

The pins are resolved once for every platform and Python that the project supports. They hold
libraries only, and no address of any index. A pin that still fits stays; --upgrade renews all.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
FILES = {
    "requirements.txt": ("app", "api", "train"),
    "requirements-dev.txt": ("dev",),
    "deploy/requirements.txt": ("app", "api", "postgres"),  # what a server needs
}
SELF = re.compile(r"^digits\[(.+)\]$")
FOREIGN = ("PIP_", "UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_FIND_LINKS")  # this machine's


def wanted(extras: tuple[str, ...]) -> list[str]:
    """Return the direct dependencies of the project with these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        for line in project["optional-dependencies"][extra]:
            own = SELF.match(line)
            lines += wanted(tuple(own[1].split(","))) if own else [line]
    return list(dict.fromkeys(lines))


def resolve(name: str, extras: tuple[str, ...], *, upgrade: bool) -> str:
    """Return the pins of these extras, for every platform at once; those of `name` if they fit."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "wanted.in"
        source.write_text("\n".join(wanted(extras)), encoding="utf-8")
        out = Path(folder) / "pinned.txt"
        if not upgrade and (ROOT / name).exists():
            shutil.copyfile(ROOT / name, out)
        command = [sys.executable, "-m", "uv", "pip", "compile", "--no-config", "--universal"]
        command += ["--python-version", "3.11"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--quiet", str(source)]
        command += ["--output-file", str(out)]
        subprocess.run(command, check=True, capture_output=True, text=True, env=clean)
        pins = out.read_text(encoding="utf-8")
    return f"# Made by scripts/make_requirements.py from pyproject.toml; do not edit.\n{pins}"


def problems(name: str, extras: tuple[str, ...]) -> list[str]:
    """Return where `name` and the ranges of the direct dependencies disagree."""
    pins: dict[str, list[Version]] = {}
    for pin in map(Requirement, pinned(name)):
        version = next(iter(pin.specifier)).version
        pins.setdefault(canonicalize_name(pin.name), []).append(Version(version))
    ranges: dict[str, list[SpecifierSet]] = {}
    for need in map(Requirement, wanted(extras)):
        ranges.setdefault(canonicalize_name(need.name), []).append(need.specifier)
    return [
        f"{name}: {need} {allowed} is not pinned within its range"
        for need, specifiers in ranges.items()
        for allowed in specifiers
        if not any(allowed.contains(version) for version in pins.get(need, []))
    ] + [
        f"{name}: {need}=={version} is outside the range of pyproject.toml"
        for need, specifiers in ranges.items()
        for version in pins.get(need, [])
        if not any(allowed.contains(version) for allowed in specifiers)
    ]


def pinned(name: str) -> list[str]:
    """Return the lines of a requirements file that pin something."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def left_out() -> list[str]:
    """Return each pin of the others that the developers' file lacks: tests run with the same."""
    others = {line for name in FILES for line in pinned(name)}
    missing = others - set(pinned("requirements-dev.txt"))
    return [f"requirements-dev.txt: {line} is missing" for line in sorted(missing)]


def main() -> int:
    """Write the files, or with --check say what is wrong with them."""
    if "--check" in sys.argv:
        found = [line for name, extras in FILES.items() for line in problems(name, extras)]
        found += left_out()
        print("\n".join(found) or "every direct dependency is pinned within its range")
        return 1 if found else 0
    for name, extras in FILES.items():
        pins = resolve(name, extras, upgrade="--upgrade" in sys.argv)
        (ROOT / name).write_text(pins, encoding="utf-8", newline="\n")
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
