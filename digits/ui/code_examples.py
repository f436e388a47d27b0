"""Lines of code that read a picture with a page's settings: for a shell and for Python."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from itertools import chain
from urllib.parse import urlencode

from digits.types import Hint

UNSAFE = re.compile(r"[^\w. ()-]")  # in a shell, between double quotes


@dataclass(frozen=True, slots=True)
class Settings:
    """What a page was told about one picture."""

    file: str  # its name
    page: int | None  # of a PDF, from 1
    hint: Hint
    model: str | None  # None: the default


def curl_line(settings: Settings, address: str) -> str:
    """Return the command that asks the HTTP interface at `address`."""
    hint = settings.hint
    query: dict[str, object] = {}
    if hint.single:
        query["single"] = "true"
    if hint.length is not None:
        query["length"] = hint.length
    if hint.boxes:
        query["boxes"] = [_numbers(asdict(box).values()) for box in hint.boxes]
    if hint.paper is not None:
        query["paper"] = _numbers(chain.from_iterable(hint.paper.corners))
    if hint.whole_picture:
        query["whole_picture"] = "true"
    if settings.model is not None:
        query["model"] = settings.model
    asked = f"?{urlencode(query, doseq=True, safe=',')}" if query else ""
    name = _shell_name(settings.file)
    return f'curl -F "file=@{name}" "{address.rstrip("/")}/api/readings{asked}"'


def command_line(settings: Settings) -> str:
    """Return the command that reads it on this machine."""
    hint = settings.hint
    options = ["--single"] if hint.single else []
    if hint.length is not None:
        options.append(f"--length {hint.length}")
    options += [f"--box {_numbers(asdict(box).values())}" for box in hint.boxes]
    if hint.paper is not None:
        options.append(f"--paper={_numbers(chain.from_iterable(hint.paper.corners))}")
    if hint.whole_picture:
        options.append("--whole-picture")
    if settings.model is not None:
        options.append(f'--model "{_shell_name(settings.model)}"')
    return " ".join(["python -m digits read", *options, f'"{_shell_name(settings.file)}"'])


def python_lines(settings: Settings) -> str:
    """Return a program that prints what is read, and how surely."""
    told = _told(settings.hint)
    reader = "read" if settings.page is None else "read_pages"
    arguments = [_literal(settings.file)]
    if told:
        arguments.append(f"Hint({', '.join(told)})")
    if settings.model is not None:
        arguments.append(f"model={_literal(settings.model)}")
    page = "" if settings.page is None else f"[{settings.page - 1}]  # page {settings.page}"
    names = sorted({*re.findall(r"[A-Z]\w+(?=\()", arguments[1] if told else ""), reader})
    return (
        f"from digits import {', '.join(names)}\n\n"
        f"reading = {reader}({', '.join(arguments)}){page}\n"
        "print(reading.text, reading.confidence)\n"
    )


def _told(hint: Hint) -> list[str]:
    """Return the arguments of a hint that are not the default, as Python writes them."""
    default, told = Hint(accept=hint.accept), []
    for field in fields(Hint):
        value = getattr(hint, field.name)
        if value != getattr(default, field.name):
            told.append(f"{field.name}={value!r}")
    return told


def _numbers(values: Iterable[float]) -> str:
    """Return numbers between commas, whole ones without a point."""
    return ",".join(f"{value:g}" for value in values)


def _literal(text: str) -> str:
    """Return a string as Python writes it, with double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _shell_name(name: str) -> str:
    """Return a file's name without what a shell would take for its own."""
    return UNSAFE.sub("_", name)
