import argparse

import tiny_dataset

from benchmarks import numerics


def test_recomputing_and_bfloat16_stay_within_two_percent(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 1, (280, 280))
    flags = argparse.Namespace(
        data_dir=str(tmp_path),
        num_steps=4,
        base_filters=2,
        batch_size=2,
        crop=32,
    )
    plain, *others = (
        numerics.losses(flags, options)
        for options in numerics._VARIANTS.values()
    )
    assert len(plain) == 4
    for losses in others:
        assert numerics.deviation(plain, losses) < 0.02


def test_the_deviation_is_the_largest_and_relative():
    assert numerics.deviation([2.0, 4.0, 1.0], [2.0, 3.0, 1.1]) == 0.25
