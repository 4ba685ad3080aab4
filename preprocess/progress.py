"""How far the writers of this process are, for the console.

On a local run the writers are threads of the launcher's own process; on a
cluster these counters are read by nobody and cost nothing.
"""

import sys
import threading
import time

from preprocess.errors import ConversionError

_INTERVAL_SECONDS = 0.5
_INTERVAL_WITHOUT_TERMINAL_SECONDS = 10.0


class Progress:
    """Counts frames, prints a line, and passes a failure on to all writers."""

    def __init__(self):
        """Starts at zero frames, printing nothing."""
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0
        self._printer: threading.Thread | None = None
        self._stopped = threading.Event()
        self.first_error: ConversionError | None = None

    def expect(self, num_frames: int) -> None:
        """Sets how many frames there are."""
        with self._lock:
            self._total = num_frames
            self._begin = time.monotonic()

    def advance(self, num_frames: int = 1) -> None:
        """Counts frames as done.

        Raises:
            ConversionError: Another writer of this local run has failed.
        """
        with self._lock:
            self._done += num_frames
        if self._printer and self.first_error:
            raise self.first_error

    def fail(self, error: ConversionError) -> None:
        """Remembers the first failure; the other writers stop at it."""
        with self._lock:
            self.first_error = self.first_error or error

    def __enter__(self):
        """Starts to print."""
        self.__init__()
        self._stream = sys.stderr
        self._printer = threading.Thread(target=self._print, daemon=True)
        self._printer.start()
        return self

    def __exit__(self, *unused) -> None:
        """Stops printing."""
        self._stopped.set()
        self._printer.join()
        self._printer = None

    def _print(self) -> None:
        is_terminal = self._stream.isatty()
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
                self._stream.write(start + self._line() + end)
                self._stream.flush()
                printed = True
        if printed and is_terminal:
            self._stream.write("\n")

    def _line(self) -> str:
        with self._lock:
            done, total = self._done, self._total
            seconds = time.monotonic() - self._begin
        rate = done / seconds if seconds else 0.0
        left = f"{(total - done) / rate:.0f} s left" if rate else "starting"
        return f"{done}/{total} frames, {rate:.1f} frames/s, {left}"


current = Progress()
"""This process's counter."""
