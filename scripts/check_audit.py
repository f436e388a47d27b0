"""Ask OSV's database whether a pinned library has a known weakness.

Exit status 0: none has. 1: some have, and are named. 75: the database cannot be reached.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINNED = ("requirements.txt", "deploy/requirements.txt", "requirements-dev.txt")
UNREACHED = ("ConnectionError", "ServiceError", "NameResolutionError", "ConnectTimeout")
UNCHECKED = 75  # EX_TEMPFAIL of sysexits.h


def main() -> int:
    """Ask, and say what came of it."""
    files = [word for name in PINNED for word in ("-r", str(ROOT / name))]
    command = ["pip-audit", "--no-deps", "--disable-pip", "--progress-spinner", "off", "-s", "osv"]
    asked = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    if asked.returncode and any(word in asked.stderr for word in UNREACHED):
        print("the database of known weaknesses cannot be reached: nothing was checked")
        return UNCHECKED
    print(asked.stdout or asked.stderr)
    return asked.returncode


if __name__ == "__main__":
    sys.exit(main())
