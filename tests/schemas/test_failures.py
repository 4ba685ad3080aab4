import errno
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pytest

from schemas import failures
from schemas.failures import Advice, FlagError, UserError
from tests import commands

ADVICE = Advice(memory="lower --batch_size", interrupted="run it again")


def ended(error: BaseException, advice: Advice = ADVICE) -> int:
    def body():
        raise error

    return failures.exit_code(body, advice)


def test_a_command_that_works_keeps_its_own_code():
    assert failures.exit_code(lambda: None, ADVICE) == 0
    assert failures.exit_code(lambda: 75, ADVICE) == 75


def test_what_the_user_can_mend_is_one_line(capsys):
    assert ended(OSError("a.png:\n no   such file")) == 1
    assert ended(UserError("b is missing")) == 1
    assert ended(FlagError("--c=1 is bad")) == 2
    assert capsys.readouterr().err == (
        "error: a.png: no such file\nerror: b is missing\nerror: --c=1 is bad\n"
    )


def test_a_fault_of_ours_leaves_its_traceback_in_a_file(capsys):
    def body():
        json.loads("{")  # a ValueError that another package raises

    assert failures.exit_code(body, ADVICE) == 1
    err = capsys.readouterr().err
    assert err.startswith("error: unexpected JSONDecodeError: Expecting")
    assert err.count("\n") == 1
    path = pathlib.Path(re.search(r"with (\S+), which", err)[1])
    assert "in body" in path.read_text()
    path.unlink()


def test_ctrl_c_says_how_to_continue(capsys):
    assert ended(KeyboardInterrupt()) == 130
    assert capsys.readouterr().err == "error: interrupted; run it again\n"


WAITING_FOR_EVER = """
import threading
from schemas import failures
from schemas.failures import Advice

def body():
    threading.Thread(target=threading.Event().wait).start()
    print("written")
    raise KeyboardInterrupt

failures.leave(failures.exit_code(body, Advice("", "run it again")))
"""


def test_ctrl_c_waits_for_no_thread_of_a_package():
    done = subprocess.run(
        [sys.executable, "-c", WAITING_FOR_EVER],
        cwd=commands.ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 130
    assert done.stdout == "written\n"
    assert done.stderr == "error: interrupted; run it again\n"


def test_a_lack_of_memory_says_what_helps(capsys):
    class ResourceExhaustedError(Exception):
        pass

    try:
        raise ValueError("the step failed") from MemoryError()
    except ValueError as error:
        wrapped = error
    for error in (
        MemoryError(),
        wrapped,
        ResourceExhaustedError("failed to allocate"),
        RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
    ):
        assert ended(error) == 1
    assert ended(ResourceExhaustedError("OOM on GPU:0 by allocator")) == 1
    with pytest.raises(OSError) as full:
        raise OSError("events: disk full") from ResourceExhaustedError()
    assert not failures.is_out_of_memory(full.value)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == ["error: memory ran out; lower --batch_size"] * 5
    assert lines[-1] == "error: the GPU's memory ran out; lower --batch_size"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ärger.png", "ärger.png"),
        ("a\x1b[31mred", "a\\x1b[31mred"),
        ("a\x9b31mred", "a\\x9b31mred"),
        ("gnp\u202exyz", "gnp\\u202exyz"),
        (os.fsdecode(b"bad\xff"), "bad\\udcff"),
        ("two\nlines\tand  spaces", "two lines and spaces"),
    ],
)
def test_no_name_moves_the_terminal(text, shown):
    assert failures.one_line(text) == shown


def test_a_reader_that_leaves_ends_the_command_quietly(capfd):
    assert ended(BrokenPipeError()) == 1
    assert capfd.readouterr().err == ""


def test_a_full_disk_behind_the_output_is_one_line():
    code = "from schemas.failures import Advice, exit_code\n"
    code += "raise SystemExit(exit_code(lambda: print('x'), Advice('', '')))"
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", code],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=commands.ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": ""},
        )
    assert done.returncode == 1
    assert done.stderr == (
        "error: the output could not be written: "
        "[Errno 28] No space left on device\n"
    )


def test_ctrl_c_that_a_package_makes_another_error_of_is_still_that(capsys):
    def body():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("read this for advice") from None

    assert failures.exit_code(body, ADVICE) == 130
    assert capsys.readouterr().err == "error: interrupted; run it again\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
