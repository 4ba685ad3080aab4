import argparse

import pytest

from benchmarks import numerics
from tests import tiny_dataset

PERTURBED = "float32, weights off by 2^-9"


@pytest.fixture
def flags(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 1, (280, 280))
    return argparse.Namespace(
        data_dir=str(tmp_path),
        num_steps=4,
        base_filters=2,
        batch_size=2,
        crop=32,
    )


def test_recomputing_and_bfloat16_stay_within_two_percent(flags):
    plain, *others = (
        numerics.train(flags, numerics.VARIANTS[name])
        for name in (numerics.PLAIN, "bfloat16, --remat", PERTURBED)
    )
    assert len(plain.losses) == 4
    for run in others:
        assert 0 < numerics.deviation(plain.losses, run.losses) < 0.02
    told = numerics.train(
        flags, numerics.VARIANTS["bfloat16, --remat"], plain.weights
    )
    assert 0 < numerics.deviation(plain.losses, told.losses) < 0.01


def test_float32_at_its_own_weights_gives_its_own_losses(flags):
    plain = numerics.train(flags, numerics.VARIANTS[numerics.PLAIN])
    told = numerics.train(
        flags, numerics.VARIANTS[numerics.PLAIN], plain.weights
    )
    assert told.losses == pytest.approx(plain.losses, rel=1e-5)


def test_the_deviation_is_the_largest_and_relative():
    assert numerics.deviation([2.0, 4.0, 1.0], [2.0, 3.0, 1.1]) == 0.25


def test_means_over_a_window_are_compared_where_it_is_full():
    plain, others = [1.0, 3.0, 4.0, 4.0, 9.0], [2.0, 3.0, 4.0, 4.0, 1.0]
    assert numerics.deviation(plain, others, window=2) == 0.25
    assert numerics.deviation(plain, others, window=4) == pytest.approx(1 / 12)
