"""One line on the console that says how far long work is."""

import sys
import time

_EVERY_SECONDS = {True: 0.5, False: 15.0}
"""Terminal or not → how often a line comes."""


class Progress:
    """Counts items and prints their number, rate and time left."""

    def __init__(self, unit: str, total: int):
        """Starts the clock.

        Args:
            unit: What is counted, in the plural.
            total: How many there will be.
        """
        self._unit = unit
        self._total = total
        self._is_terminal = sys.stderr.isatty()
        self._begin = self._printed = time.monotonic()

    def update(self, done: int) -> None:
        """Prints a line where the last one is old or the work is done."""
        now = time.monotonic()
        is_due = now - self._printed >= _EVERY_SECONDS[self._is_terminal]
        if not is_due and done < self._total:
            return
        self._printed = now
        rate = done / max(now - self._begin, 1e-6)
        left = (self._total - done) / rate
        end = "\r" if self._is_terminal and done < self._total else "\n"
        print(
            f"{done} of {self._total} {self._unit}, {rate:.2f}/s, "
            f"{left:.0f} s left",
            end=end,
            file=sys.stderr,
            flush=True,
        )
