"""Faults of the kernel's, by strace: errors, signals and delays of calls."""

import functools
import os
import shutil
import subprocess
from collections.abc import Iterable

import pytest

READS = "read,pread64"
RENAMES = "rename,renameat,renameat2"
SYNCS = "fsync"


def inject(
    calls: str, effect: str, paths: Iterable[str | os.PathLike] = ()
) -> list[str]:
    """Returns the command under which system calls of a process fail.

    Args:
        calls: The system calls, with commas between them.
        effect: What happens to them as strace writes it, for example
            `error=EIO:when=2+`.
        paths: Only calls on these files; all files where there are none.
    """
    if not _has_strace():
        pytest.skip("injecting faults of the kernel needs strace")
    command = ["strace", "-f", "-qq", "-o", os.devnull]
    if "signal" not in effect:  # strace 6 sends none with the quick filter
        command.append("--seccomp-bpf")
    for path in paths:
        command += ["-P", str(path)]
    return [*command, "-e", f"trace={calls}", "-e", f"inject={calls}:{effect}"]


@functools.cache
def _has_strace() -> bool:
    if not shutil.which("strace"):
        return False
    return not subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "true"],
        capture_output=True,
    ).returncode
