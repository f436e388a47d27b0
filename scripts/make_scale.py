"""Write docs/scale.md: what docs/batch.csv, measured by benchmarks/batch.py, means for a billion.

python benchmarks/batch.py --out docs/batch.csv
python scripts/make_scale.py
"""

import csv
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MANY = 1_000_000_000  # pictures
BATCH = 10_000_000  # pictures that one run of `digits batch` should be given
CORE_HOUR = 0.04  # dollars, an assumption: replace it by your own
FETCH = 0.0004 / 1000  # dollars for a request that reads, list price of a large store, the same
PICTURE_KB = 10  # kB, an assumption
CHUNK = 64  # pictures in a part, `digits.batch.job.CHUNK`
SOURCE_BYTES = 200  # of memory for each name that a driver keeps, an estimate
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
    """Return what starting one worker takes, in s, and then a digit, in ms, by two sizes of batch."""
    few, many = sorted(
        (r for r in runs if (r["kind"], r["engine"], r["workers"]) == ("digit", engine, "1")),
        key=lambda run: int(run["files"]),
    )
    each = (float(many["seconds"]) - float(few["seconds"])) / (
        int(many["files"]) - int(few["files"])
    )
    return float(few["seconds"]) - each * int(few["files"]), 1000 * each


def margins(runs: list[dict[str, str]]) -> str:
    """Return what engines add to a picture, apart from their start, as a table."""
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
    """Return what a billion pictures of one kind cost, as a row of a table."""
    workers = int(run["workers"])
    hours = MANY * float(run["seconds"]) * workers / int(run["files"]) / HOUR
    return (
        f"| {run['kind']}s, {1000 * float(run['seconds']) * workers / int(run['files']):.1f} ms "
        f"| {hours:,.0f} | {hours / 1000:.1f} h | {hours * CORE_HOUR:,.0f} dollars |"
    )


def page() -> str:
    """Return the document."""
    runs = load()
    digit = find(runs, kind="digit", engine="local", workers="1")
    number = find(runs, kind="number", engine="local", workers="1")
    merge = find(runs, engine="merge")
    small = min(
        (run for run in runs if run["engine"] == "local" and run["kind"] == "digit"),
        key=lambda run: (int(run["workers"]), int(run["files"])),
    )
    row_kb, parquet_kb = float(merge["result_kb"]), float(digit["result_kb"])
    merging = MANY / float(merge["a_second"]) / HOUR
    return f"""# A billion pictures

Written by `python scripts/make_scale.py` from [batch.csv](batch.csv), which
`python benchmarks/batch.py --out docs/batch.csv` measured on two cores. How to run a batch:
[batch.md](batch.md).

## Measured

{table(runs)}

Each time holds the start of the program. "Longer than the loop" compares with a plain Python loop over
`digits.read` in one process, as if that were spread over the workers without loss. The local engine with one
worker holds {small["memory_mb"]} MB for {int(small["files"]):,} pictures and {digit["memory_mb"]} MB
for {int(digit["files"]):,}. Starting and reading are told apart by the two sizes of batch:

{margins(runs)}

Putting the parts together reads {float(merge["a_second"]):,.0f} rows a second in one process.

## Reckoned

Cost of a billion, at {CORE_HOUR} dollars for an hour of a core (an assumption: put in your own):

| picture | core hours | on 1,000 cores | cost |
|---|---|---|---|
{bill(digit)}
{bill(number)}

Fetching a billion objects one by one at a list price of {FETCH * 1000} dollars for a thousand requests
is {MANY * FETCH:,.0f} dollars, and at {PICTURE_KB} kB each {MANY * PICTURE_KB / 1e9:,.0f} TB cross the
network: beside single digits the store costs more than the cores. The result is
{MANY * parquet_kb / 1e9:,.2f} TB as Parquet ({parquet_kb:.2f} kB a picture, with the whole reading as
JSON); the parts, until they are merged, {MANY * row_kb / 1e9:,.1f} TB.

## Layout

- **{MANY // BATCH} runs of {BATCH // 1_000_000} million pictures each**, by prefix:
  `digits batch s3://scans/000/ --out s3://readings/000.parquet --engine ray`, and so on. A run that was
  interrupted goes on where it was when the same command is given again.
- Workers are processes of one core; a machine of n cores holds n of them, each with its own two
  networks ({float(digit["memory_mb"]):.0f} MB for one worker with the program around it). No worker
  talks to another, so more machines are faster by their number until the store is the limit.
- The results stay {MANY // BATCH} Parquet files with one schema, which Arrow, DuckDB or Spark read as
  one table.

## What breaks first

1. **The list of names.** The program that hands out the work keeps what it listed: about
   {SOURCE_BYTES} bytes a name, {BATCH * SOURCE_BYTES / 1e9:.0f} GB for {BATCH // 1_000_000} million and
   {MANY * SOURCE_BYTES / 1e9:.0f} GB for a billion. Hence the prefixes. (The local engine on a local
   folder holds one folder's names at a time.)
2. **Merging**, which one process does: {merging:.0f} h for a billion rows,
   {60 * merging * BATCH / MANY:.0f} minutes for a run of {BATCH // 1_000_000} million, during which
   the workers of other runs go on.
3. **Parts in one folder**: {MANY // CHUNK // 1_000_000} million for a billion,
   {BATCH // CHUNK // 1000} thousand for a run. Stores do not mind; a shared file system may.
4. **Small objects.** Where pictures are a few kB the requests cost more than reading. Pack them: a ZIP
   on a file system is read in place. From an address, pictures are fetched one by one.
5. **A picture that stops the program** costs the local engine the reading of its chunk of {CHUNK} once
   more, one by one, and becomes a row. On Ray the actor is started again and again on the same
   picture: read a suspicious prefix with the local engine first.
"""


def main() -> int:
    """Write the document."""
    (ROOT / "docs" / "scale.md").write_text(page(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
