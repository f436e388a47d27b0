"""The count that `.ci/run` prints: all tests, with what a retry changed, and no skip unnoticed."""

import subprocess
import sys

import pytest

from scripts.count_tests import main

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
WITHOUT_LEAVE = "import pytest\ndef test_a(): pass\ndef test_b(): pytest.skip('too tired')\n"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Run pytest on files of tests; return a function that gives the path of a report."""
    folder = tmp_path_factory.mktemp("reports")
    pytest_ = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-c", "/dev/null"]
    pytest_ += [f"--rootdir={folder}"]

    def run(tests, name, *options, **environment):
        (folder / "test_it.py").write_text(tests)
        command = [*pytest_, *options, f"--junitxml={name}.xml"]
        subprocess.run(command, cwd=folder, env={"PATH": "", **environment}, capture_output=True)

    run(TESTS, "first")
    run(TESTS, "retry", "--last-failed", RETRY="1")
    run(WITHOUT_LEAVE, "skipped")
    run("", "empty")
    run("def broken(:\n", "broken")
    (folder / "allowed").write_text(f"# words\n{ALLOWED}\n")
    return folder.joinpath


@pytest.fixture
def count(reports, capsys):
    def run(*names):
        status = main(*(reports(name) for name in ("allowed", *(f"{n}.xml" for n in names))))
        return status, capsys.readouterr().out.splitlines()

    return run


def test_a_retry_changes_what_it_ran_and_the_count_is_of_all(count):
    assert count("first", "retry") == (0, ["5 passed, 0 failed, 1 skipped"])


def test_without_a_retry_failures_are_named(count):
    status, (*named, last) = count("first", "no such report")
    assert status == 1
    assert last == "2 passed, 3 failed, 1 skipped"
    assert {line.partition("::")[2] for line in named} == {
        "test_on_a_busy_machine[1]",
        "test_on_a_busy_machine[2]",
        "test_with_a_server",
    }


def test_a_test_that_fails_twice_counts_as_failed(count):
    assert count("first", "first")[1][-1] == "2 passed, 3 failed, 1 skipped"


def test_a_skip_with_an_unlisted_reason_fails(count):
    assert count("skipped") == (
        1,
        [
            "skipped without leave: test_it::test_b: too tired",
            "1 passed, 1 failed, 0 skipped",
        ],
    )


@pytest.mark.parametrize("name", ["empty", "broken"])
def test_an_empty_or_broken_run_fails(count, name):
    status, lines = count(name)
    assert status == 1
    assert lines[-1].startswith("0 passed")
