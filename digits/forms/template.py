"""A form: its fields, its reference picture, and the JSON file that holds both."""

import base64
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cv2
import numpy as np
from PIL import Image

from digits.arrays import Bool
from digits.errors import DigitsError, FormError, reason_of
from digits.forms.checks import CHECKS, Check, CheckKind, to_decimal
from digits.image.page_segmentation import open_page, paper_of
from digits.io.atomic_write import atomic_write
from digits.io.document import load_picture
from digits.io.image import decode_image
from digits.types import MAX_LENGTH, Box, Picture, Pixels

if TYPE_CHECKING:
    from digits.forms.results import FormReading
    from digits.reader import Reader

FieldKind = Literal["number", "identifier", "date", "mark", "decimal", "tick", "digit"]
KINDS: tuple[FieldKind, ...] = (
    "number", "identifier", "date", "mark", "decimal", "tick", "digit",
)  # fmt: skip
DateOrder = Literal["dmy", "mdy", "ymd"]
ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy", "ymd")
FORMAT = "digits form"  # of the file, to recognize it
VERSION = 1  # of the file; fields are only ever added
REFERENCE_PIXELS = 2_000_000  # px of the reference picture: an A4 page at 145 dots per inch
MAX_FIELDS = 500  # of one form
MAX_FILE = 32_000_000  # bytes of a form's file; a reference picture has 2 at most
LONGEST_NAME = 100  # characters of a form's or a field's name
LEAST_SIDE = 6  # px of the reference; smaller fields cannot be read
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no database or XLSX file takes them
HOW = "make it again with digits form new"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    kind: FieldKind
    box: Box  # px of the reference picture
    length: int | None = None  # digits, if the number is fixed
    maximum: Decimal | None = None  # of a mark
    order: DateOrder = "dmy"  # of a date's day, month and year
    cells: tuple[Box, ...] = ()  # px of the reference: a printed box for each digit
    checks: tuple[Check, ...] = ()

    @property
    def fixed_length(self) -> int | None:
        """The number of digits, where it is fixed."""
        return 1 if self.kind == "digit" else self.length


@dataclass(frozen=True, eq=False)  # identity is the key of the cached print
class Form:
    """A printed form: its reference picture, and its fields.

    Examples
    --------
    >>> form = Form.load("form.json")  # doctest: +SKIP
    >>> [field.value for field in form.read("page.jpg").fields]  # doctest: +SKIP
    ['781528989', '42']
    """

    name: str
    fields: tuple[Field, ...]
    reference: Pixels = field(repr=False, compare=False)
    is_blank: bool = False  # the reference is empty: ink in its fields is print
    handwriting: Bool[np.ndarray, "h w"] | None = field(  # on the reference; None: not looked for
        default=None, repr=False, compare=False
    )

    @classmethod
    def from_picture(
        cls,
        picture: Picture,
        fields: Sequence[Field],
        *,
        name: str = "Form",
        is_blank: bool = False,
    ) -> "Form":
        """Create a form from a page; a sheet on a desk is rectified.

        Parameters
        ----------
        picture : a page of the form, filled in or not
        fields : with boxes in px of the picture's upright original
        is_blank : the page is not filled in

        Raises
        ------
        FormError
            A field lies outside the page, or two have one name.
        """
        page, sheet = open_page(picture, paper_of(picture))
        grey = sheet.grey
        scale = min(1.0, float(np.sqrt(REFERENCE_PIXELS / grey.size)))
        if scale < 1:
            size = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
            grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
        ratio = grey.shape[1] / page.ink.shape[1], grey.shape[0] / page.ink.shape[0]

        def placed(box: Box) -> Box:
            inside = box.right <= picture.width and box.bottom <= picture.height
            if box.x < 0 or box.y < 0 or not inside:
                raise FormError(
                    f"the box {box.x},{box.y},{box.width},{box.height} does not lie inside the "
                    f"picture of {picture.width}x{picture.height} pixels: draw it on the page"
                )
            return _scaled(page.box_from_original(box), ratio)

        moved = tuple(
            replace(each, box=placed(each.box), cells=tuple(map(placed, each.cells)))
            for each in fields
        )
        form = cls(name, moved, np.ascontiguousarray(grey), is_blank)
        check_form(form)
        return form

    @classmethod
    def load(cls, source: str | Path | bytes) -> "Form":
        """Return the form in a file, or in the bytes of one.

        Raises
        ------
        FormError
            It cannot be read or is no form; the message says what is wrong in one sentence.
        """
        name = "the form" if isinstance(source, bytes) else str(source)
        content = source if isinstance(source, bytes) else _read(Path(source))
        if len(content) > MAX_FILE:
            raise FormError(f"{name} is larger than {MAX_FILE // 1_000_000} MB: {HOW}")
        try:
            plain = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise FormError(f"{name} is not a form because it is not JSON: {HOW}") from error
        try:
            return _from_json(plain)
        except FormError as error:
            raise FormError(f"{name}: {error}") from None

    def save(self, path: str | Path) -> None:
        """Write the form to a file atomically.

        Raises
        ------
        FormError
            It cannot be written there.
        """
        try:
            atomic_write(Path(path), self.to_bytes())
        except OSError as error:
            raise FormError(f"{path} cannot be written ({reason_of(error)})") from error

    def to_bytes(self) -> bytes:
        """Return the content of the form's file: JSON that a person can read, the picture last."""
        plain = to_json(self)
        fields = ",\n".join(f"  {_line(each)}" for each in plain["fields"])
        lines = [
            f"[\n{fields}\n ]" if key == "fields" else _line(value) for key, value in plain.items()
        ]
        pairs = (f" {_line(key)}: {line}" for key, line in zip(plain, lines, strict=True))
        return ("{\n" + ",\n".join(pairs) + "\n}\n").encode()

    def read(
        self, page: str | Path | bytes | Picture, reader: "Reader | None" = None
    ) -> "FormReading":
        """Read one page of the form.

        Parameters
        ----------
        page : the bytes of a picture, the path of one, or a picture that was loaded
        reader : the one of the default model if not given

        Raises
        ------
        PictureError
            The picture cannot be used. A page of another form is a reading that says so.
        """
        from digits.forms.reading import read_form
        from digits.registry import current_reader

        picture = page if isinstance(page, Picture) else load_picture(page)
        return read_form(self, reader or current_reader(), picture)

    @cached_property
    def png(self) -> bytes:
        """The reference picture as a PNG file."""
        file = io.BytesIO()
        Image.fromarray(self.reference).save(file, "PNG", optimize=False)
        return file.getvalue()

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the form's file."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the reference picture in px."""
        height, width = self.reference.shape
        return width, height


def check_form(form: Form) -> None:
    """Raise FormError if a form is inconsistent."""
    if len(form.fields) > MAX_FIELDS:
        raise FormError(f"a form has at most {MAX_FIELDS} fields, not {len(form.fields)}")
    names = [each.name for each in form.fields]
    for each in form.fields:
        try:
            _check_field(each, form.size, names)
        except FormError as error:
            raise FormError(f"field {_printable(each.name)}: {error}") from None


def _printable(name: str) -> str:
    return UNPRINTABLE.sub("?", name)[:LONGEST_NAME]


def _check_field(each: Field, size: tuple[int, int], names: Sequence[str]) -> None:
    _check_name(each.name, names)
    _check_boxes(each, size)
    if each.length is not None and not 1 <= each.length <= MAX_LENGTH:
        raise FormError(f"length takes a number of digits from 1 to {MAX_LENGTH}")
    if each.kind == "mark" and (each.maximum is None or each.maximum <= 0):
        raise FormError("a mark needs its maximum, e.g. mark:20")
    for check in each.checks:
        unknown = [name for name in check.of if name not in names or name == each.name]
        if unknown:
            raise FormError(f"its sum names {unknown[0]}, which is no other field")


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_NAME and not UNPRINTABLE.search(text)


def _check_name(name: str, names: Sequence[str]) -> None:
    if not _is_name(name):
        raise FormError(f"a field needs a name of at most {LONGEST_NAME} printable characters")
    if names.count(name) > 1:
        raise FormError("two fields have this name: give each its own")


def _check_boxes(each: Field, size: tuple[int, int]) -> None:
    for box in (each.box, *each.cells):
        if box.x < 0 or box.y < 0 or box.right > size[0] or box.bottom > size[1]:
            raise FormError(
                f"its box lies outside the reference picture of {size[0]}x{size[1]} pixels"
            )
    if min(each.box.width, each.box.height) < LEAST_SIDE:
        raise FormError(f"its box is smaller than {LEAST_SIDE} pixels of the reference picture")
    _check_cells(each)


def _check_cells(each: Field) -> None:
    if len(each.cells) > MAX_LENGTH:
        raise FormError(f"it has at most {MAX_LENGTH} cells, not {len(each.cells)}")
    box, middles = each.box, [(c.x + c.width / 2, c.y + c.height / 2) for c in each.cells]
    inside = all(box.x < x < box.right and box.y < y < box.bottom for x, y in middles)
    if not inside or any(one[0] >= other[0] for one, other in pairwise(middles)):
        raise FormError("its cells do not lie in its box from left to right")


def _scaled(box: Box, ratio: tuple[float, float]) -> Box:
    x, y = round(box.x * ratio[0]), round(box.y * ratio[1])
    width, height = round(box.right * ratio[0]) - x, round(box.bottom * ratio[1]) - y
    return Box(x, y, max(1, width), max(1, height))


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE + 1)
    except FileNotFoundError:
        raise FormError(f"there is no form {path}: check the name") from None
    except (OSError, ValueError) as error:
        raise FormError(f"{path} cannot be read ({reason_of(error)})") from error


# JSON.


def to_json(form: Form) -> dict[str, Any]:
    """Return a form as a JSON-serializable dict."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": form.name,
        "size": list(form.size),
        "blank": form.is_blank,
        "fields": [field_to_json(each) for each in form.fields],
        **({} if form.handwriting is None else {"handwriting": _to_png(form.handwriting)}),
        "reference": base64.b64encode(form.png).decode(),
    }


def field_to_json(each: Field) -> dict[str, Any]:
    """Return a field as a JSON-serializable dict, without what it does not have."""
    plain: dict[str, Any] = {"name": each.name, "kind": each.kind, "box": _sides(each.box)}
    if each.length is not None:
        plain["length"] = each.length
    if each.maximum is not None:
        plain["maximum"] = str(each.maximum)
    if each.kind == "date":
        plain["order"] = each.order
    if each.cells:
        plain["cells"] = [_sides(cell) for cell in each.cells]
    if each.checks:
        plain["checks"] = [_check_to_json(check) for check in each.checks]
    return plain


def _check_to_json(check: Check) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": check.kind}
    for key in ("minimum", "maximum"):
        if (limit := getattr(check, key)) is not None:
            plain[key] = str(limit)
    if check.values:
        plain["values"] = list(check.values)
    if check.of:
        plain["of"] = list(check.of)
    return plain


def _line(value: Any) -> str:  # noqa: ANN401  # JSON has no narrower type
    """Return JSON in one line: a field a line is what a person reads."""
    return json.dumps(value, ensure_ascii=False)


def _sides(box: Box) -> list[int]:
    return [box.x, box.y, box.width, box.height]


def _from_json(plain: Any) -> Form:  # noqa: ANN401  # a file holds anything
    """Return the form that a file's JSON describes, or raise FormError."""
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise FormError(f"this JSON is no form: {HOW}")
    version = plain.get("version")
    if type(version) is not int or version < 1:
        raise FormError(f"the version of the form is missing: {HOW}")
    if version > VERSION:
        raise FormError(
            f"this form is of version {version}, and this program knows {VERSION}: update it"
        )
    reference = _reference(plain)
    fields = plain.get("fields")
    if not isinstance(fields, list):
        raise FormError("fields takes a list of fields")
    name = plain.get("name", "Form")
    if not isinstance(name, str) or not _is_name(name):
        raise FormError(f"name takes a text of at most {LONGEST_NAME} printable characters")
    made = tuple(_numbered(each, i) for i, each in enumerate(fields, start=1))
    handwriting = _handwriting(plain, reference)
    form = Form(name, made, reference, plain.get("blank") is True, handwriting)
    check_form(form)
    return form


def _reference(plain: Mapping[str, Any]) -> Pixels:
    encoded = plain.get("reference")
    try:
        content = base64.b64decode(str(encoded or ""), validate=True)
        grey = decode_image(content).grey
    except (ValueError, DigitsError) as error:
        raise FormError(f"its reference picture is missing or damaged: {HOW}") from error
    if plain.get("size") != [grey.shape[1], grey.shape[0]]:
        raise FormError(
            f"its reference picture has {grey.shape[1]}x{grey.shape[0]} pixels, not its size"
        )
    return grey


def _to_png(mask: Bool[np.ndarray, "h w"]) -> str:
    """Return a mask as a PNG file of one bit per pixel, in base64."""
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def _handwriting(plain: Mapping[str, Any], reference: Pixels) -> Bool[np.ndarray, "h w"] | None:
    encoded = plain.get("handwriting")
    if encoded is None:
        return None
    try:
        mask = decode_image(base64.b64decode(str(encoded), validate=True)).grey > 0
    except (ValueError, DigitsError) as error:
        raise FormError(f"its picture of the handwriting is damaged: {HOW}") from error
    if mask.shape != reference.shape:
        raise FormError(f"its picture of the handwriting has another size: {HOW}")
    return np.asarray(mask)


def _numbered(plain: Any, number: int) -> Field:  # noqa: ANN401
    try:
        return field_from_json(plain)
    except FormError as error:
        raise FormError(f"field {number}: {error}") from None


def field_from_json(plain: Any) -> Field:  # noqa: ANN401
    """Return the field that JSON describes.

    Raises
    ------
    FormError
        A part is missing or wrong.
    """
    if not isinstance(plain, dict):
        raise FormError("a field takes name, kind and box")
    name, kind = plain.get("name"), plain.get("kind")
    if not isinstance(name, str):
        raise FormError("name takes a text")
    if kind not in KINDS:
        raise FormError(f"kind takes one of {', '.join(KINDS)}, not {kind}")
    length, order = plain.get("length"), plain.get("order", "dmy")
    if length is not None and (not isinstance(length, int) or isinstance(length, bool)):
        raise FormError(f"length takes a whole number, not {length}")
    if order not in ORDERS:
        raise FormError(f"order takes one of {', '.join(ORDERS)}, not {order}")
    return Field(
        name,
        kind,
        _box(plain.get("box"), "box"),
        length,
        _number(plain.get("maximum"), "maximum"),
        order,
        tuple(_box(each, "cells") for each in _list(plain.get("cells"), "cells")),
        tuple(_check(each) for each in _list(plain.get("checks"), "checks")),
    )


def _check(plain: Any) -> Check:  # noqa: ANN401
    kind: CheckKind | None = plain.get("kind") if isinstance(plain, dict) else None
    if kind not in CHECKS:
        raise FormError(f"a check has a kind, one of {', '.join(CHECKS)}")
    check = Check(
        kind,
        _number(plain.get("minimum"), "minimum"),
        _number(plain.get("maximum"), "maximum"),
        tuple(map(str, _list(plain.get("values"), "values"))),
        tuple(map(str, _list(plain.get("of"), "of"))),
    )
    if (kind == "list" and not check.values) or (kind == "sum" and not check.of):
        raise FormError(f"a check of kind {kind} says what it is about: values, or of")
    return check


def _box(plain: Any, what: str) -> Box:  # noqa: ANN401
    whole = isinstance(plain, list) and [type(side) for side in plain] == [int] * 4
    if not whole or min(plain[2:]) < 1:
        raise FormError(f"{what} takes x, y, width and height in whole pixels")
    return Box(*plain)


def _list(plain: Any, what: str) -> list[Any]:  # noqa: ANN401
    if plain is not None and not isinstance(plain, list):
        raise FormError(f"{what} takes a list")
    return plain or []


def _number(plain: Any, what: str) -> Decimal | None:  # noqa: ANN401
    if plain is None:
        return None
    number = None if isinstance(plain, bool) else to_decimal(str(plain))
    if number is None:
        raise FormError(f"{what} takes a number, not {plain}")
    return number
