"""The server of the app asks nothing of outside hosts; what its pages ask, every test looks at."""

import sys
from pathlib import Path

import pytest


def connections(pid: int) -> tuple[list[str], list[str]]:
    """Return the process's connections within this machine, and those beyond it."""
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(link.readlink().name)
        except OSError:
            continue
    inside, outside = [], []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            remote = fields[2].split(":")[0]
            loopback = remote.endswith("7F") or set(remote) == {"0"}
            loopback = loopback or remote == "00000000000000000000000001000000"
            if f"socket:[{fields[9]}]" in sockets:
                (inside if loopback else outside).append(remote)
    return inside, outside


def test_the_server_makes_no_external_requests(server):
    if not sys.platform.startswith("linux"):
        pytest.skip("open connections are listed by Linux's /proc")
    inside, outside = connections(server[1])
    assert inside, "not even the listening socket was found: this test sees nothing"
    assert outside == []
