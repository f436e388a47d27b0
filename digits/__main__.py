"""Entry point of `digits` and of `python -m digits`."""

import gc
import sys

from digits.cli import main


def run() -> int:
    """Run the command line and return the exit status."""
    status = main()
    gc.freeze()  # Python would look for garbage in all that is loaded before it ends: 25 ms
    return status


if __name__ == "__main__":
    sys.exit(run())
