"""Draw docs/diagrams.md from the code: how data flows, what imports what, what the nouns hold.

    python scripts/make_diagrams.py [--check]

GitHub, GitLab and most editors show the Mermaid text as pictures.
"""

import ast
import dataclasses
import inspect
import re
import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

TARGET = ROOT / "docs" / "diagrams.md"
PACKAGE = ROOT / "digits"
FOLLOWED = ("digits.image.", "digits.model.")  # what the chain in reader.py is made of
PLAIN = {"bool", "int", "float", "str", "None", "Path"}  # no nouns of the project
HEADER = """# Diagrams

Written by `python scripts/make_diagrams.py` from the code, and compared with it by a test.
"""


def main() -> int:
    """Write the diagrams, or say whether they are those of the code."""
    text = draw()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/diagrams.md is old: run python scripts/make_diagrams.py\n")
        return 1
    return 0


def draw() -> str:
    """Return the whole document."""
    return "\n".join(
        [
            HEADER,
            "## How data flows\n",
            "From type to type by the functions that `digits/reader.py` composes, as their "
            "signatures say.\n",
            _mermaid("flowchart LR", data_flow()),
            "## What imports what\n",
            "Layers as `pyproject.toml` declares them and import-linter holds them; an arrow is an "
            "import, those that follow from others are left out.\n",
            _mermaid("flowchart TD", modules()),
            "## What the nouns hold\n",
            "The frozen dataclasses of `digits/core.py` and `digits/corrections.py`.\n",
            _mermaid("classDiagram", entities()),
        ]
    )


def data_flow() -> list[str]:
    """Return arrows from argument types to result types, a line for each function."""
    tree = ast.parse((PACKAGE / "reader.py").read_text(encoding="utf-8"))
    arrows = [arrow for part in tree.body for arrow in _stages(part, {"Reader"})]
    door = ast.parse((PACKAGE / "image" / "pixels.py").read_text(encoding="utf-8"))
    arrows += [arrow for part in door.body for arrow in _stages(part, {"load_picture"})]
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(FOLLOWED):
            source = ROOT.joinpath(*str(node.module).split(".")).with_suffix(".py")
            wanted = {alias.name for alias in node.names}
            for function in ast.parse(source.read_text(encoding="utf-8")).body:
                arrows += _stages(function, wanted)
    return sorted(set(arrows))


def _stages(definition: ast.stmt, wanted: set[str]) -> list[str]:
    """Return the arrows of one function, or of each public method of one class."""
    if not isinstance(definition, ast.FunctionDef | ast.ClassDef) or definition.name not in wanted:
        return []
    if isinstance(definition, ast.FunctionDef):
        return _arrows(definition, definition.name)
    return [
        arrow
        for method in definition.body
        if isinstance(method, ast.FunctionDef)
        and (method.name == "__call__" or not method.name.startswith("_"))
        and not method.decorator_list
        for arrow in _arrows(method, _method_name(definition.name, method.name))
    ]


def _method_name(owner: str, name: str) -> str:
    return owner if name == "__call__" else f"{owner}.{name}"


def _arrows(function: ast.FunctionDef, name: str) -> list[str]:
    results = _nouns(function.returns)
    return [
        f"  {given} -->|{name}| {result}"
        for argument in function.args.args
        for given in _nouns(argument.annotation)
        for result in results
        if given != result
    ]


def _nouns(annotation: ast.expr | None) -> list[str]:
    """Return the project's own types that an annotation names."""
    if annotation is None:
        return []
    names = [node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)]
    return sorted(
        {name for name in names if name[0].isupper() or name == "bytes"}
        - PLAIN
        - {"Float32", "Sequence"}
    )


def modules() -> list[str]:
    """Return one box for each layer, and the imports between its modules."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = contracts["tool"]["importlinter"]["contracts"][0]["layers"]
    lines = []
    for i, layer in enumerate(layers):
        names = [name.strip() for name in layer.split("|")]
        lines += [f"  subgraph layer{i}[ ]", *(f"    {name}" for name in names), "  end"]
    graph = grimp.build_graph("digits")
    tops = {module.split(".")[1] for module in graph.modules if "." in module}
    imports = {
        name: {
            imported.split(".")[1]
            for module in graph.modules
            if (module + ".").startswith(f"digits.{name}.")
            for imported in graph.find_modules_directly_imported_by(module)
            if imported.startswith("digits.")
        }
        - {name}
        for name in tops
    }
    for name in sorted(imports):
        reached = {far for near in imports[name] for far in _reached(near, imports)}
        lines += [f"  {name} --> {near}" for near in sorted(imports[name] - reached)]
    return lines


def _reached(name: str, imports: dict[str, set[str]]) -> set[str]:
    """Return all modules that `name` imports, directly or through others."""
    return imports[name] | {far for near in imports[name] for far in _reached(near, imports)}


def entities() -> list[str]:
    """Return each dataclass with its fields, and which holds which."""
    from digits import core, corrections

    found = {
        name: noun
        for module in (core, corrections)
        for name, noun in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(noun) and noun.__module__ == module.__name__
    }
    lines = []
    for name, noun in sorted(found.items()):
        lines.append(f"  class {name} {{")
        fields = dataclasses.fields(noun)
        lines += [f"    {field.name} {_type_name(field.type)}" for field in fields]
        lines.append("  }")
        held = {part for field in fields for part in re.findall(r"\w+", _type_name(field.type))}
        lines += [f"  {name} o-- {part}" for part in sorted(held & found.keys() - {name})]
    return lines


def _type_name(annotation: object) -> str:
    """Return a field's type as the code writes it, without brackets that Mermaid would read."""
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    name = re.sub(r"digits\.\w+\.|datetime\.(?=datetime)|typing\.", "", name)
    name = re.sub(r"Literal\[[^]]*\]", "word", name)
    return re.sub(r"[^\w|]+", " ", name.replace(" | ", "|").replace("...", "")).strip()


def _mermaid(kind: str, lines: list[str]) -> str:
    return "\n".join(["```mermaid", kind, *lines, "```\n"])


if __name__ == "__main__":
    sys.exit(main())
