import numpy as np
import pytest

from trainer.inference.bands import Bands
from trainer.inference.windows import Grid


def blend(grid: Grid, image: np.ndarray) -> list[np.ndarray]:
    """Returns the rows of a picture as they come."""
    parts: list[np.ndarray] = []
    bands = Bands(grid, 3, lambda rows: parts.append(rows.copy()))
    for position, window in zip(grid.positions, grid.cut(image), strict=True):
        assert window.shape[:2] == grid.window
        bands.add(position, window * grid.weights(position)[..., None])
    bands.close()
    return parts


@pytest.mark.parametrize(
    "size", [(50, 70), (20, 130), (32, 48), (5, 3), (133, 20), (300, 61)]
)
def test_windows_put_back_together_are_the_picture(size):
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    grid = Grid(size, (32, 48), 2 / 3, 16)
    blended = np.concatenate(blend(grid, image))
    np.testing.assert_allclose(blended, image, atol=1e-3)


def test_only_a_row_of_windows_is_held():
    image = np.ones((1000, 40, 3), np.uint8)
    grid = Grid((1000, 40), (32, 32), 2 / 3, 16)
    heights = [len(rows) for rows in blend(grid, image)]
    assert sum(heights) == 1000 and max(heights) <= 32
