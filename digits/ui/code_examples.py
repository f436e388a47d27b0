"""Code examples that read a picture with the options chosen on a page."""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from itertools import chain
from urllib.parse import urlencode

from digits.types import Hint

UNSAFE = re.compile(r"[^\w. ()-]")  # in a shell, between double quotes


@dataclass(frozen=True, slots=True)
class CodeExample:
    """A picture with the options chosen for it."""

    file: str  # name
    page: int | None  # of a PDF, from 1
    hint: Hint
    model: str | None  # None: the default


def curl_line(example: CodeExample, address: str) -> str:
    """Return a curl command for the HTTP API at `address`."""
    hint = example.hint
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
    if example.model is not None:
        query["model"] = example.model
    query_string = f"?{urlencode(query, doseq=True, safe=',')}" if query else ""
    name = _shell_name(example.file)
    return f'curl -F "file=@{name}" "{address.rstrip("/")}/api/readings{query_string}"'


def command_line(example: CodeExample) -> str:
    """Return a `digits read` command."""
    hint = example.hint
    options = ["--single"] if hint.single else []
    if hint.length is not None:
        options.append(f"--length {hint.length}")
    options += [f"--box {_numbers(asdict(box).values())}" for box in hint.boxes]
    if hint.paper is not None:
        options.append(f"--paper={_numbers(chain.from_iterable(hint.paper.corners))}")
    if hint.whole_picture:
        options.append("--whole-picture")
    if example.model is not None:
        options.append(f'--model "{_shell_name(example.model)}"')
    return " ".join(["python -m digits read", *options, f'"{_shell_name(example.file)}"'])


def python_lines(example: CodeExample) -> str:
    """Return a Python program that prints the text and its confidence."""
    hints = _hint_arguments(example.hint)
    reader = "read" if example.page is None else "read_pages"
    arguments = [_literal(example.file)]
    if hints:
        arguments.append(f"Hint({', '.join(hints)})")
    if example.model is not None:
        arguments.append(f"model={_literal(example.model)}")
    page = "" if example.page is None else f"[{example.page - 1}]  # page {example.page}"
    names = sorted({*re.findall(r"[A-Z]\w+(?=\()", arguments[1] if hints else ""), reader})
    return (
        f"from digits import {', '.join(names)}\n\n"
        f"reading = {reader}({', '.join(arguments)}){page}\n"
        "print(reading.text, reading.confidence)\n"
    )


def _hint_arguments(hint: Hint) -> list[str]:
    """Return the arguments of a hint that differ from the default, as Python code."""
    default, hints = Hint(accept=hint.accept), []
    for field in fields(Hint):
        value = getattr(hint, field.name)
        if value != getattr(default, field.name):
            hints.append(f"{field.name}={value!r}")
    return hints


def _numbers(values: Iterable[int | float]) -> str:
    """Return numbers between commas, whole ones without a point."""
    return ",".join(f"{value:g}" for value in values)


def _literal(text: str) -> str:
    """Return a Python literal with double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _shell_name(name: str) -> str:
    """Return a file name without characters that are special to a shell."""
    return UNSAFE.sub("_", name)
