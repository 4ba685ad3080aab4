"""Two devices of this machine train one network on JAX, without TensorFlow."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests import commands, tiny_dataset
from tests.project.test_imports import modules_of
from tests.tiny_run import arguments, read_rows, same_networks, same_state

pytest.importorskip("jax")

TWO_CPUS = {
    "KERAS_BACKEND": "jax",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2 "
    "--xla_backend_optimization_level=0 "
    "--xla_llvm_disable_expensive_passes=true",
}


def run_code(code):
    """Runs Python code in a process that sees two CPUs."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=commands.ROOT,
        env=os.environ | TWO_CPUS,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What `jax_devices` found: run → its arrays."""
    path = tmp_path_factory.mktemp("out") / "found.npz"
    code = f"""
import sys
sys.modules["tensorflow"] = None
from tests.extra.programs import jax_devices
jax_devices.main({str(path)!r})
"""
    done = run_code(code)
    assert done.returncode == 0, done.stderr
    runs = {}
    for name, array in np.load(path).items():
        runs.setdefault(name.split("/")[0], []).append(array)
    return runs


def test_networks_and_their_training_need_no_tensorflow():
    names = [
        name
        for room in ("models", "losses", "metrics", "optimizers", "backends")
        for name in modules_of(f"trainer/{room}")
        if not name.split(".")[-1].startswith(("tf_", "tensorflow_"))
    ]
    names.append("trainer.engine.build")
    code = f"""
import importlib, sys
sys.modules["tensorflow"] = None
for name in {names!r}: importlib.import_module(name)
"""
    done = run_code(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("one", "other"), [("one", "two"), ("one_remat", "two_remat")]
)
def test_steps_on_two_devices_are_those_of_one(found, one, other):
    (counts, *single), (other_counts, *double) = found[one], found[other]
    np.testing.assert_array_equal(counts.sum(1), other_counts.sum(1))
    for ours, theirs in zip(single, double, strict=True):
        # Two steps change some weights by 0.03.
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-4)


def test_a_run_resumes_with_another_number_of_devices(tmp_path):
    tiny_dataset.write_dataset(tmp_path / "data", 8, 4, (40, 40))
    for number, strategy in ((1, "mirrored"), (2, "single")):
        done = commands.run(
            "trainer.task",
            *arguments(tmp_path / "data", tmp_path / "run", "--epochs=2"),
            f"--strategy={strategy}",
            "--tensorboard_pictures=0",
            env=TWO_CPUS,
        )
        assert done.returncode == 0, done.stderr
        assert ("2 x cpu" in done.stdout) == (strategy == "mirrored")
        if number == 1:
            (tmp_path / "run/checkpoints/step-00000004.npz").unlink()
    assert "after step 2" in done.stdout
    assert [row["epoch"] for row in read_rows(tmp_path / "run")] == ["1", "2"]


@pytest.mark.parametrize("flag", ["--ema_decay=0.9", "--batch_norm_momentum=0"])
def test_pictures_of_a_run_change_nothing_that_it_learns(flag, tmp_path):
    """Statistics that need no correction are the very arrays of the step."""
    tiny_dataset.write_dataset(tmp_path / "data", 8, 4, (40, 40))
    for num_pictures in (0, 2):
        done = commands.run(
            "trainer.task",
            *arguments(tmp_path / "data", tmp_path / str(num_pictures), flag),
            f"--tensorboard_pictures={num_pictures}",
            "--strategy=single",
            "--epochs=2",
            env=TWO_CPUS,
        )
        assert done.returncode == 0, done.stderr
    assert same_state(tmp_path / "0", tmp_path / "2")
    assert same_networks(tmp_path / "0", tmp_path / "2")
