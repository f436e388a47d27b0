"""Find pictures in files, folders, patterns, archives, lists and addresses.

A name is a file, a folder, a pattern, a ZIP, a CSV that lists pictures, or an address such as
``s3://bucket/folder``. The order of the pictures is deterministic.
"""

import csv
import glob
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from digits.errors import DigitsError, HintError, PictureError, how_to_install, reason_of
from digits.io.image import EXTENSIONS, MAX_BYTES, load_bytes
from digits.io.places import parse_box
from digits.types import Box

S3 = "s3://"
ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")  # of an S3 store other than Amazon's
ADDRESS = "://"  # between protocol and path
OPEN_ARCHIVES = 2  # ZIP files that are kept open between pictures


@dataclass(frozen=True, slots=True)
class Source:
    """The location of one picture."""

    path: str  # of a file or ZIP, or an address
    member: str | None = None  # in the ZIP
    box: Box | None = None  # read only this region
    fault: str | None = None  # why there is no picture

    @property
    def name(self) -> str:
        """The name of the picture in results and messages."""
        return f"{self.path}/{self.member}" if self.member else self.path


def find_sources(names: Sequence[str]) -> Iterator[Source]:
    """Yield each picture of the names; a name without pictures gives a source with a fault."""
    for name in names:
        if ADDRESS in name:
            yield from _at_address(name)
        # os.path returns False where Path raises: on names that are too long for files.
        elif os.path.exists(name) or not glob.has_magic(name):  # noqa: PTH110
            yield from _at_path(name)
        else:
            # Shells on Windows do not expand patterns, and Path does not accept absolute ones.
            found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207
            if not found:
                yield Source(name, fault="nothing matches this pattern: check its spelling")
            for match in found:
                yield from _at_path(match)


def load_source(source: Source) -> bytes:
    """Return the bytes of a picture.

    Raises
    ------
    PictureError
        There are no bytes, or too many.
    """
    if source.fault:
        raise PictureError(source.fault)
    if source.member is not None:
        return load_bytes(_from_archive(source.path, source.member))
    if ADDRESS not in source.path:
        return load_bytes(source.path)
    try:
        system, path = open_address(source.path)
        with system.open_input_stream(path) as stream:
            return load_bytes(stream.read(MAX_BYTES + 1))
    except OSError as error:
        raise PictureError(f"{source.path} cannot be read ({reason_of(error)})") from error


def open_address(address: str) -> tuple[Any, str]:
    """Return an Arrow file system, and the path in it.

    Raises
    ------
    PictureError
        pyarrow is not installed, or does not know the protocol.
    """
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.fs import FileSystem, S3FileSystem
    except ImportError:
        raise PictureError(
            f"{address} needs pyarrow, which is not installed: {how_to_install('batch')}"
        ) from None
    try:
        if address.startswith(S3) and (endpoint := _endpoint()):
            return S3FileSystem(endpoint_override=endpoint), address.removeprefix(S3)
        system, path = FileSystem.from_uri(address)
    except (ArrowInvalid, OSError) as error:
        raise PictureError(f"{address} cannot be opened ({reason_of(error)})") from error
    return system, path


def _endpoint() -> str | None:
    """Return the address of the S3 store, from the usual variables."""
    return next((address for name in ENDPOINTS if (address := os.environ.get(name))), None)


def _at_path(name: str) -> Iterator[Source]:
    """Yield the pictures of a folder, ZIP or list, or the file itself."""
    if os.path.isdir(name):  # noqa: PTH112  # as above
        yield from _or_fault(name, "this folder", _in_folder(Path(name)))
    elif name.lower().endswith(".zip"):
        yield from _or_fault(name, "this ZIP file", _in_archive(name))
    elif name.lower().endswith(".csv"):
        yield from _in_list(Path(name))
    else:
        yield Source(name)


def _or_fault(name: str, what: str, found: Iterator[Source]) -> Iterator[Source]:
    """Yield what was found, or a source with a fault."""
    first = next(found, None)
    if first is None:
        endings = ", ".join(EXTENSIONS)
        yield Source(name, fault=f"{what} holds no picture whose name ends in {endings}")
        return
    yield first
    yield from found


def _in_folder(folder: Path) -> Iterator[Source]:
    """Yield the pictures of a folder, then those of its subfolders."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        yield Source(str(folder), fault=f"this folder may not be read ({error.strerror})")
        return
    shown = [entry for entry in entries if not entry.name.startswith(".")]
    for entry in shown:
        if _is_picture(entry.name) and entry.is_file():
            yield Source(str(entry))
    for entry in shown:
        if entry.is_dir() and not entry.is_symlink():  # links may form a cycle
            yield from _in_folder(entry)


def _in_archive(path: str) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
    except (OSError, zipfile.BadZipFile):
        yield Source(path, fault="this ZIP file is damaged or no ZIP file: pack it again")
        return
    for name in names:
        if _is_picture(name) and _is_shown(name):
            yield Source(path, name)


def _in_list(path: Path) -> Iterator[Source]:
    """Yield the pictures of a CSV with a column file and optionally a column box."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if "file" not in (rows.fieldnames or ()):
                yield Source(str(path), fault="this list needs a column named file")
                return
            for row in rows:
                name, box = (row.get("file") or "").strip(), (row.get("box") or "").strip()
                where = name if ADDRESS in name else str(path.parent / name)
                try:
                    yield Source(where, box=parse_box(box, "box") if box else None)
                except HintError as error:
                    yield Source(where, fault=str(error))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield Source(str(path), fault=f"this list cannot be read ({reason_of(error)})")


def _at_address(address: str) -> Iterator[Source]:
    """Yield the pictures below an address, or the file at it."""
    try:
        system, path = open_address(address)
        from pyarrow.fs import FileSelector, FileType

        below = address.removesuffix("/")[: -len(path.removesuffix("/")) or None]
        if system.get_file_info(path).type != FileType.Directory:
            yield Source(address)
            return
        found = system.get_file_info(FileSelector(path, recursive=True))
    except (DigitsError, OSError) as error:
        yield Source(address, fault=f"this address cannot be read ({reason_of(error)})")
        return
    files = sorted(info.path for info in found if info.type == FileType.File)
    names = [name for name in files if _is_picture(name) and _is_shown(name[len(path) :])]
    yield from _or_fault(address, "this address", (Source(below + name) for name in names))


def _from_archive(path: str, member: str) -> bytes:
    try:
        archive = _archive(path)
        if archive.getinfo(member).file_size > MAX_BYTES:
            raise PictureError(f"{member} is larger than {MAX_BYTES // 1_000_000} MB")
        return archive.read(member)
    except KeyError:
        raise PictureError(f"{path} holds no {member}") from None
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise PictureError(f"{member} cannot be unpacked ({reason_of(error)})") from error


@lru_cache(maxsize=OPEN_ARCHIVES)
def _archive(path: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(path)


def _is_picture(name: str) -> bool:
    return PurePosixPath(name.lower()).suffix.lstrip(".") in EXTENSIONS


def _is_shown(name: str) -> bool:
    """Return whether neither the file nor its folders are hidden or made by an archiver."""
    return not any(part.startswith((".", "__")) for part in PurePosixPath(name).parts)
