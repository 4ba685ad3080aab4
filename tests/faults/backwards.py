"""Runs a module under a clock that is set back by a year while it runs.

python -m tests.faults.backwards MODULE ARGUMENTS
"""

import runpy
import sys
import time

JUMP_AFTER_SECONDS = 2
YEAR_SECONDS = 365 * 24 * 3600

_true_time = time.time
_jump = _true_time() + JUMP_AFTER_SECONDS


def set_back() -> float:
    now = _true_time()
    return now if now < _jump else now - YEAR_SECONDS


if __name__ == "__main__":
    time.time = set_back
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
