"""Two jobs that write to one folder."""

import signal
import time

from tests import commands, tiny_dataset, trees
from tests.faults import jobs


def start_and_stop(folder, module: str, *arguments: str):
    """Starts a job and halts it as soon as it holds the folder."""
    process = commands.start(module, *arguments)
    lock = folder / ".lock"
    while not (lock.exists() and lock.read_text()):
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGSTOP)
    return process


def test_a_second_conversion_is_one_line_and_the_first_goes_on(tmp_path, fault):
    root = jobs.write_root(tmp_path / "cityscapes")
    whole, out = tmp_path / "whole", tmp_path / "out"
    assert jobs.convert(root, whole).returncode == 0
    first = start_and_stop(out, "preprocess.main", *jobs.conversion(root, out))
    with fault("two conversions into one folder"):
        second = jobs.convert(root, out)
        line = jobs.last_line(second)
        assert f"process {first.pid} on " in line
        assert f" writes to {out}; wait until it has ended" in line
        first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=120)
        assert first.returncode == 0, err
        assert trees.contents(out) == trees.contents(whole)


def test_what_a_dead_conversion_held_is_free(tmp_path, fault):
    root = jobs.write_root(tmp_path / "cityscapes")
    out = tmp_path / "out"
    first = start_and_stop(out, "preprocess.main", *jobs.conversion(root, out))
    first.kill()
    first.communicate()
    with fault("a dead job's lock"):
        assert (out / ".lock").exists()
        assert jobs.convert(root, out).returncode == 0
        assert ".lock" not in jobs.files_of(out)


def test_a_second_training_is_one_line_and_the_first_goes_on(tmp_path, fault):
    data_dir, model_dir = tmp_path / "data", tmp_path / "run"
    tiny_dataset.write_dataset(data_dir, 4, 1, (40, 40))
    flags = jobs.training(data_dir, model_dir)
    first = start_and_stop(model_dir, "trainer.task", *flags)
    with fault("two trainings into one folder"):
        second = jobs.train(data_dir, model_dir)
        line = jobs.last_line(second)
        assert f"process {first.pid} on " in line
        first.send_signal(signal.SIGCONT)
        _, err = first.communicate(timeout=120)
        assert first.returncode == 0, err
