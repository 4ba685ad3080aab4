import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation.mirror import mirror


@pytest.mark.parametrize("margin", [(0, 0), (1, 3), (5, 0), (13, 29)])
@pytest.mark.parametrize("axis", [0, 1])
def test_margins_of_any_width_are_those_of_numpy(axis, margin):
    image = np.arange(5 * 5 * 3, dtype=np.uint8).reshape(5, 5, 3)
    margins = [(0, 0)] * 3
    margins[axis] = margin
    mirrored = mirror(tf.constant(image), axis, margin[0], 5 + sum(margin))
    np.testing.assert_array_equal(mirrored, np.pad(image, margins, "symmetric"))
