"""What a local conversion is on the machine that it runs on."""

import os
import pathlib
import time

import pytest

from tests import commands, trees

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
