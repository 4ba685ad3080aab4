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


def test_a_job_that_ends_between_its_files_creation_and_the_lock_is_known(
    tmp_path, monkeypatch
):
    def interrupt(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr(locking, "_lock", interrupt)
        with pytest.raises(KeyboardInterrupt):
            with locking.hold(str(tmp_path)):
                pass
    with locking.hold(str(tmp_path)):
        pass
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


def test_a_lock_file_of_the_users_own_stays_as_it_is(tmp_path):
    own = tmp_path / ".lock"
    for text in ("", "my notes"):
        own.write_text(text)
        with locking.hold(str(tmp_path)):
            assert own.read_text() == text
        assert own.read_text() == text


def test_a_lock_file_of_the_users_own_still_keeps_others_out(tmp_path):
    (tmp_path / ".lock").write_text("my notes")
    with start_holder(tmp_path) as process:
        with pytest.raises(locking.LockedError, match="^another process writ"):
            with locking.hold(str(tmp_path)):
                pass
        process.stdin.close()


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder", "pipe"])
def test_what_is_no_file_is_not_locked(tmp_path, kind):
    treasure, lock = tmp_path / "treasure", tmp_path / "out" / ".lock"
    treasure.write_text("gold")
    lock.parent.mkdir()
    if kind == "folder":
        lock.mkdir()
    elif kind == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(treasure if kind == "link" else tmp_path / "none")
    with pytest.raises(locking.LockedError, match="should be a regular file"):
        with locking.hold(str(lock.parent)):
            pass
    assert treasure.read_text() == "gold"
    assert sorted(os.listdir(tmp_path)) == ["out", "treasure"]
