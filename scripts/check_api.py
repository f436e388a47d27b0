"""Try the running server against its own description, with schemathesis.

    python scripts/check_api.py [--schemathesis PROGRAM] [--examples N]

Schemathesis makes up requests from the OpenAPI document, sound and unsound ones, and checks that no
answer is a 500 or another than the document says. One of its checks is left out: that every request
whose parts are sound is accepted. "One digit" and "a length of 999" are each sound and contradict
each other, which OpenAPI cannot say and the server answers with 422.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATIENCE = 60  # s, until the server must answer
PORT = 8791
LEFT_OUT = "positive_data_acceptance"


def main() -> int:
    """Start a server, try it, and say how that went by the exit status."""
    parser = argparse.ArgumentParser(description="Try the server against its description.")
    parser.add_argument("--schemathesis", default="schemathesis", help="the program")
    parser.add_argument("--examples", type=int, default=5, help="made up for each operation")
    options = parser.parse_args()
    address = f"http://127.0.0.1:{PORT}/api"
    with tempfile.TemporaryDirectory() as home:
        server = subprocess.Popen(
            [sys.executable, "-m", "digits", "serve", "--host", "127.0.0.1", "--port", str(PORT)],
            cwd=ROOT,
            env=os.environ | {"DIGITS_HOME": home},
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(f"{address}/health")
            arguments = ["--max-examples", str(options.examples), "--exclude-checks", LEFT_OUT]
            return subprocess.run(
                [options.schemathesis, "run", f"{address}/openapi.json", *arguments],
                cwd=home,
                check=False,
            ).returncode
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str) -> None:
    """Wait until somebody answers."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310  # our own
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"nobody answers at {address}")


if __name__ == "__main__":
    sys.exit(main())
