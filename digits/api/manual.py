"""The OpenAPI description as a page to read: plain HTML, nothing fetched from anywhere."""

import html
import json
from typing import Any

STYLE = """
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; font-size: 1.2rem } code, pre { font-family: ui-monospace, monospace }
pre { overflow-x: auto; padding: .8rem; background: #8881; border-radius: .4rem }
table { border-collapse: collapse; width: 100% } td { padding: .3rem .8rem .3rem 0;
border-top: 1px solid #8884; vertical-align: top } td:first-child { white-space: nowrap }
"""


def to_page(openapi: dict[str, Any]) -> str:
    """Return the page: each operation with its parameters, answers and an example."""
    root = openapi.get("servers", [{"url": "/api"}])[0]["url"]
    operations = [
        _operation(f"{root}{path}", method, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]
    info = openapi["info"]
    schemas = {"components": {"schemas": openapi["components"]["schemas"]}}
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_safe(info['title'])}</title><style>{STYLE}</style>"
        f"<h1>{_safe(info['title'])} {_safe(info['version'])}</h1><p>{_safe(info['summary'])} "
        f'For programs: <a href="{_safe(root)}/openapi.json">openapi.json</a>.</p>'
        f"{''.join(operations)}<h2>Shapes</h2><details><summary>of all that is sent</summary>"
        f"<pre>{_safe(json.dumps(schemas, indent=2))}</pre></details></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    parameters = [
        (parameter["name"], parameter["schema"].get("description") or parameter["description"])
        for parameter in operation.get("parameters", [])
    ]
    answers = [(status, answer["description"]) for status, answer in operation["responses"].items()]
    bodies = operation.get("requestBody", {}).get("content", {})
    sent = [("body", ", ".join(bodies))] if bodies else []
    story = "".join(f"<p>{_safe(part)}</p>" for part in operation["description"].split("\n\n"))
    return (
        f"<h2><code>{method.upper()} {_safe(path)}</code></h2>{story}"
        f"<table>{_rows([*parameters, *sent, *answers])}</table>"
    )


def _rows(pairs: list[tuple[str, str]]) -> str:
    return "".join(
        f"<tr><td><code>{_safe(name)}</code><td>{_safe(meaning)}" for name, meaning in pairs
    )


def _safe(text: str) -> str:
    return html.escape(text)
