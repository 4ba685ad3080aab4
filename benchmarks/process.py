"""Runs a command to its end and watches the memory of all its processes."""

import dataclasses
import os
import signal
import subprocess
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
        peak_mb: The highest sum over its processes, in MiB, of the memory
            that is theirs alone plus their share of what they share (PSS);
            None where the system has no /proc.
        output: What it wrote to its standard output.
    """

    seconds: float
    peak_mb: float | None
    output: str


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


def session_memory_mb(session: int) -> float:
    """Sums the memory of a session's processes.

    A page that several processes map counts once in all, not once in each.

    Args:
        session: The process id of the session's leader.

    Returns:
        MiB; 0.0 when no process is left.
    """
    total_kb = 0
    for name in os.listdir("/proc"):
        if name.isdecimal():
            total_kb += _process_memory_kb(name, session)
    return total_kb / 1024


def _process_memory_kb(process: str, session: int) -> int:
    """Returns a process's PSS; 0 if it is of another session or has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="latin-1") as file:
            # The name, in parentheses, may hold blanks and parentheses.
            fields = file.read().rpartition(")")[2].split()
        if int(fields[3]) != session:
            return 0
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        pass
    return 0


class _MemoryWatch:
    """Samples a session's memory in a thread and keeps the highest sum."""

    def __init__(self, session: int):
        self._session = session
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
            now_mb = session_memory_mb(self._session)
            self.peak_mb = max(self.peak_mb, now_mb)


def _end_session(process: subprocess.Popen) -> None:
    """Ends what a command has left running, itself on an interruption."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
