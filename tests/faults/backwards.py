"""Runs a module under a clock that starts a year ago and goes backwards.

python -m tests.faults.backwards MODULE ARGUMENTS
"""

import runpy
import sys
import time

YEAR_SECONDS = 365 * 24 * 3600

_true_time = time.time
_begin = _true_time()


def backwards() -> float:
    return 2 * _begin - _true_time() - YEAR_SECONDS


if __name__ == "__main__":
    time.time = backwards
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
