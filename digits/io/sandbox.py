"""Has files of a dangerous kind decoded by `digits.io.sandbox_worker`, in a process of its own."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

from digits.errors import MissingLibraryError, TooLargeError

SECONDS = 5  # of processor time for one picture or page
PATIENCE = 30.0  # s until an answer, on a machine that is busy or knows no processor time
DECODERS = Path(__file__).with_name("sandbox_worker.py")
TOO_MUCH = (
    "the {} is damaged, or made to take more time or memory than any picture does: "
    "save it as a PNG or JPEG picture"
)
# Of the environment, what a process needs to start; no token and no database's address.
TOLD = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP")
LIBRARIES = {"pdf": "pypdfium2", "heic": "pi_heif"}


def decode(
    kind: Literal["pdf", "heic"], content: bytes, *numbers: int
) -> tuple[dict[str, Any], bytes]:
    """Return what `digits.io.sandbox_worker` says of a file, and what it makes of it.

    Parameters
    ----------
    kind : which of its decoders
    content : the file
    numbers : what the decoder takes beside it

    Raises
    ------
    TooLargeError
        It takes more than `SECONDS`, too much memory, or ends the process.
    MissingLibraryError
        The library is not installed; the message is its name.
    """
    if importlib.util.find_spec(LIBRARIES[kind]) is None:
        raise MissingLibraryError(LIBRARIES[kind])
    command = [sys.executable, "-P", str(DECODERS), kind, *map(str, (SECONDS, *numbers))]
    told = {name: os.environ[name] for name in TOLD if name in os.environ}
    told["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        run = subprocess.run(  # noqa: S603  # our own file, by its path; the picture is only its input
            command, input=content, capture_output=True, env=told, timeout=PATIENCE, check=False
        )
    except (subprocess.TimeoutExpired, OSError):  # or no room for a further process
        run = None
    if run is None or run.returncode:
        raise TooLargeError(TOO_MUCH.format(kind.upper()))
    line, _, decoded = run.stdout.partition(b"\n")
    return json.loads(line), decoded
