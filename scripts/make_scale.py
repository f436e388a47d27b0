"""Generate the tables of docs/scale.md from docs/batch.csv.

python benchmarks/batch.py --out docs/batch.csv
python scripts/make_scale.py
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "scale.md"
MANY = 1_000_000_000  # pictures
CORE_HOUR = 0.04  # dollars, an assumption
HOUR = 3600  # s


def load() -> list[dict[str, str]]:
    """Return the measured runs."""
    with (ROOT / "docs" / "batch.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def find(runs: list[dict[str, str]], **wanted: str) -> dict[str, str]:
    """Return the largest run of a kind."""
    fitting = [run for run in runs if all(run[key] == value for key, value in wanted.items())]
    return max(fitting, key=lambda run: int(run["files"]))


def table(runs: list[dict[str, str]]) -> str:
    """Return the measured runs as a table."""
    lines = [
        "| pictures | engine | workers | seconds | a second | processor ms each | memory MB "
        "| longer than the loop by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for run in runs:
        if run["engine"] == "merge":
            continue
        over = "" if run["engine"] == "loop" else f"{float(run['over_loop']):.0%}"
        lines.append(
            f"| {int(run['files']):,} {run['kind']}s | {run['engine']} | {run['workers']} "
            f"| {float(run['seconds']):.1f} | {float(run['a_second']):.0f} "
            f"| {float(run['processor_ms']):.1f} | {run['memory_mb']} | {over} |"
        )
    return "\n".join(lines)


def marginal(runs: list[dict[str, str]], engine: str) -> tuple[float, float]:
    """Return the time to start one worker, in s, and to read a digit, in ms."""
    few, many = sorted(
        (r for r in runs if (r["kind"], r["engine"], r["workers"]) == ("digit", engine, "1")),
        key=lambda run: int(run["files"]),
    )
    each = (float(many["seconds"]) - float(few["seconds"])) / (
        int(many["files"]) - int(few["files"])
    )
    return float(few["seconds"]) - each * int(few["files"]), 1000 * each


def margins(runs: list[dict[str, str]]) -> str:
    """Return the overhead of engines per picture as a table."""
    lines = [
        "| engine, one worker | start | each digit | of a picture that takes 20 ms it adds |",
        "|---|---|---|---|",
    ]
    _, plain = marginal(runs, "loop")
    for engine in ("loop", "local", "ray"):
        start, each = marginal(runs, engine)
        lines.append(f"| {engine} | {start:.1f} s | {each:.2f} ms | {(each - plain) / 20:.1%} |")
    return "\n".join(lines)


def bill(run: dict[str, str]) -> str:
    """Return the cost of a billion pictures of one kind as a row of a table."""
    workers = int(run["workers"])
    hours = MANY * float(run["seconds"]) * workers / int(run["files"]) / HOUR
    return (
        f"| {run['kind']}s, {1000 * float(run['seconds']) * workers / int(run['files']):.1f} ms "
        f"| {hours:,.0f} | {hours / 1000:.1f} h | {hours * CORE_HOUR:,.0f} dollars |"
    )


def main() -> int:
    """Replace the tables in the document."""
    runs = load()
    single, number = (
        find(runs, kind=kind, engine="local", workers="1") for kind in ("digit", "number")
    )
    head = "| picture | core hours | on 1,000 cores | cost |\n|---|---|---|---|"
    tables = {
        "runs": table(runs),
        "overhead": margins(runs),
        "cost": "\n".join([head, bill(single), bill(number)]),
    }
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, rows in tables.items():
        start, end = f"<!-- {name} -->\n", f"\n<!-- /{name} -->"
        before, rest = text.split(start)
        text = before + start + rows + end + rest.split(end)[1]
    DOCUMENT.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
