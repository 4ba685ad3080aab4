import argparse
import collections
import json
import sys
import types

import pytest

from benchmarks.gpu_kit import stage
from benchmarks.gpu_kit.stages import contenders, profiled, steps
from benchmarks.gpu_kit.stages.contenders import OURS, RECIPE, TORCH, Contender
from benchmarks.gpu_kit.stages.served import Ended, Served

SERVES = """
import sys
print("some library talks", flush=True)
for number, _ in enumerate(sys.stdin):
    print(100.0 + number, 512.5, flush=True)
"""
OUT_OF_MEMORY = """
import sys
input()
sys.exit("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
"""


def make(who=OURS, batch_size=32, size=(256, 256)):
    return Contender(who, 64, batch_size, size, is_small=False)


@pytest.fixture
def measurement(tmp_path):
    """A measurement on a card of 80 GiB and 800 TFLOP/s."""
    limit = stage.Row(steps.card.LIMIT, "TFLOP/s", (800.0,))
    content = {
        "gpus": [{"memory_mb": 81559}],
        "stages": {"a": {"rows": [vars(limit)]}},
    }
    path = tmp_path / "results.json"
    path.write_text(json.dumps(content))
    flags = argparse.Namespace(
        work_dir=str(tmp_path), seconds=60.0, results=str(path)
    )
    return steps.Measurement(flags)


def rows_of(capsys):
    return {row.name: row for row in stage.read_rows(capsys.readouterr().out)}


def test_a_round_is_timed_whenever_it_is_asked_for(tmp_path):
    served = Served((sys.executable, "-c", SERVES), str(tmp_path / "log"))
    assert [served.round() for _ in range(2)] == [(100, 512.5), (101, 512.5)]
    served.close()


@pytest.mark.parametrize(
    ("code", "is_memory", "told"),
    [
        (OUT_OF_MEMORY, True, "out of memory"),
        ("import sys; sys.exit('no such card')", False, "no such card"),
    ],
)
def test_a_process_that_ended_says_why(tmp_path, code, is_memory, told):
    served = Served((sys.executable, "-c", code), str(tmp_path / "log"))
    with pytest.raises(Ended, match=told) as caught:
        served.round()
    assert caught.value.is_memory == is_memory
    served.close()


def test_contenders_step_in_turns_and_the_first_round_is_left_out(
    measurement, capsys, monkeypatch
):
    commands = {OURS: SERVES, RECIPE: OUT_OF_MEMORY}
    monkeypatch.setattr(
        Contender,
        "command",
        property(lambda self: (sys.executable, "-c", commands[self.who])),
    )
    measurement.run([make(), make(RECIPE)])
    ours, recipe = rows_of(capsys).values()
    assert ours.values == (102.0, 103.0, 104.0)
    assert ours.peak_mb == 512.5
    assert ours.share == make().rate_of_work(103.0) / 800e12
    assert recipe.note == "not measured: out of memory"


def test_without_pytorch_its_row_says_so(measurement, capsys, monkeypatch):
    monkeypatch.setattr(contenders.importlib.util, "find_spec", lambda n: None)
    measurement.run([make(TORCH)])
    (row,) = rows_of(capsys).values()
    assert row.note == "not measured: no PyTorch"


def test_beside_a_gpu_that_pytorch_does_not_see_its_row_says_so(
    measurement, capsys, monkeypatch, tmp_path
):
    (tmp_path / "torch.py").write_text(
        "class cuda:\n    is_available = staticmethod(lambda: False)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    measurement.run([make(TORCH)])
    (row,) = rows_of(capsys).values()
    assert row.note == "not measured: PyTorch sees no GPU"


def test_pytorch_steps_in_the_type_that_its_row_names():
    assert "--precision=bfloat16" in make(TORCH).command


def test_the_largest_batch_takes_the_room_that_there_is():
    # 474 MiB for the weights and Adam, 100 a picture.
    largest = make().largest(peak_mb=474 + 32 * 100, room_mb=474 + 6480)
    assert largest.batch_size == 64
    assert largest.name == f"{OURS}, 64 of 256x256"


def test_all_contenders_of_the_recipes_size_are_in_the_first_wave():
    first, second = contenders.waves(argparse.Namespace(small=False))
    assert [contender.who for contender in first][:3] == [RECIPE, OURS, TORCH]
    assert {contender.size for contender in first} == {(256, 256)}
    assert [contender.size for contender in second] == [(352, 480), (512, 1024)]
    assert second[0].command[2:7] == (
        "benchmarks.steps.step_keras",
        "--backend=jax",
        "--contender=ours",
        "--precision=bfloat16",
        "--encoder=efficientnet_lite0",
    )
    assert "--num_steps=20" in first[0].command


@pytest.mark.parametrize(("rate", "is_right"), [(260, True), (240, False)])
def test_goals_are_judged_by_the_medians_of_rounds(
    measurement, capsys, rate, is_right
):
    figures = steps.Figures
    measurement.rounds = {
        make(RECIPE).name: [figures(100, 2000)] * 3,
        make().name: [figures(rate, 1000), figures(rate, 900)],
    }
    wave = [make(RECIPE), make(), make(TORCH)]
    steps._judge(measurement, wave)
    rows = rows_of(capsys)
    assert rows["goal: speed of ours over the recipe's"].is_right is is_right
    assert rows["goal: speed of ours over PyTorch's"].is_right is None
    assert rows["goal: memory of ours over the recipe's"].values == (0.45,)
    assert rows["goal: share of the card's limit"].is_right is False


def test_the_profile_adds_up_the_streams_of_gpus():
    def line(name, *events):
        made = [types.SimpleNamespace(name=n, duration_ns=d) for n, d in events]
        return types.SimpleNamespace(name=name, events=made)

    planes = [
        types.SimpleNamespace(
            name="/device:GPU:0",
            lines=[
                line("Stream #13", ("conv_7", 3e9), ("conv_12", 1e9)),
                line("XLA Ops", ("all", 9e9)),
            ],
        ),
        types.SimpleNamespace(
            name="/host:CPU", lines=[line("Stream #1", ("python", 9e9))]
        ),
    ]
    assert profiled.kernel_seconds(planes) == {"conv": 4.0}


def test_kernels_whose_names_begin_alike_have_rows_of_their_own(capsys):
    taken = collections.Counter({"a" * 60 + "_wgrad": 0.3, "a" * 60: 0.9})
    for row in profiled.kernel_rows(taken):
        stage.emit(row)
    rows = stage.read_rows(capsys.readouterr().out)
    assert [(row.name, row.share) for row in rows] == [
        (f"kernel 1: {'a' * 60}", pytest.approx(0.75)),
        (f"kernel 2: {'a' * 60}", pytest.approx(0.25)),
    ]
    assert rows[0].values == pytest.approx((300.0,))
