"""Tests the input benchmark: what its rates count, its command."""

import numpy as np
import pytest

from benchmarks import input as input_benchmark
from benchmarks.contenders import feed_ours, feed_recipe, feeding
from tests.benchmarks import feeds
from tests.commands import is_one_line, run


def batches(sizes):
    for size in sizes:
        yield np.ones((size, 2, 2, 3)), np.ones((size, 2, 2))


def clock(monkeypatch, *times):
    ticks = iter(times)
    monkeypatch.setattr(feeding.time, "perf_counter", lambda: next(ticks))


def test_a_first_epoch_counts_its_full_batches_and_the_opening(monkeypatch):
    clock(monkeypatch, 10.0, 12.0)
    rate = feeding.first_epoch_rate(lambda: batches([32] * 9), 100)
    assert rate == 3 * 32 / 2


def test_an_epoch_below_a_batch_is_one_batch(monkeypatch):
    clock(monkeypatch, 10.0, 12.0)
    assert feeding.first_epoch_rate(lambda: batches([7, 7]), 7) == 3.5


def test_a_later_rate_lets_an_epoch_go_by_and_counts_some_seconds(monkeypatch):
    clock(monkeypatch, 10.0, 11.0, 15.0)
    # One batch of the first epoch, then two until four seconds are over.
    rate = feeding.later_rate(batches([1, 20, 30, 40]), 32)
    assert rate == (20 + 30) / 5


@pytest.mark.slow
def test_every_contender_but_torch_feeds_from_the_pairs(tmp_path, monkeypatch):
    rates, ratios = feeds.measure(
        input_benchmark.main, [feed_ours, feed_recipe], tmp_path, monkeypatch
    )
    assert len(rates) == 10
    assert min(rates) > 0
    torch = "PyTorch DataLoader, full-size PNGs"
    assert list(ratios.values()) == [2.0, None, *map(float, range(3, 11))]
    assert ratios[f"{torch} / recipe, first epoch"] is None
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "figures.json",
        "root",
    ]


def test_a_root_without_pairs_is_one_line(tmp_path):
    done = run("benchmarks.input", f"--cityscapes_root={tmp_path}")
    assert done.returncode == 1
    assert is_one_line(done.stderr)
    assert "there is no" in done.stderr
