"""Render the OpenAPI description as a plain HTML page without external resources."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; font-size: 1.2rem } code, pre { font-family: ui-monospace, monospace }
pre { overflow-x: auto; padding: .8rem; background: #8881; border-radius: .4rem }
table { border-collapse: collapse; width: 100% } td { padding: .3rem .8rem .3rem 0;
border-top: 1px solid #8884; vertical-align: top } td:first-child { white-space: nowrap;
width: 6rem }
"""


def to_page(openapi: dict[str, Any]) -> str:
    """Return the page: each operation with its parameters, responses and examples."""
    root = openapi.get("servers", [{"url": "/api"}])[0]["url"]
    schemas = openapi["components"]["schemas"]
    operations = [
        _operation(f"{method.upper()} {root}{path}", operation, schemas)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    info = openapi["info"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_safe(info['title'])}</title><style>{STYLE}</style>"
        f"<h1>{_safe(info['title'])} {_safe(info['version'])}</h1><p>{_safe(info['summary'])} "
        f'For programs: <a href="{_safe(root)}/openapi.json">openapi.json</a>.</p>'
        f"{''.join(operations)}<h2>Schemas</h2>"
        f"<details><summary>all requests and responses</summary>{_json(schemas)}</details></html>"
    )


def _operation(name: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    parameters = [
        (parameter["name"], parameter["description"])
        for parameter in operation.get("parameters", [])
    ]
    answers = operation["responses"]
    sentences = [(status, answers[status]["description"]) for status in sorted(answers)]
    bodies = operation.get("requestBody", {}).get("content", {})
    sent = [("body", ", ".join(bodies))] if bodies else []
    story = "".join(f"<p>{_marked(part)}</p>" for part in operation["description"].split("\n\n"))
    examples = [
        f"<p>{label}</p>{_json(example)}"
        for label, contents in (
            ("Request", bodies),
            ("Response", answers["200"].get("content", {})),
        )
        for content in contents.values()
        for example in _examples(content.get("schema", {}), schemas)
    ]
    rows = _rows([*parameters, *sent, *sentences])
    return f"<h2><code>{_safe(name)}</code></h2>{story}<table>{rows}</table>{''.join(examples)}"


def _examples(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[Any]:
    """Yield the examples of a schema and of its alternatives."""
    for part in [schema, *schema.get("anyOf", [])]:
        if "$ref" in part:
            yield from schemas[part["$ref"].rpartition("/")[2]].get("examples", [])


def _rows(pairs: list[tuple[str, str]]) -> str:
    return "".join(
        f"<tr><td><code>{_safe(name)}</code><td>{_safe(meaning)}" for name, meaning in pairs
    )


def _json(value: Any) -> str:  # noqa: ANN401  # JSON has no narrower type
    return f"<pre>{_safe(json.dumps(value, indent=2))}</pre>"


def _marked(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", _safe(text))


def _safe(text: str) -> str:
    return html.escape(text)
