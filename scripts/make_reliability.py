"""Write docs/reliability.md from what each campaign left in docs/reliability/; --check compares."""

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "reliability"
OUT = ROOT / "docs" / "reliability.md"

HEAD = """# Reliability tests

Made by `scripts/make_reliability.py` from the files in `docs/reliability/`, each written by the
command of its row; do not edit. Attacks are covered in [security](security.md).

| test | repetitions | lost | result | date |
|---|---|---|---|---|
"""
COMMANDS = "\n## The commands\n\n"


def campaigns() -> list[dict[str, Any]]:
    """Return what every campaign came to, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(RESULTS.glob("*.json"))]


def document(found: list[dict[str, Any]]) -> str:
    """Return the whole page."""
    rows = "".join(
        f"| {each['tried']} | {each['times']:,} {each['unit']} | {each['lost']} | {each['result']} "
        f"| {each['date']} |\n"
        for each in found
    )
    lines = sorted({f"    {each['command']}\n" for each in found})
    machines = "; ".join(sorted({each["machine"] for each in found}))
    return f"{HEAD}{rows}{COMMANDS}{''.join(lines)}\nOn {machines}.\n"


def main() -> int:
    """Write the page, or with --check say whether it is what the campaigns left."""
    text = document(campaigns())
    if "--check" in sys.argv:
        same = OUT.exists() and OUT.read_text(encoding="utf-8") == text
        print(f"{OUT.name} {'is' if same else 'is not'} what the campaigns left")
        return int(not same)
    OUT.write_text(text, encoding="utf-8", newline="\n")
    print(f"wrote {OUT.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
