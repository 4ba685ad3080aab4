import numpy as np
import pytest

from trainer.config.inference import InferenceConfig
from trainer.inference.windows import (
    Grid,
    blend_weights,
    choose_grid,
    window_starts,
)

WHOLE = InferenceConfig(inference="whole")


def test_windows_start_at_both_ends_and_spread_evenly():
    assert window_starts(256, 256, 2 / 3, 16) == [0]
    assert window_starts(288, 256, 2 / 3, 16) == [0, 32]
    assert window_starts(1024, 256, 2 / 3, 16) == [0, 160, 304, 464, 608, 768]


def test_windows_start_at_multiples_of_the_networks_factor():
    starts = window_starts(1024, 256, 2 / 3, 32)
    assert starts == [0, 160, 320, 448, 608, 768]


@pytest.mark.parametrize("length", [64, 80, 176, 1024])
@pytest.mark.parametrize("stride", [0.25, 2 / 3, 1])
def test_windows_cover_every_pixel_at_most_a_stride_apart(length, stride):
    starts = window_starts(length, 64, stride, 16)
    assert starts[0] == 0 and starts[-1] == length - 64
    assert all(np.diff(starts) <= np.ceil(64 * stride))


def test_weights_add_up_to_one_everywhere():
    starts = window_starts(208, 64, 2 / 3, 16)
    weights = blend_weights(208, starts, 64)
    total = np.zeros(208)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + 64] += weight
    np.testing.assert_allclose(total, 1, rtol=1e-5)
    assert weights.min() > 0


def test_a_whole_picture_is_one_window_that_the_network_takes():
    grid = choose_grid((280, 270), WHOLE, 16)
    assert grid.window == (288, 272)
    assert grid.positions == ((0, 0),)
    assert choose_grid((280, 270), WHOLE, 32).window == (288, 288)
    assert choose_grid((280, 270), WHOLE, 1).window == (280, 270)


def test_auto_slides_over_large_pictures_only():
    config = InferenceConfig()
    assert len(choose_grid((280, 280), config, 16).positions) == 1
    assert choose_grid((1024, 2048), config, 16).window == (256, 256)


def test_what_sticks_out_mirrors_the_picture():
    image = np.zeros((16, 12, 3), np.uint8)
    image[:, 0] = 1
    image[:, 11] = 9
    (window,) = Grid((16, 12), (16, 16), 1.0, 16).cut(image)
    assert window[0, :, 0].tolist() == [0, 1, 1, *[0] * 10, 9, 9, 0]
