import os
import signal
import subprocess
import sys

import pytest

from schemas import locking

HOLDER = """
import sys
from schemas import locking
with locking.hold(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def start_holder(folder) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_job_is_told_who_holds_the_folder(tmp_path):
    with start_holder(tmp_path / "out") as process:
        with pytest.raises(
            locking.LockedError,
            match=rf"process {process.pid} on \S+ writes to .*out; wait until",
        ):
            with locking.hold(str(tmp_path / "out")):
                pass
        process.stdin.close()
    assert not list((tmp_path / "out").iterdir())


def test_what_a_killed_job_left_stops_nobody(tmp_path):
    with start_holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / ".lock").exists()
    with locking.hold(str(tmp_path)):
        text = (tmp_path / ".lock").read_text()
        assert text.startswith(f"process {os.getpid()} on ")
    assert not list(tmp_path.iterdir())


def test_jobs_one_after_the_other_both_hold_it(tmp_path):
    for _ in range(2):
        with locking.hold(str(tmp_path)):
            assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_lock_file_that_was_removed_by_its_holder_is_taken_anew(
    tmp_path, monkeypatch
):
    answers = iter([False, True])
    monkeypatch.setattr(locking, "_is_at", lambda *_: next(answers))
    with locking.hold(str(tmp_path)):
        assert next(answers, None) is None


def test_where_no_lock_can_be_taken_the_job_runs(tmp_path):
    file = tmp_path / "file"
    file.touch()
    for folder in ("gs://bucket/out", str(file)):
        with locking.hold(folder):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
