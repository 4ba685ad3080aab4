"""What an epoch's time goes to."""

import contextlib
import time
from collections.abc import Iterator


class Clock:
    """Measures an epoch: pictures, seconds, seconds spent waiting."""

    def __init__(self, seconds_before: float = 0.0):
        """Starts.

        Args:
            seconds_before: What the epoch took before a run was resumed.
        """
        self._begin = time.perf_counter()
        self._end: float | None = None
        self._before = seconds_before
        self._waited = 0.0
        self._num_steps = 0
        self._num_images = 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts what happens inside as waiting for input."""
        begin = time.perf_counter()
        yield
        self._waited += time.perf_counter() - begin

    def count(self, num_images: int) -> None:
        """Counts a step and the pictures that it has taken."""
        self._num_steps += 1
        self._num_images += num_images

    def stop(self) -> None:
        """Ends the steps; what follows counts in `seconds` only."""
        self._end = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds of the epoch so far, those before a resume included."""
        return self._before + time.perf_counter() - self._begin

    @property
    def images_per_second(self) -> float:
        """The steps' rate since the start or the resume."""
        return self._num_images / max(self._here, 1e-9)

    @property
    def seconds_per_step(self) -> float:
        """The mean since the start or the resume."""
        return self._here / max(self._num_steps, 1)

    @property
    def input_wait_share(self) -> float:
        """The share of the steps' time spent waiting for input, in [0, 1]."""
        return self._waited / max(self._here, 1e-9)

    @property
    def _here(self) -> float:
        """Seconds of the steps since the start or the resume."""
        return (self._end or time.perf_counter()) - self._begin


def format_seconds(seconds: float) -> str:
    """Writes a duration as H:MM:SS."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}"
