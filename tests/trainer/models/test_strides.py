import keras

from schemas.labels.cityscapes import LABEL_IDS
from tests.stand_ins import color_network
from trainer.models.saved import pixels_to_probabilities
from trainer.models.strides import size_factor
from trainer.models.unet import build_unet


def test_the_u_net_halves_pictures_four_times():
    network = build_unet((None, None, 3), 34, 2)
    assert size_factor(network) == 16
    assert size_factor(pixels_to_probabilities(network)) == 16


def test_a_network_of_single_pixels_takes_any_size():
    assert size_factor(color_network.build(LABEL_IDS)) == 1


def test_a_network_within_the_network_counts_too():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, padding="same")(inputs)
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Multiply()([x, pooled])
    inner = keras.Input((None, None, 4))
    y = keras.layers.AveragePooling2D(4)(inner)
    y = keras.layers.UpSampling2D(4)(y)
    x = keras.Model(inner, y)(x)
    network = keras.Model(inputs, keras.layers.UpSampling2D(2)(x))
    assert size_factor(network) == 8
