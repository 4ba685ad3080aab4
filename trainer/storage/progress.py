"""One line on the console that says how far long work is."""

import sys
import time

from schemas.quantities import counted

_EVERY_SECONDS = {True: 0.5, False: 15.0}
"""Terminal or not → how often a line comes."""

_SECONDS_UP_TO = 120
_MINUTES_UP_TO = 120


class Progress:
    """Counts items and prints their number, rate and time left."""

    def __init__(self, total: int | None, one: str, many: str = ""):
        """Starts the clock.

        Args:
            total: How many there will be, as far as that is known.
            one: What is counted; see `schemas.quantities.noun`.
            many: The same in the plural.
        """
        self._total = total
        self._unit = one, many
        self._is_terminal = sys.stderr.isatty()
        self._begin = self._printed = time.monotonic()
        self._line_is_open = False

    def update(self, done: int) -> None:
        """Prints a line where the last one is old or the work is done."""
        now = time.monotonic()
        is_due = now - self._printed >= _EVERY_SECONDS[self._is_terminal]
        is_last = done == self._total
        if not is_due and not is_last:
            return
        self._printed = now
        rate = done / max(now - self._begin, 1e-6)
        line = f"{counted(done, *self._unit)}, {rate:.2f}/s"
        if self._total is not None and done <= self._total:
            left = _duration((self._total - done) / rate)
            total = counted(self._total, *self._unit)
            line = f"{done} of {total}, {rate:.2f}/s, {left}"
        self._line_is_open = self._is_terminal and not is_last
        end = "\r" if self._line_is_open else "\n"
        print(line, end=end, file=sys.stderr, flush=True)

    def finish(self) -> None:
        """Ends the line where fewer items came than there should have been."""
        if self._line_is_open:
            print(file=sys.stderr, flush=True)


def _duration(seconds: float) -> str:
    """Writes the time that is left."""
    if seconds < _SECONDS_UP_TO:
        return f"{seconds:.0f} s left"
    minutes = round(seconds / 60)
    if minutes < _MINUTES_UP_TO:
        return f"{minutes} min left"
    return f"{minutes // 60} h {minutes % 60} min left"
