import platform
import subprocess
import sys

import pytest

from preprocess.storage import memory
from tests import commands

COUNT_FAULTS = """
import resource, sys
from preprocess.storage import memory
if sys.argv[1] == "kept":
    memory.keep_freed()
for _ in range(20):  # glibc raises its own thresholds by the first ones.
    a, b = bytes(2 << 20), bytes(2 << 20)
    del a, b
begin = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(50):
    a, b = bytearray(2 << 20), bytearray(2 << 20)
    del a, b
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begin)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="glibc's malloc alone is set"
)
def test_memory_of_a_picture_is_not_handed_out_page_by_page_again():
    faults = {
        how: int(
            subprocess.run(
                [sys.executable, "-c", COUNT_FAULTS, how],
                cwd=commands.ROOT,
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for how in ("kept", "returned")
    }
    if not faults["returned"]:
        pytest.skip("this system counts no page faults")
    assert faults["kept"] < faults["returned"] / 4


def test_other_c_libraries_are_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    memory.keep_freed()
