"""Hypothesis as these tests use it: bounded in time and memory.

`make fuzz` asks for FUZZ_CASES cases of each; hypothesis draws and shrinks.
"""

import datetime
import functools
import os
import resource

import hypothesis
from hypothesis import strategies as st

NUM_CASES = int(os.environ.get("FUZZ_CASES", "100"))
MAX_SECONDS = 5
MAX_GROWTH_MB = 700
"""Three copies of the largest picture that passes for none of a bomb."""

SETTINGS = hypothesis.settings(
    max_examples=NUM_CASES,
    deadline=datetime.timedelta(seconds=MAX_SECONDS),
    derandomize="FUZZ_CASES" not in os.environ,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


def memory_mb() -> tuple[int, int]:
    """Returns what the process has now and the most that it ever had."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() >> 20, peak_kb >> 10


def fuzz(*strategies):
    """Draws a test's cases; each must end in time and within memory.

    Hypothesis itself keeps about 0.1 MB a case, so a case's own peak counts.
    """

    def decorate(test):
        @functools.wraps(test)
        def bounded(*args, **kwargs):
            now_mb, peak_mb = memory_mb()
            test(*args, **kwargs)
            _, new_peak_mb = memory_mb()
            is_new = new_peak_mb > peak_mb
            assert not is_new or new_peak_mb - now_mb < MAX_GROWTH_MB

        return SETTINGS(hypothesis.given(*strategies)(bounded))

    return decorate


@st.composite
def damaged(draw, wholes: st.SearchStrategy[bytes]) -> bytes:
    """Cuts, overwrites, repeats and inserts in something whole."""
    data = bytearray(draw(wholes))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 12)))
        piece = draw(st.one_of(st.binary(max_size=12), st.just(data[begin:])))
        data[begin:end] = piece[: 1 << 16]
    return bytes(data[: draw(st.one_of(st.none(), st.integers(0, len(data))))])
