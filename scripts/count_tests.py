"""Count the tests of one or more JUnit reports; the last line printed is the count.

    python scripts/count_tests.py ALLOWED-SKIPS REPORT [RETRY…]

A retry replaces what the report before it says of the same tests, and nothing else: the count is of
all tests. A skip whose reason is not listed counts as a failure.

Exit status 0: some passed and none failed. 1: otherwise.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test."""

    state: str  # passed, failed or skipped
    reason: str = ""  # of a skip


def read_report(path: Path) -> dict[str, Outcome]:
    """Return the outcome of each test of a report by its name; the worst where it has several."""
    outcomes: dict[str, Outcome] = {}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314  # of our own pytest
        name = f"{case.get('classname')}::{case.get('name')}"
        known = outcomes.get(name)
        if known is None or known.state != "failed":
            outcomes[name] = _outcome(case)
    return outcomes


def _outcome(case: ElementTree.Element) -> Outcome:
    skip = case.find("skipped")
    if case.find("failure") is not None or case.find("error") is not None:
        return Outcome("failed")
    if skip is None or skip.get("type") == "pytest.xfail":
        return Outcome("passed")
    return Outcome("skipped", skip.get("message") or skip.text or "")


def main(allowed: Path, *reports: Path) -> int:
    """Print what failed and the count; return the exit status."""
    lines = allowed.read_text(encoding="utf-8").splitlines()
    reasons = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    outcomes: dict[str, Outcome] = {}
    for report in reports:
        if report.exists():  # a retry is rarely needed
            outcomes |= read_report(report)
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, outcome in outcomes.items():
        state = outcome.state
        if state == "skipped" and outcome.reason not in reasons:
            print(f"skipped without leave: {name}: {outcome.reason}")
            state = "failed"
        elif state == "failed":
            print(f"failed: {name}")
        counts[state] += 1
    print(", ".join(f"{number} {state}" for state, number in counts.items()))
    return 0 if counts["passed"] and not counts["failed"] else 1


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
