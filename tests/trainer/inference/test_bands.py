import numpy as np
import pytest

from trainer.inference.bands import Bands
from trainer.inference.windows import Grid


def blend(bands: Bands, grid: Grid, image: np.ndarray) -> np.ndarray:
    for position, window in zip(grid.positions, grid.cut(image), strict=True):
        assert window.shape[:2] == grid.window
        bands.add(position, window * grid.weights(position)[..., None])
    return bands.close()


@pytest.mark.parametrize(
    "size", [(50, 70), (20, 130), (32, 48), (5, 3), (133, 20), (300, 61)]
)
def test_windows_put_back_together_are_the_picture(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    grid = Grid(size, (32, 48), 2 / 3, 16)
    blended = blend(Bands(grid, 3, np.copy), grid, image)
    np.testing.assert_allclose(blended, image, atol=1e-3)


def test_only_a_row_of_windows_is_held():
    image = np.ones((1000, 40, 3), np.uint8)
    grid = Grid((1000, 40), (32, 32), 2 / 3, 16)
    heights = []

    def finish(rows):
        heights.append(len(rows))
        return np.zeros((len(rows), 40), np.uint8)

    result = blend(Bands(grid, 3, finish), grid, image)
    assert result.shape == (1000, 40)
    assert sum(heights) == 1000 and max(heights) <= 32
