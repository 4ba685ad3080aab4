import numpy as np
import pytest

from trainer.inference.windows import (
    Grid,
    blend_weights,
    whole_grid,
    window_starts,
)


def test_windows_start_at_both_ends_and_spread_evenly():
    assert window_starts(256, 256, 2 / 3) == [0]
    assert window_starts(288, 256, 2 / 3) == [0, 32]
    assert window_starts(1024, 256, 2 / 3) == [0, 160, 304, 464, 608, 768]


@pytest.mark.parametrize("length", [64, 80, 176, 1024])
@pytest.mark.parametrize("stride", [0.25, 2 / 3, 1])
def test_windows_cover_every_pixel_at_most_a_stride_apart(length, stride):
    starts = window_starts(length, 64, stride)
    assert starts[0] == 0 and starts[-1] == length - 64
    assert all(np.diff(starts) <= np.ceil(64 * stride))


def test_weights_add_up_to_one_everywhere():
    starts = window_starts(208, 64, 2 / 3)
    weights = blend_weights(208, starts, 64)
    total = np.zeros(208)
    for start, weight in zip(starts, weights, strict=True):
        total[start : start + 64] += weight
    np.testing.assert_allclose(total, 1, rtol=1e-5)
    assert weights.min() > 0


@pytest.mark.parametrize("size", [(50, 70), (20, 130), (32, 48), (5, 3)])
def test_windows_put_back_together_are_the_picture(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    grid = Grid(size, (32, 48), 2 / 3)
    sums = np.zeros((*grid.canvas, 3), np.float32)
    for position, window in zip(grid.positions, grid.cut(image), strict=True):
        assert window.shape == (32, 48, 3)
        weighted = window * grid.weights(position)[..., None]
        grid.add(sums, position, weighted)
    np.testing.assert_allclose(grid.crop(sums), image, atol=1e-3)


def test_a_whole_picture_is_one_window_that_the_network_takes():
    grid = whole_grid((280, 270))
    assert grid.window == (288, 272)
    assert grid.positions == ((0, 0),)


def test_what_sticks_out_mirrors_the_picture():
    image = np.zeros((16, 12, 3), np.uint8)
    image[:, 0] = 1
    image[:, 11] = 9
    (window,) = whole_grid((16, 12)).cut(image)
    assert window[0, :, 0].tolist() == [0, 1, 1, *[0] * 10, 9, 9, 0]
