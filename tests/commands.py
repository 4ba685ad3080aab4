"""Runs the project's commands as a user does: in processes of their own."""

import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).parent.parent


def start(
    module: str, *arguments: str, under: Sequence[str] = (), **options
) -> subprocess.Popen:
    """Starts `python -m module arguments`, under another command if any."""
    return subprocess.Popen(
        [*under, sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | options.pop("env", {}),
        **options,
    )


def run(module: str, *arguments: str, **options) -> subprocess.CompletedProcess:
    """Runs `python -m module arguments` to its end."""
    process = start(module, *arguments, **options)
    begin = time.monotonic()
    out, err = process.communicate(timeout=600)
    done = subprocess.CompletedProcess(
        process.args, process.returncode, out, err
    )
    done.seconds = time.monotonic() - begin
    return done


def imported(module: str, *arguments: str) -> set[str]:
    """Runs a command; returns the names of all modules that it imports."""
    done = run(module, *arguments, env={"PYTHONPROFILEIMPORTTIME": "1"})
    lines = done.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if "|" in line}


def is_one_line(text: str) -> bool:
    """Whether a command answered with one line and no traceback."""
    return text.startswith("error: ") and text.count("\n") == 1
