"""A process that times one contender whenever it is asked for a round."""

import subprocess
from collections.abc import Sequence
from typing import IO, NamedTuple, cast

_OUT_OF_MEMORY = ("RESOURCE_EXHAUSTED", "out of memory", "OutOfMemory")


class Figures(NamedTuple):
    """A round: images a second, and the peak memory so far in MiB."""

    rate: float
    peak_mb: float


class Ended(RuntimeError):
    """The process has ended; says why, in the last line that it wrote.

    Attributes:
        is_memory: Whether it ran out of memory.
    """

    def __init__(self, log: str):
        """Takes what it wrote to its standard error."""
        lines = log.strip().splitlines() or ["it says nothing"]
        self.is_memory = any(word in log for word in _OUT_OF_MEMORY)
        told = "out of memory" if self.is_memory else lines[-1][:200]
        super().__init__(told)


class Served:
    """A contender's process, started at once; its first round compiles."""

    def __init__(self, command: Sequence[str], log_path: str):
        """Starts it.

        Args:
            command: A module of `benchmarks.steps` with --served.
            log_path: The file for its standard error.
        """
        self._log_path = log_path
        with open(log_path, "w") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)

    def round(self) -> Figures:
        """Times a round.

        Raises:
            Ended: The process is there no more.
        """
        try:
            self._requests.write("\n")
            self._requests.flush()
        except BrokenPipeError:
            raise self._ended() from None
        for line in self._answers:
            try:
                rate, peak_mb = map(float, line.split())
            except ValueError:
                continue  # Some library has something to say.
            return Figures(rate, peak_mb)
        raise self._ended()

    def close(self) -> None:
        """Ends the process and gives its memory back."""
        self._process.kill()
        self._process.communicate()

    def _ended(self) -> Ended:
        self._process.wait()
        with open(self._log_path, errors="replace") as log:
            return Ended(log.read())
