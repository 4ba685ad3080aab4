import json

import keras
import pytest

from tests import commands, tiny_dataset
from trainer.backends.step import StepResult
from trainer.config import saved
from trainer.engine import profiler as profiling

RESULT = StepResult(loss=1.0, weight=1.0, counts=None)


@pytest.fixture
def calls(monkeypatch):
    names = []
    monkeypatch.setattr(profiling, "_start", names.append)
    monkeypatch.setattr(profiling, "_stop", lambda: names.append("stop"))
    return names


def step_through(profiler, steps):
    for step in steps:
        profiler.before_step(step)
        profiler.after_step(step, RESULT)


def test_a_trace_begins_and_ends_where_it_is_due(calls):
    profiler = profiling.Profiler("run", (3, 4))
    step_through(profiler, (1, 2))
    assert calls == []
    step_through(profiler, (3,))
    assert calls == ["run/train"]
    step_through(profiler, (4, 5))
    assert calls == ["run/train", "stop"]


def test_a_run_that_ends_within_a_trace_ends_the_trace_once(calls):
    profiler = profiling.Profiler("run", (2, 9))
    step_through(profiler, (1, 2))
    profiler.close()
    profiler.close()
    assert calls == ["run/train", "stop"]


def test_no_trace_is_made_unasked_or_by_a_run_resumed_within_it(calls):
    step_through(profiling.Profiler("run", ()), (1, 2))
    step_through(profiling.Profiler("run", (2, 4)), (3, 4, 5))
    assert calls == []


def test_a_run_in_parts_and_recomputed_leaves_a_trace_and_a_plain_model(
    tmp_path,
):
    data_dir, model_dir = tmp_path / "data", tmp_path / "run"
    tiny_dataset.write_dataset(data_dir, 6, 2, (32, 32))
    done = commands.run(
        "trainer.task",
        f"--data_dir={data_dir}",
        f"--model_dir={model_dir}",
        "--resize=32x32",
        "--crop=32x32",
        "--base_filters=2",
        "--epochs=1",
        "--batch_size=2",
        "--remat",
        "--accumulate_steps=2",
        "--profile_steps=2,3",
    )
    assert done.returncode == 0, done.stderr
    traces = list(model_dir.glob("train/plugins/profile/*/*.xplane.pb"))
    assert len(traces) == 1
    content = json.loads((model_dir / "config.json").read_text())
    assert content["profile_steps"] == [2, 3]
    assert saved.load(str(model_dir)).profile_steps == (2, 3)
    network = keras.saving.load_model(model_dir / "best.keras", compile=False)
    assert {layer.__class__.__module__ for layer in network.layers} <= {
        f"keras.src.layers.{name}"
        for name in (
            "core.input_layer",
            "convolutional.conv2d",
            "convolutional.conv2d_transpose",
            "merging.concatenate",
            "normalization.batch_normalization",
            "pooling.max_pooling2d",
        )
    }
