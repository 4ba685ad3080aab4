"""Runs a command to its end and watches the memory of all its processes."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from schemas import failures

_SAMPLES_PER_SECOND = 20
_MOST_OF_A_CORE = 0.05
"""What watching a session's memory may take."""
_NUM_LINES_NAMED = 5
_SESSION, _TIMES = 3, slice(11, 15)
"""Fields behind the name in /proc/PID/stat: session; user, system time, and
the same of children that were waited for."""


class CommandError(failures.UserError):
    """A command ended with an exit code other than 0."""


@dataclasses.dataclass(frozen=True)
class Finished:
    """What a command took.

    Attributes:
        seconds: Wall time from its start to its end, the interpreter's start
            and the imports included.
        peak_mb: The highest memory of all its processes together, in MiB,
            as `SessionMemory` counts it; None without Linux's /proc.
        output: What it wrote to its standard output.
    """

    seconds: float
    peak_mb: float | None
    output: str


def module_command(name: str, *arguments: str) -> tuple[str, ...]:
    """Returns the command that runs a module under this interpreter."""
    return (sys.executable, "-m", name, *arguments)


def run(command: Sequence[str]) -> Finished:
    """Runs a command in a session of its own.

    Raises:
        CommandError: Its exit code is not 0; quotes its last lines.
    """
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        begin = time.perf_counter()
        with started(command, stdout=out, stderr=err) as running:
            code = running.process.wait()
            seconds = time.perf_counter() - begin
        out.seek(0)
        err.seek(0)
        if code:
            lines = err.read().splitlines()[-_NUM_LINES_NAMED:]
            raise CommandError(
                f"{' '.join(command)} ended with exit code {code}: "
                f"{' / '.join(lines)}"
            )
        return Finished(seconds, running.peak_mb, out.read())


class Running:
    """A command in a session of its own, and what its processes take.

    Attributes:
        process: The session's leader.
    """

    def __init__(self, process: subprocess.Popen, samples_per_second: int):
        """Begins to watch the memory, so many times a second."""
        self.process = process
        self._watch = _MemoryWatch(process.pid, samples_per_second)

    @property
    def peak_mb(self) -> float | None:
        """As `Finished` has it, until now."""
        return self._watch.peak_mb

    def cpu_seconds(self) -> float:
        """Returns the processor time of its processes until now.

        Those that ended count with the parent that waited for them.
        """
        ticks = 0
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                    fields = file.read().rpartition(")")[2].split()
                if int(fields[_SESSION]) == self.process.pid:
                    ticks += sum(map(int, fields[_TIMES]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Ends what it has left running, itself on an interruption."""
        self._watch.stop()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def started(
    command: Sequence[str],
    samples_per_second: int = _SAMPLES_PER_SECOND,
    **streams: Any,
) -> Iterator[Running]:
    """Starts a command in a session of its own; ends it behind the block.

    Args:
        command: The program and its arguments.
        samples_per_second: How often its memory is looked at.
        **streams: `subprocess.Popen`'s stdin (default: empty), stdout, stderr.
    """
    streams.setdefault("stdin", subprocess.DEVNULL)
    running = Running(
        subprocess.Popen(command, start_new_session=True, **streams),
        samples_per_second,
    )
    try:
        yield running
    finally:
        running.end()


class SessionMemory:
    """The memory of a session's processes, cheap enough to ask for often."""

    def __init__(self, session: int):
        """Takes the process id of the session's leader."""
        self._session = session
        self._strangers: set[str] = set()

    def now_mb(self) -> float:
        """Adds up what the processes have now.

        Pages that they share after a fork count once (their PSS).  Libraries
        and other files that they map count as in the process that maps the
        most of them: their PSS would fall with every stranger that maps them.

        Returns:
            MiB; 0.0 when no process is left.
        """
        own_kb, mapped_kb = 0, 0
        names = set(os.listdir("/proc"))
        self._strangers &= names  # The system gives ids away again.
        for name in names - self._strangers:
            if not name.isdecimal() or not self._is_member(name):
                self._strangers.add(name)
            elif memory := _memory_kb(name):
                own_kb += memory["Pss_Anon"]
                mapped_kb = max(mapped_kb, memory["Rss"] - memory["Anonymous"])
        return (own_kb + mapped_kb) / 1024

    def _is_member(self, process: str) -> bool:
        try:
            return os.getsid(int(process)) == self._session
        except (ProcessLookupError, PermissionError):
            return False


def _memory_kb(process: str) -> dict[str, int]:
    """Returns a process's smaps_rollup, empty if it has ended."""
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            rows = [line.split() for line in file]
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
    return {row[0][:-1]: int(row[1]) for row in rows if row[-1] == "kB"}


class _MemoryWatch:
    """Samples a session's memory in a thread and keeps the highest sum."""

    def __init__(self, session: int, samples_per_second: int):
        self._memory = SessionMemory(session)
        self._interval = 1 / samples_per_second
        self._stopped = threading.Event()
        self.peak_mb: float | None = None
        self._thread = threading.Thread(target=self._sample, daemon=True)
        if os.path.exists("/proc/self/smaps_rollup"):
            self.peak_mb = 0.0
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _sample(self) -> None:
        pause = self._interval
        while not self._stopped.wait(pause):
            begin = time.perf_counter()
            now_mb = self._memory.now_mb()
            self.peak_mb = max(self.peak_mb or 0.0, now_mb)
            # One of many GiB takes long to look at, and waits meanwhile.
            taken = time.perf_counter() - begin
            pause = max(self._interval, taken / _MOST_OF_A_CORE)
