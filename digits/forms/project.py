"""A stack of pages in one file: the form, the pages as they were read, and what was checked.

The file is a ZIP. Pages that were read are kept as the picture that is shown beside the table;
pages that wait are kept as they are.
"""

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from digits.errors import DigitsError, FormError
from digits.forms.saved_reading import checked_reading
from digits.forms.sheet import audit_form_sheet, build_form_sheet, to_readings
from digits.forms.template import Form
from digits.io.image import MAX_BYTES, decode_image
from digits.marksheet.changes import Step, replay
from digits.marksheet.packing import PackedScan, pack_scan, unpack_scan
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import clean_change
from digits.types import FRAME

FORMAT = "digits form project"  # of the file, to recognize it
VERSION = 1  # of the file; fields are only ever added
ENDING = "digits"
SIDE, QUALITY = 1_600, 70  # px and JPEG quality of a page: some 200 kB
SMALL_ENOUGH = 40_000_000  # bytes of all pages, which are then kept as they are
LARGE = 250  # pages; those of larger stacks are kept smaller still
MOST_PAGES = 1_000
MOST_STEPS = 100_000
FORM, PROJECT = "form.json", "project.json"  # names in the ZIP
DAMAGED = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError)
HOW = "save it again on the page Forms"


@dataclass(frozen=True, slots=True)
class Project:
    """What a project's file has."""

    form: Form
    title: str
    scans: tuple[Scan, ...]
    steps: tuple[Step, ...]


def is_project(content: bytes) -> bool:
    """Return whether a file may be a project: whether it is a ZIP."""
    return content.startswith(b"PK")


def save_project(project: Project) -> bytes:
    """Return a project's file.

    Parameters
    ----------
    project : pages that were not read have the bytes of their files
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(FORM, project.form.to_bytes())
        side = _side(project.scans)
        pages = [_save_page(archive, i, scan, side) for i, scan in enumerate(project.scans)]
        steps = [[step.label, dict(step.before), dict(step.after)] for step in project.steps]
        plain = {
            "format": FORMAT, "version": VERSION, "title": project.title,
            "pages": pages, "steps": steps,
        }  # fmt: skip
        archive.writestr(PROJECT, json.dumps(plain, ensure_ascii=False))
    if packed.tell() > MAX_BYTES:
        raise FormError(
            f"these {len(project.scans)} pages take more than {MAX_BYTES // 1_000_000} MB, which "
            "is too large to be opened again: start a new stack for some of them"
        )
    return packed.getvalue()


def _side(scans: Sequence[Scan]) -> int | None:
    """Return the longest side of a saved page in px; None for that of its picture."""
    if sum(len(scan.view) for scan in scans) <= SMALL_ENOUGH:
        return None
    return round(SIDE * min(1.0, (LARGE / len(scans)) ** 0.5))


def _save_page(
    archive: zipfile.ZipFile, index: int, scan: Scan, side: int | None
) -> dict[str, Any]:
    """Write the files of a page, and return what the table of pages says of it."""
    packed = pack_scan(scan)
    if packed is not None:
        archive.writestr(f"frames/{index:04d}", zlib.decompress(packed.frames))
    picture = scan.view or (scan.content if scan.is_waiting else b"")
    if scan.view and side is not None:
        picture = _reduced(scan.view, side)
    name = f"pages/{hashlib.sha256(picture).hexdigest()}" if picture else ""
    if name and name not in archive.namelist():  # the pages of a PDF wait in one file
        archive.writestr(name, picture, zipfile.ZIP_STORED)
    return {
        "file": scan.file,
        "page": scan.page,
        "error": scan.error,
        "picture": name,
        "reading": None if packed is None else json.loads(packed.reading),
    }


def _reduced(view: bytes, side: int) -> bytes:
    with Image.open(io.BytesIO(view), formats=("JPEG",)) as image:
        image.thumbnail((side, side))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def load_project(content: bytes) -> Project:
    """Return the project in the bytes of a file.

    Raises
    ------
    FormError
        It is none, damaged, or of a later version.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (*DAMAGED, ValueError) as error:
        raise FormError(f"this ZIP file is damaged: {HOW}") from error
    with archive:
        plain = _load_json(archive)
        try:
            form = Form.load(_member(archive, FORM))
            n_fields = len(form.fields)
            scans = tuple(
                _load_page(archive, i, page, n_fields) for i, page in enumerate(plain["pages"])
            )
            steps = tuple(map(_load_step, plain["steps"][:MOST_STEPS]))
            # What cannot be shown and written as a table is found here, not by whoever opens it.
            sheet = build_form_sheet(form, scans, replay(steps))
            to_readings(form, sheet, audit_form_sheet(form, sheet), scans)
        except FormError:
            raise
        except (
            DigitsError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
        ) as error:  # fmt: skip
            raise FormError(f"this project is damaged: {HOW}") from error
    return Project(form, str(plain.get("title") or form.name)[:100], scans, steps)


def _load_json(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Return the table of a project, whose format and version are known."""
    try:
        plain = json.loads(_member(archive, PROJECT))
    except (ValueError, RecursionError) as error:
        raise FormError(f"this project is damaged: {HOW}") from error
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise FormError(f"this ZIP file is no project: {HOW}")
    version = plain.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FormError(f"the version of this project is missing: {HOW}")
    if version > VERSION:
        raise FormError(
            f"this project is of version {version}, and this program knows {VERSION}: update it"
        )
    pages, steps = plain.get("pages"), plain.get("steps")
    if not isinstance(pages, list) or not isinstance(steps, list) or len(pages) > MOST_PAGES:
        raise FormError(f"a project has a list of at most {MOST_PAGES} pages: {HOW}")
    return plain


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a file of the ZIP, or raise FormError; no more of it is unpacked than is allowed."""
    try:
        with archive.open(name) as file:
            content = file.read(MAX_BYTES + 1)
    except KeyError:
        raise FormError(f"this ZIP file has no {name}, and so is no project: {HOW}") from None
    except (*DAMAGED, ValueError) as error:
        raise FormError(f"{name} in this ZIP file is damaged: {HOW}") from error
    if len(content) > MAX_BYTES:
        raise FormError(f"{name} in this ZIP file is larger than {MAX_BYTES // 1_000_000} MB")
    return content


def _load_page(archive: zipfile.ZipFile, index: int, plain: dict[str, Any], n_fields: int) -> Scan:
    page, reading = plain["page"], plain["reading"]
    if page is not None and type(page) is not int:
        raise ValueError(f"{page} is no page")
    scan = Scan(str(plain["file"])[:1_000], b"", page, error=str(plain["error"])[:1_000])
    picture = _member(archive, str(plain["picture"])) if plain["picture"] else b""
    if reading is None:
        view = picture if scan.error else b""
        return replace(scan, content=picture, view=view)
    decode_image(picture)
    reading = checked_reading(reading, n_fields)
    n_digits = sum(len(line["digits"]) for line in reading["reading"]["lines"])
    frames = _member(archive, f"frames/{index:04d}")
    if len(frames) != n_digits * FRAME * FRAME:
        raise ValueError("the pictures of the digits are not those of the page")
    scan = replace(scan, content=picture, view=picture)
    levels = zlib.compress(np.frombuffer(frames, np.uint8).tobytes(), 1)
    return unpack_scan(scan, PackedScan(json.dumps(reading), levels))


def _load_step(plain: Any) -> Step:  # noqa: ANN401  # a file holds anything
    label, before, after = plain
    return Step(str(label)[:100], clean_change(before), clean_change(after))
