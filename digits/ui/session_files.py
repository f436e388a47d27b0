"""Files of one visitor on disk: photographs of several visitors would fill the memory."""

import tempfile
import threading
from dataclasses import dataclass, field
from typing import BinaryIO

from digits.errors import DigitsError, reason_of


class SessionFiles:
    """One temporary file without a name: it is gone when the session or the process ends."""

    def __init__(self) -> None:
        self._file: BinaryIO | None = None
        self._lock = threading.Lock()

    def add(self, content: bytes) -> "StoredFile":
        """Write a file.

        Raises
        ------
        DigitsError
            It cannot be written.
        """
        try:
            with self._lock:
                if self._file is None:
                    self._file = tempfile.TemporaryFile()  # noqa: SIM115  # ends with the session
                start = self._file.seek(0, 2)
                self._file.write(content)
                self._file.flush()
        except OSError as error:
            raise DigitsError(
                f"the picture cannot be put on disk ({reason_of(error)}): free some space"
            ) from error
        return StoredFile(self, start, len(content))

    def read(self, start: int, size: int) -> bytes:
        """Return part of the file."""
        with self._lock:
            if self._file is None:
                return b""
            self._file.seek(start)
            return self._file.read(size)

    def __del__(self) -> None:
        """Close the file with the session."""
        if self._file is not None:
            self._file.close()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a session."""

    files: SessionFiles = field(repr=False)
    start: int  # bytes before it
    size: int  # bytes

    def read(self) -> bytes:
        """Return its content."""
        return self.files.read(self.start, self.size)
