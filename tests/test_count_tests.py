"""The count that `.ci/run` prints: all tests, with what a retry changed, and no skip unnoticed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = "a store to test with is not installed"

TESTS = f'''
import os, pytest
retry = "RETRY" in os.environ
def test_good(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_on_a_busy_machine(n): assert retry
@pytest.mark.xfail(strict=True)
def test_known_fault(): assert False
@pytest.fixture
def server(): assert retry
def test_with_a_server(server): pass
def test_allowed(): pytest.skip("{ALLOWED}")
'''


@pytest.fixture
def count(tmp_path):
    """Run pytest on a file of tests, once or with a retry, and count."""

    def run(tests, *, retry=True):
        (tmp_path / "test_it.py").write_text(tests)
        (tmp_path / "allowed").write_text(f"# words\n{ALLOWED}\n")
        pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-c", "/dev/null"]
        pytest_ += [f"--rootdir={tmp_path}"]
        subprocess.run([*pytest_, "--junitxml=first.xml"], cwd=tmp_path, capture_output=True)
        if retry:
            again = [*pytest_, "--last-failed", "--junitxml=retry.xml"]
            environment = {"PATH": "", "RETRY": "1"}
            subprocess.run(again, cwd=tmp_path, env=environment, capture_output=True)
        done = subprocess.run(
            [
                sys.executable,
                ROOT / "scripts" / "count_tests.py",
                "allowed",
                "first.xml",
                "retry.xml",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout.splitlines()

    return run


def test_a_retry_changes_what_it_ran_and_the_count_is_of_all(count):
    assert count(TESTS) == (0, ["5 passed, 0 failed, 1 skipped"])


def test_without_a_retry_failures_are_named(count):
    status, (*named, last) = count(TESTS, retry=False)
    assert status == 1
    assert last == "2 passed, 3 failed, 1 skipped"
    assert {line.partition("::")[2] for line in named} == {
        "test_on_a_busy_machine[1]",
        "test_on_a_busy_machine[2]",
        "test_with_a_server",
    }


def test_what_fails_twice_has_failed(count):
    status, lines = count(TESTS + "def test_bad(): assert False\n")
    assert status == 1
    assert lines[-1] == "5 passed, 1 failed, 1 skipped"


def test_a_skip_without_leave_fails(count):
    skip = "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('too tired')\n"
    status, lines = count(skip, retry=False)
    assert status == 1
    assert lines == [
        "skipped without leave: test_it::test_b: too tired",
        "1 passed, 1 failed, 0 skipped",
    ]


@pytest.mark.parametrize("tests", ["", "import nothing_of_the_kind\n", "def broken(:\n"])
def test_no_tests_at_all_have_not_passed(count, tests):
    status, lines = count(tests, retry=False)
    assert status == 1
    assert lines[-1].startswith("0 passed")
