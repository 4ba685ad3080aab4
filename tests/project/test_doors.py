"""The commands' doors: what they import, and Ctrl-C while they import."""

import os
import subprocess
import sys

import pytest

from tests import commands

DOORS = {
    "preprocess.main": ["main", "--cityscapes_root=no", "--output_dir=out"],
    "preprocess.inspect": ["inspect", "--cityscapes_root=no"],
    "preprocess.verify": ["--data_dir=no"],
    "preprocess.sample": ["--output_dir=out"],
    "preprocess.camvid": ["--camvid_dir=no", "--output_dir=out"],
    "trainer.compare": ["no", "neither"],
    "trainer.task": ["task", "--data_dir=no", "--model_dir=out"],
}
IMPORTED = """
import importlib, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(*set(sys.modules) - before)
"""
INTERRUPTED = """
import importlib, signal, sys

class Interrupting:
    left = int(sys.argv[2])

    @classmethod
    def find_spec(cls, name, path, target=None):
        cls.left -= 1
        if not cls.left:
            signal.raise_signal(signal.SIGINT)

# Where the tests run in the background, it is ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
door = importlib.import_module(sys.argv[1])
sys.meta_path.insert(0, Interrupting)
sys.exit(door.main(sys.argv[3:]))
"""


def run(folder, script, *arguments):
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(commands.ROOT)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("door", DOORS)
def test_a_door_imports_what_is_at_hand(tmp_path, door):
    imported = set(run(tmp_path, IMPORTED, door).stdout.split())
    assert door in imported and "typing" not in imported
    others = {
        name
        for name in imported
        if name.partition(".")[0] not in sys.stdlib_module_names
    }
    ours = {"schemas", "schemas.failures", "preprocess.errors"}
    assert others <= {door, door.partition(".")[0], *ours}


@pytest.mark.parametrize("door", DOORS)
def test_help_comes_before_the_slow_imports_and_is_no_error(door):
    done = commands.run(door, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"python -m {door} " in done.stdout
    imported = commands.imported(door, "--help")
    assert not imported & {"apache_beam", "keras", "tensorflow"}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("num_imports", [1, 2, 60])
def test_ctrl_c_while_a_door_imports_is_one_line(tmp_path, door, num_imports):
    done = run(tmp_path, INTERRUPTED, door, num_imports, *DOORS[door])
    assert done.returncode == 130, done.stderr
    assert done.stderr.startswith("error: interrupted; ")
    assert commands.is_one_line(done.stderr)
    assert not any(tmp_path.iterdir())
