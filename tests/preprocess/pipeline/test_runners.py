"""What a local conversion is on the machine that it runs on."""

import os
import pathlib
import shutil
import signal
import time

import pytest

from tests import commands, trees
from tests.faults import tracing

_LISTENING = "0A"
_ACCEPTS = 1 << 16


def listening_sockets() -> set[str]:
    """Returns the inodes of all sockets of this machine that listen."""
    found = set()
    for kind in ("tcp", "tcp6"):
        path = pathlib.Path("/proc/net", kind)
        lines = path.read_text().splitlines() if path.exists() else []
        rows = [line.split() for line in lines[1:]]
        found |= {row[9] for row in rows if row[3] == _LISTENING}
    for line in pathlib.Path("/proc/net/unix").read_text().splitlines()[1:]:
        row = line.split()
        if int(row[3], 16) & _ACCEPTS:
            found.add(row[6])
    return found


def sockets_of(session: int) -> set[str]:
    """Returns the inodes of the sockets of a session's processes."""
    found = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) != session:
                continue
            links = [os.readlink(link) for link in folder.glob("fd/*")]
        except OSError:  # It has ended, or a descriptor was closed.
            continue
        found |= {link[8:-1] for link in links if link.startswith("socket:[")}
    return found


@pytest.mark.skipif(not os.path.exists("/proc/net/unix"), reason="no /proc")
def test_a_conversion_listens_nowhere(tmp_path):
    root = trees.write_tree(
        tmp_path / "root",
        [f"ulm_{i:06d}_000019" for i in range(40)],
        size=(256, 512),
    )
    process = commands.start(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={tmp_path}/out",
        "--splits=train",
        "--image_size=160x320",
        "--num_shards=20",
        "--workers=2",
        start_new_session=True,
    )
    seen_writing = 0
    try:
        while process.poll() is None:
            seen_writing += (tmp_path / "out" / ".unfinished").exists()
            assert not sockets_of(process.pid) & listening_sockets()
            time.sleep(0.01)
    finally:
        process.kill()
        _, err = process.communicate()
    assert process.returncode == 0, err
    assert seen_writing > 5


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    stems = [f"ulm_{i:06d}_000019" for i in range(24)]
    return trees.write_tree(tmp_path_factory.mktemp("root"), stems)


def arguments(root, folder, *more: str) -> list[str]:
    flags = (f"--cityscapes_root={root}", f"--output_dir={folder}")
    return [*flags, "--splits=train", "--num_shards=6", *more]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("number", [1, 3])
def test_threads_that_cannot_start_are_one_line(
    root, tmp_path, workers, number
):
    done = commands.run(
        "preprocess.main",
        *arguments(root, tmp_path / "out", f"--workers={workers}"),
        under=tracing.inject("clone,clone3", f"error=EAGAIN:when={number}+"),
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "error: memory, or the number of threads that ulimit -u allows, ran "
        "out; use fewer --workers; finished shards are kept, and the same "
        "command continues"
    )
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not shutil.which("prlimit"), reason="no prlimit")
@pytest.mark.parametrize("megabytes", [200, 400, 600, 900])
def test_little_memory_is_one_line_or_enough(root, tmp_path, megabytes):
    done = commands.run(
        "preprocess.main",
        *arguments(root, tmp_path / "out", "--workers=2"),
        under=["prlimit", f"--as={megabytes << 20}"],
        env={"OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        assert done.returncode == 1
        assert "memory" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
    else:
        assert (tmp_path / "out" / "manifest.json").exists()


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_is_one_line_and_the_same_command_continues(
    root, tmp_path, workers
):
    whole, out = tmp_path / "whole", tmp_path / "out"
    flags = f"--workers={workers}"
    begin = time.monotonic()
    done = commands.run("preprocess.main", *arguments(root, whole, flags))
    seconds = time.monotonic() - begin
    assert done.returncode == 0, done.stderr
    for part in (0.0, 0.1, 0.2, 0.4):
        command = arguments(root, out, flags, "--overwrite")
        process = commands.start("preprocess.main", *command)
        assert process.stderr.readline().startswith("Runner: ")
        time.sleep(part * seconds)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        # After its end the interpreter dies of the signal, 130 to a shell.
        assert process.returncode in (0, 130, -signal.SIGINT), err
        if process.returncode == 130:
            assert err.splitlines()[-1] == (
                "error: interrupted; finished shards are kept, and the same "
                "command continues"
            )
            assert "Traceback" not in err
            again = commands.run("preprocess.main", *arguments(root, out))
            assert again.returncode == 0, again.stderr
        assert trees.contents(out) == trees.contents(whole)
