"""How far the writers of this process are, for the console.

On a local run the writers are threads of the launcher's own process; on a
cluster these counters are read by nobody and cost nothing.
"""

import contextlib
import sys
import threading
import time
from typing import Self, TextIO

from schemas.quantities import counted

_INTERVAL_SECONDS = 0.5
_INTERVAL_WITHOUT_TERMINAL_SECONDS = 10.0


class Progress:
    """Counts frames, prints a line, and passes a failure on to all writers."""

    def __init__(self) -> None:
        """Starts at zero frames, printing nothing."""
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0
        self._begin = time.monotonic()
        self._printer: threading.Thread | None = None
        self._is_entered = False
        self._stopped = threading.Event()
        self.first_error: Exception | None = None

    def expect(self, num_frames: int) -> None:
        """Sets how many frames there are."""
        with self._lock:
            self._total = num_frames
            self._begin = time.monotonic()

    def advance(self, num_frames: int = 1) -> None:
        """Counts frames as done.

        Raises:
            Exception: Another writer of this local run has failed by it.
        """
        with self._lock:
            self._done += num_frames
        if self._is_entered and self.first_error:
            raise self.first_error

    def fail(self, error: Exception) -> None:
        """Remembers the first failure; the other writers stop at it."""
        with self._lock:
            self.first_error = self.first_error or error

    def __enter__(self) -> Self:
        """Starts to print."""
        self._reset()
        self._is_entered = True
        if sys.stderr:
            printer = threading.Thread(
                target=self._print, args=(sys.stderr,), daemon=True
            )
            with contextlib.suppress(RuntimeError):  # No more threads.
                printer.start()
                self._printer = printer
        return self

    def __exit__(self, *unused: object) -> None:
        """Stops printing."""
        self._stopped.set()
        self._is_entered = False
        if self._printer:
            self._printer.join()

    def _print(self, stream: TextIO) -> None:
        """Prints until it is stopped, or nobody takes what is printed."""
        with contextlib.suppress(OSError):
            self._print_lines(stream)

    def _print_lines(self, stream: TextIO) -> None:
        is_terminal = stream.isatty()
        interval = (
            _INTERVAL_SECONDS
            if is_terminal
            else _INTERVAL_WITHOUT_TERMINAL_SECONDS
        )
        printed = False
        while not self._stopped.wait(interval):
            if self._total:
                end = "" if is_terminal else "\n"
                start = "\r\x1b[K" if is_terminal else ""
                stream.write(start + self._line() + end)
                stream.flush()
                printed = True
        if printed and is_terminal:
            stream.write("\n")

    def _line(self) -> str:
        with self._lock:
            done, total = self._done, self._total
            seconds = time.monotonic() - self._begin
        rate = done / seconds if seconds else 0.0
        left = f"{(total - done) / rate:.0f} s left" if rate else "starting"
        return f"{done}/{counted(total, 'frame')}, {rate:.1f} frames/s, {left}"


current = Progress()
"""This process's counter."""
