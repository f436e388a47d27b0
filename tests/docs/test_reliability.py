"""The page of campaigns is what the campaigns left, and nothing was lost in any."""

import subprocess
import sys
from pathlib import Path

from scripts.make_reliability import campaigns

ROOT = Path(__file__).parent.parent.parent


def test_the_page_is_what_the_campaigns_left():
    command = [sys.executable, "scripts/make_reliability.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_nothing_was_lost_in_any_and_each_was_long_enough():
    found = {each["campaign"]: each for each in campaigns()}
    assert {name: each["lost"] for name, each in found.items() if each["lost"]} == {}
    kills = {name: each["times"] for name, each in found.items() if name.startswith("kill-")}
    assert {name.split("-")[1] for name in kills} == {
        "batch", "checkpoint", "corrections", "export", "learn",
    }  # fmt: skip
    assert min(kills.values()) >= 200
