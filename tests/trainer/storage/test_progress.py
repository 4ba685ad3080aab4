import io
import types

import pytest

from trainer.storage import progress
from trainer.storage.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Makes each look at the clock come 20 s after the last one."""
    seconds = iter(range(0, 10**9, 20))
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(seconds))


class Terminal(io.StringIO):
    """Takes stderr's place and says that somebody looks at it."""

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    stderr = Terminal()
    monkeypatch.setattr(progress, "sys", types.SimpleNamespace(stderr=stderr))
    return stderr


@pytest.mark.parametrize(
    ("total", "line"),
    [
        (11, "10 of 11 frames, 0.50/s, 2 s left\n"),
        (1000, "10 of 1000 frames, 0.50/s, 33 min left\n"),
        (10_000, "10 of 10000 frames, 0.50/s, 5 h 33 min left\n"),
        (None, "10 frames, 0.50/s\n"),
        (9, "10 frames, 0.50/s\n"),  # more came than were announced
    ],
)
def test_a_line_says_number_rate_and_time_left(clock, capsys, total, line):
    Progress(total, "frame").update(10)
    assert capsys.readouterr().err == line


def test_lines_are_rare_but_the_last_one_comes(capsys):
    line = Progress(1000, "frame")
    for number in range(1, 1001):
        line.update(number)
    (last,) = capsys.readouterr().err.splitlines()
    assert last.startswith("1000 of 1000 frames, ")


def test_a_terminals_line_ends_where_fewer_items_came(clock, terminal):
    line = Progress(3, "frame")
    line.update(1)
    line.update(2)
    assert terminal.getvalue().endswith(" left\r")
    line.finish()
    assert terminal.getvalue().endswith(" left\r\n")


def test_a_terminals_line_ends_by_itself(clock, terminal):
    line = Progress(2, "frame")
    line.update(2)
    line.finish()
    assert terminal.getvalue().count("\n") == 1
