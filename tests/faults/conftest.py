"""One training without faults for all tests; a table of those they inject."""

import collections
import contextlib

import pytest

from tests import tiny_dataset
from tests.faults import jobs

_INJECTED, _SURVIVED = "fault injected", "fault survived"


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(path, 10, 3, (40, 40))
    return path


@pytest.fixture(scope="session")
def timed_run(data_dir, tmp_path_factory):
    """The folder of a training without faults, and its seconds."""
    path = tmp_path_factory.mktemp("run")
    done = jobs.train(data_dir, path)
    assert done.returncode == 0, done.stderr
    return path, done.seconds


@pytest.fixture(scope="session")
def whole_run(timed_run):
    return timed_run[0]


@pytest.fixture
def fault(record_property):
    """Counts a fault of a name; it is survived where the block ends well."""

    @contextlib.contextmanager
    def count(name: str):
        record_property(_INJECTED, name)
        yield
        record_property(_SURVIVED, name)

    return count


def pytest_terminal_summary(terminalreporter):
    counts = {
        _INJECTED: collections.Counter(),
        _SURVIVED: collections.Counter(),
    }
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for key, name in report.user_properties:
                counts.get(key, collections.Counter())[name] += 1
    if not counts[_INJECTED]:
        return
    terminalreporter.section("faults")
    terminalreporter.line("| fault | injected | survived | lost |")
    terminalreporter.line("|---|---:|---:|---:|")
    total = [0, 0]
    for name, injected in sorted(counts[_INJECTED].items()):
        survived = counts[_SURVIVED][name]
        total = [total[0] + injected, total[1] + survived]
        terminalreporter.line(_row(name, injected, survived))
    terminalreporter.line(_row("all", *total))


def _row(name: str, injected: int, survived: int) -> str:
    return f"| {name} | {injected} | {survived} | {injected - survived} |"
