"""Check that every pin which applies to Windows has a wheel there, on each supported Python.

A student's Windows has no compiler, so a pin that exists as source only cannot be installed.
uv resolves the pins for Windows without downloading them.

Exit status 0: all have wheels. 1: some have not. 75: the package index cannot be reached.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent
FILES = ("requirements.txt", "requirements-dev.txt")
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORM = "x86_64-pc-windows-msvc"
UNREACHABLE = 75  # EX_TEMPFAIL of sysexits.h
NO_NETWORK = ("Failed to fetch", "error sending request", "Could not connect")


def resolve(name: str, python: str) -> subprocess.CompletedProcess[str]:
    """Resolve the pins of one file from wheels alone, as if on Windows."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header"]
    command += ["--no-annotate", "--no-config", "--only-binary", ":all:", str(ROOT / name)]
    command += ["--python-platform", PLATFORM, "--python-version", python]
    return subprocess.run(command, capture_output=True, text=True)


def main() -> int:
    """Resolve each file for each Python, and say how it went."""
    status = 0
    checks = list(product(FILES, PYTHONS))
    with ThreadPoolExecutor() as pool:  # each waits for the index
        resolved = list(pool.map(resolve, *zip(*checks, strict=True)))
    for (name, python), done in zip(checks, resolved, strict=True):
        if done.returncode and any(sign in done.stderr for sign in NO_NETWORK):
            print("not checked: the package index cannot be reached")
            return UNREACHABLE
        if done.returncode:
            status = 1
            print(f"{name}, Windows, Python {python}: {done.stderr.strip()}")
        else:
            count = sum("==" in line for line in done.stdout.splitlines())
            print(f"{name}, Windows, Python {python}: {count} wheels")
    return status


if __name__ == "__main__":
    sys.exit(main())
