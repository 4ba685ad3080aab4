import subprocess
import sys

import keras
import numpy as np
import pytest

from benchmarks import train_step
from benchmarks.contenders import recipe_model
from benchmarks.harness.rounds import Contender, Result, Sample
from benchmarks.steps import flops, step_rows, step_timing
from trainer.models import tf_layers, unet
from trainer.models.kinds import Kinds

SIZE = ("--base_filters=2", "--batch_size=2", "--num_steps=1")
LAPTOP = step_rows.Device("CPU", False, {"float32": 1e9})
CARD = step_rows.Device("H100", True, {"float32": 1e12, "bfloat16": 4e12})


def parse(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["train_step", *SIZE, *arguments])
    return train_step._parse_flags()


def test_operations_are_those_of_the_networks_own_layers():
    network = unet.build_unet((32, 32, 3), 34, 4)
    forward, first = 0, None
    for layer in network.layers:
        if not layer.__class__.__name__.startswith("Conv2D"):
            continue
        kernel = layer.kernel
        is_transposed = isinstance(layer, keras.layers.Conv2DTranspose)
        side = (layer.input if is_transposed else layer.output).shape[1]
        count = 2 * int(np.prod(kernel.shape)) * side**2
        first = first or count
        forward += count
    counted = flops.step_flops(4, 34, 32, batch_size=5)
    assert counted == 5 * (3 * forward - first)


def test_the_recipe_and_ours_begin_with_the_same_weights():
    keras.utils.set_random_seed(1)
    recipe = recipe_model.build_model(2, size_px=32)
    keras.utils.set_random_seed(1)
    kinds = Kinds(
        batch_normalization=tf_layers.BatchNormalization,
        join_conv=tf_layers.JoinConv2D,
    )
    ours = unet.build_unet((None, None, 3), 34, 2, kinds)
    for a, b in zip(recipe.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_every_contender_gets_the_same_batch():
    (images, labels), (again, _) = (
        step_timing.draw_batch(2, (32, 64)) for _ in "ab"
    )
    assert images.shape == (2, 32, 64, 3)
    assert labels.shape == (2, 32, 64)
    assert labels.max() == 33
    np.testing.assert_array_equal(images, again)


@pytest.mark.parametrize(
    "contender", ["recipe", "ours", "split_joins", "counts"]
)
def test_a_contender_prints_its_rate_and_its_peak(contender):
    done = subprocess.run(
        (
            *(sys.executable, "-m", "benchmarks.steps.step_keras", *SIZE),
            f"--contender={contender}",
            "--size=64x64",
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    rate, peak_mb = map(float, done.stdout.splitlines()[-1].split())
    assert 0 < rate < 10_000
    assert 1 < peak_mb < 2000


def test_without_a_gpu_its_rows_say_so(monkeypatch):
    flags = parse(monkeypatch, "--backend=tensorflow")
    reasons = {
        row.name: row.not_measured
        for row in step_rows.contenders(flags, LAPTOP)
    }
    assert reasons["CPU tensorflow: recipe, float32"] == ""
    assert reasons["CPU tensorflow: ours --mixed_precision=float32"] == ""
    assert reasons["CPU PyTorch"] == "no --torch_python was given"
    assert reasons["GPU tensorflow: ours --jit_compile=off"] == "no GPU here"
    assert reasons["GPU PyTorch"] == "no GPU here"
    assert not any("jax" in name for name in reasons)


def test_rows_that_are_not_asked_for_say_so(monkeypatch):
    flags = parse(monkeypatch, "--backend=tensorflow", "--rows=recipe|remat")
    measured = [
        row.name
        for row in step_rows.contenders(flags, LAPTOP)
        if not row.not_measured
    ]
    assert measured == [
        "CPU tensorflow: recipe, float32",
        "CPU tensorflow: ours --remat",
    ]


def test_one_command_fills_a_gpus_table(monkeypatch):
    monkeypatch.setattr(step_rows.importlib.util, "find_spec", bool)
    flags = parse(monkeypatch, "--torch_python=other")
    rows = step_rows.contenders(flags, CARD)
    assert not any(row.not_measured for row in rows)
    assert {row.name.split(":")[0] for row in rows} == {
        "GPU tensorflow",
        "GPU jax",
        "GPU PyTorch",
        f"GPU PyTorch {step_rows.ENCODER}",
    }
    names = {row.name for row in rows}
    assert "GPU tensorflow: ours --jit_compile=off" in names
    assert "GPU jax: ours --jit_compile=off" not in names  # always compiles
    plain = ("other", "-m", "benchmarks.steps.step_torch", *SIZE)
    plain = (*plain, "--size=256x256")
    assert rows[-2].command == plain
    precise = (step_rows.ENCODER, "--precision=bfloat16")
    assert rows[-1].command == (*plain, *precise)


def test_a_type_that_the_processor_imitates_is_not_measured(monkeypatch):
    monkeypatch.setattr(step_rows.importlib.util, "find_spec", bool)
    flags = parse(monkeypatch, "--torch_python=other")
    rows = step_rows.contenders(flags, LAPTOP)
    measured = [row for row in rows if not row.not_measured]
    assert not any("bfloat16" in row.name for row in measured)
    names = [row.name for row in measured]
    assert f"CPU tensorflow: ours {step_rows.ENCODER}" in names
    torch = measured[names.index(f"CPU PyTorch {step_rows.ENCODER}")]
    assert torch.command[-1] == "--precision=float32"


def test_the_limit_is_that_of_the_rows_own_type(monkeypatch):
    flags = parse(monkeypatch)
    row = Contender("GPU tensorflow: recipe, float32", "images/s")
    ours = Contender("GPU tensorflow: ours", "images/s")
    other = Contender(f"GPU tensorflow: ours {step_rows.ENCODER}", "images/s")
    results = {
        contender.name: Result(contender, (Sample(4.0, 100.0),))
        for contender in (row, ours, other)
    }
    count, recipe_line, our_line, other_line = train_step._step_lines(
        results, flags, CARD
    )
    num_flops = flops.step_flops(2, 34, 256, 2)
    assert f": {num_flops / 1e9:,.1f} GFLOP" in count
    assert ": 500 ms a step" in recipe_line
    assert "of 1 TFLOP/s" in recipe_line
    assert "of 4 TFLOP/s" in our_line
    assert other_line.endswith(": 500 ms a step")  # another network


def test_ratios_compare_speed_and_memory_with_the_recipe():
    names = {"recipe, float32": (2, 400), "ours": (3, 300)}
    names["ours --mixed_precision=float32"] = (2.5, 350)
    names["ours --remat"] = (2, 100)
    names["ours, the confusion matrix alone"] = (150, 10)
    results = {}
    for name, (rate, peak_mb) in names.items():
        row = Contender(f"CPU tensorflow: {name}", "images/s")
        results[row.name] = Result(row, (Sample(rate, peak_mb),))
    ratios = train_step._ratios(results, "CPU")
    assert list(ratios.values()) == [1.5, 0.75, 1.25, 0.875, 1.0, 0.25, 0.02]
    assert list(ratios)[-1].endswith("confusion matrix's share of a step")
