import importlib

import keras
import numpy as np
import pytest

from trainer.config.encoders import ENCODERS
from trainer.models.encoders import build_encoder
from trainer.models.pixels import normalize

# --encoder → its module in keras.applications.
KERAS_OWN = {
    "mobilenet_v2": "mobilenet_v2",
    "mobilenet_v3_large": "mobilenet_v3",
    "efficientnet_v2_b0": "efficientnet_v2",
    "resnet50_v2": "resnet_v2",
    "convnext_tiny": "convnext",
}

# --encoder → the layers whose inputs are its features, where sums of residual
# branches and their shortcuts are, which Keras does not name.
FOLLOWING = {
    "convnext_tiny": (
        "convnext_tiny_downsampling_block_0",
        "convnext_tiny_downsampling_block_1",
        "convnext_tiny_downsampling_block_2",
        "layer_normalization",
    )
}


def keras_features(name, original):
    """Returns the features of one of keras.applications, from stride 2 or 4."""
    if name in FOLLOWING:
        return [original.get_layer(after).input for after in FOLLOWING[name]]
    features = filter(None, ENCODERS[name].features)
    return [original.get_layer(feature).output for feature in features]


def test_every_encoder_of_kerass_own_is_compared_with_it():
    others = [
        name
        for name, encoder in ENCODERS.items()
        if not encoder.builder.startswith("keras.applications:")
    ]
    assert {*KERAS_OWN, *others} == ENCODERS.keys()


@pytest.mark.parametrize("name", KERAS_OWN)
def test_features_are_those_of_keras_applications(name):
    keras.utils.clear_session()  # which numbers layers without names anew
    function = ENCODERS[name].builder.partition(":")[2]
    original = getattr(keras.applications, function)(
        include_top=False, weights=None, input_shape=(64, 64, 3)
    )
    for layer in original.layers:
        if layer.name.endswith("_layer_scale"):  # begins at a millionth
            layer.set_weights([np.ones_like(layer.gamma)])
    pyramid = build_encoder(name, "none")
    for layer in pyramid.network.layers:
        if layer.weights:
            layer.set_weights(original.get_layer(layer.name).get_weights())
    pictures = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3))
    module = importlib.import_module(f"keras.applications.{KERAS_OWN[name]}")
    expected = keras.Model(original.input, keras_features(name, original))(
        module.preprocess_input(pictures.astype(np.float32))
    )
    found = pyramid.network(normalize(pictures))
    for stride, ours, theirs in zip(
        pyramid.strides, found, expected, strict=True
    ):
        assert ours.shape[1:3] == (64 // stride, 64 // stride)
        scale = float(np.abs(theirs).max())
        np.testing.assert_allclose(
            np.asarray(ours) / scale, np.asarray(theirs) / scale, atol=1e-4
        )


def test_features_of_an_untrained_convnext_are_more_than_its_last_branch():
    keras.utils.set_random_seed(1)
    pictures = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3))
    pyramid = build_encoder("convnext_tiny", "none")
    for feature in pyramid.network(normalize(pictures)):
        assert np.std(feature) > 1e-2  # a branch alone: 5e-7


def test_a_file_of_another_network_is_one_short_line(tmp_path):
    path = str(tmp_path / "other.weights.h5")
    inputs = keras.Input((None, None, 3))
    other = keras.Model(inputs, keras.layers.Conv2D(3, 1)(inputs))
    other.save_weights(path)
    text = r"other\.weights\.h5 does not fit --encoder=mobilenet_v2: .*; give a"
    with pytest.raises(ValueError, match=text) as caught:
        build_encoder("mobilenet_v2", path)
    assert len(str(caught.value)) < 500
