import keras
import numpy as np
import pytest

from trainer.models import unet
from trainer.models.kinds import Kinds
from trainer.models.pixels import normalize


def test_the_default_network_has_the_recipes_parameters():
    assert unet.build_unet((256, 256, 3), 34).count_params() == 31_061_282


def test_widths_double_at_each_level_and_come_back():
    network = unet.build_unet((32, 32, 3), 19, base_filters=2)
    widths = [
        layer.filters
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2D)
        and not isinstance(layer, keras.layers.Conv2DTranspose)
    ]
    down, up = [2, 4, 8, 16, 32], [16, 8, 4, 2]
    assert widths == [width for width in down + up for _ in range(2)] + [19]


def test_logits_are_float32_whatever_the_policy():
    network = unet.build_unet((32, 32, 3), 5, 2, Kinds("mixed_bfloat16"))
    assert network.output.dtype == "float32"
    assert network.output_shape == (None, 32, 32, 5)


def test_sizes_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match=r"divide by 16.*\(100, 256, 3\)"):
        unet.build_unet((100, 256, 3), 34)


def test_one_set_of_weights_fits_every_size():
    network = unet.build_unet((None, None, 3), 4, base_filters=2)
    assert network(np.zeros((1, 48, 16, 3))).shape == (1, 48, 16, 4)


def test_pictures_go_from_minus_one_to_one():
    pixels = np.array([0, 127, 255], np.uint8).reshape(1, 1, 1, 3)
    values = keras.ops.convert_to_numpy(normalize(pixels)).ravel()
    np.testing.assert_allclose(values, [-1, 127 / 127.5 - 1, 1], atol=1e-7)
