"""Two real processes on this machine train one network on JAX."""

import shutil
import signal
import socket

import numpy as np
import pytest

from tests import commands, tiny_dataset
from tests.tiny_run import arguments, read_rows
from trainer.engine import checkpoints

pytest.importorskip("jax")

NUM_TRAIN, NUM_VAL = 8, 6

_COMPILE_FAST = (
    "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true"
)


@pytest.fixture(scope="module")
def data_dirs(tmp_path_factory):
    """A data set a process, where the shards of the other one are damaged."""
    folders = []
    for process in range(2):
        folder = tmp_path_factory.mktemp(f"data{process}")
        tiny_dataset.write_dataset(folder, NUM_TRAIN, NUM_VAL, (40, 40))
        for shard in folder.glob(f"*-0000{1 - process}-of-*"):
            shard.write_bytes(bytes(shard.stat().st_size))
        folders.append(folder)
    return folders


class Run:
    """A run of two processes."""

    def __init__(self, data_dirs, folder, *flags, second_flags=()):
        with socket.socket() as free:
            free.bind(("localhost", 0))
            port = free.getsockname()[1]
        self.folder = folder
        self.processes = [
            commands.start(
                "tests.extra.programs.jax_process",
                str(folder / f"process{process}.npz"),
                *arguments(data_dirs[process], folder / "run"),
                "--tensorboard_pictures=0",
                f"--coordinator=localhost:{port}",
                "--num_processes=2",
                f"--process_id={process}",
                *flags,
                *(second_flags if process else ()),
                env={
                    "KERAS_BACKEND": "jax",
                    "TF_CPP_MIN_LOG_LEVEL": "3",
                    "XLA_FLAGS": _COMPILE_FAST,
                },
            )
            for process in range(2)
        ]

    def wait_for(self, beginning):
        """Reads the first process's output to the line that begins so."""
        for line in self.processes[0].stdout:
            if line.startswith(beginning):
                return
        raise AssertionError(self.processes[0].stderr.read())

    def end(self):
        """Returns what the processes said and their exit codes."""
        said = [process.communicate(timeout=90) for process in self.processes]
        return said, [process.returncode for process in self.processes]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.communicate()


@pytest.fixture(scope="module")
def stopped(data_dirs, tmp_path_factory):
    """A run whose second process was told to stop, and what was said."""
    folder = tmp_path_factory.mktemp("stopped")
    with Run(data_dirs, folder, "--epochs=400") as run:
        run.wait_for("epoch 2/400")
        run.processes[1].send_signal(signal.SIGTERM)
        return folder, *run.end()


def test_a_signal_to_one_process_stops_and_saves_all_once(stopped):
    folder, said, codes = stopped
    assert codes == [75, 75], said
    assert "stopped and saved at step" in said[0][0]
    assert "epoch" not in said[1][0]
    checkpoint = checkpoints.load_latest(str(folder / "run"))
    rows = read_rows(folder / "run")
    num_steps = NUM_TRAIN // 4  # an epoch's; its validation may be missing
    assert 0 <= checkpoint.step - num_steps * len(rows) <= num_steps
    assert [row["epoch"] for row in rows] == [
        str(1 + number) for number in range(len(rows))
    ]


def test_both_processes_end_with_the_weights_that_were_saved(stopped):
    folder, _, _ = stopped
    first, second = (
        list(np.load(folder / f"process{process}.npz").values())
        for process in range(2)
    )
    saved = checkpoints.load_latest(str(folder / "run")).arrays
    for number, (one, other) in enumerate(zip(first, second, strict=True)):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, saved[f"model/{number:03d}"])


def test_a_process_that_dies_ends_the_others(stopped, data_dirs, tmp_path):
    shutil.copytree(stopped[0] / "run", tmp_path / "run")
    with Run(data_dirs, tmp_path, "--epochs=400") as run:
        run.wait_for("resuming after step")
        run.wait_for("epoch")
        run.processes[1].kill()
        said, codes = run.end()
    assert codes[0] == 1
    assert "error: process 0 lost another one" in said[0][1]


def test_processes_with_other_flags_are_refused(data_dirs, tmp_path):
    flags = ["--learning_rate=0.5"]
    with Run(data_dirs, tmp_path, second_flags=flags) as run:
        said, codes = run.end()
    assert codes == [1, 1]
    for _, error in said:
        assert "error: process 1 has other flags than process 0;" in error
