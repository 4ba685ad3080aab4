"""Counts the faults that tests inject and prints a table of them."""

import collections
import contextlib

import pytest

_INJECTED, _SURVIVED = "fault injected", "fault survived"


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
