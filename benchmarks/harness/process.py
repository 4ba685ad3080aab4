"""Runs a command to its end and watches the memory of all its processes."""

import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

_SAMPLES_PER_SECOND = 20
_NUM_LINES_NAMED = 5


class CommandError(RuntimeError):
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
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        watch = _MemoryWatch(process.pid)
        try:
            code = process.wait()
        finally:
            seconds = time.perf_counter() - begin
            watch.stop()
            _end_session(process)
        out.seek(0)
        err.seek(0)
        if code:
            lines = err.read().splitlines()[-_NUM_LINES_NAMED:]
            raise CommandError(
                f"{' '.join(command)} ended with exit code {code}: "
                f"{' / '.join(lines)}"
            )
        return Finished(seconds, watch.peak_mb, out.read())


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
        for name in set(os.listdir("/proc")) - self._strangers:
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

    def __init__(self, session: int):
        self._memory = SessionMemory(session)
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
        while not self._stopped.wait(1 / _SAMPLES_PER_SECOND):
            now_mb = self._memory.now_mb()
            self.peak_mb = max(self.peak_mb, now_mb)


def _end_session(process: subprocess.Popen) -> None:
    """Ends what a command has left running, itself on an interruption."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
