import dataclasses

import keras
import numpy as np
import pytest

from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.engine.averages import Updates, unbiased_statistics
from trainer.models import remat
from trainer.models.build import build_plain_network, build_training_network
from trainer.models.encoders import begins_learned

SMALL = {"encoder": "efficientnet_lite0", "decoder_filters": (8, 8, 4, 4, 4)}


def draw_images(seed=0):
    draws = np.random.default_rng(seed)
    return draws.uniform(-1, 1, (1, 64, 96, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """A pretrained network of TensorFlow's kernels."""
    config = ModelConfig("train_ids", batch_norm_momentum=0.9, **SMALL)
    return build_training_network(config, "float32", has_kernels=True)


def test_an_encoder_of_the_papers_size_has_the_parameters_of_the_trial():
    config = ModelConfig("train_ids", encoder="efficientnet_lite0")
    assert build_plain_network(config).count_params() == 5_240_771


def test_weights_mean_the_same_in_the_plain_network(network):
    plain = build_plain_network(ModelConfig("train_ids", **SMALL))
    plain.set_weights(network.get_weights())
    images = draw_images()
    assert plain.output_shape == (None, None, None, 19)
    assert plain(images).shape == (1, 64, 96, 19)
    np.testing.assert_allclose(
        plain(images), network(images), rtol=1e-3, atol=1e-3
    )
    kinds = {type(layer).__module__.split(".")[0] for layer in plain.layers}
    assert kinds == {"keras"}


def test_all_batch_normalization_takes_the_runs_momentum(network):
    layers = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert len(layers) == 48 + 10
    assert {layer.momentum for layer in layers} == {0.9}
    assert sum(map(begins_learned, layers)) == 48


def test_statistics_that_were_learned_elsewhere_stay(network):
    class Stepper:
        model = network

        def sync(self):
            """Does nothing."""

        reload = sync

    before = {v.path: np.array(v) for v in network.non_trainable_variables}
    with unbiased_statistics(Stepper(), Updates(3)):
        changed = {
            v.path.split("/")[0]
            for v in network.non_trainable_variables
            if not np.array_equal(before[v.path], v)
        }
    assert changed
    assert not any(begins_learned(network.get_layer(name)) for name in changed)


def test_a_network_with_an_encoder_is_recomputed_piece_by_piece(network):
    pieces = remat._pieces(network)
    assert len(pieces) == 5 + 5  # strides 2 to 32, and up again
    images = draw_images()
    expected = network(images, training=True)
    found = remat.recomputing(network)(images)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_what_squeezes_a_whole_picture_is_no_cut():
    config = ModelConfig("train_ids", encoder="mobilenet_v3_large")
    assert len(remat._pieces(build_plain_network(config))) == 11


def test_a_frozen_encoder_learns_nothing():
    config = ModelConfig("train_ids", **SMALL, encoder_weights="none")
    slow = build_plain_network(config)
    config = dataclasses.replace(config, encoder_learning_rate=0.0)
    frozen = build_plain_network(config)
    assert len(frozen.trainable_variables) == 42
    assert [v.shape for v in frozen.weights] == [v.shape for v in slow.weights]


def test_a_network_to_be_restored_needs_no_file_of_its_encoders_weights():
    config = ModelConfig("train_ids", **SMALL, encoder_weights="gone.pth")
    with pytest.raises(FileNotFoundError, match="gone.pth is no file on"):
        build_training_network(config, "float32", has_kernels=True)
    network = build_training_network(config, "float32", True, is_new=False)
    assert begins_learned(network.get_layer("stem_conv"))
    assert not begins_learned(network.get_layer("logits"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "--freeze_encoder_epochs=2 does nothing without an encoder; lea"),
        (SMALL | {"encoder_learning_rate": 0.0}, "=0, which freezes the enc"),
    ],
)
def test_what_is_no_encoder_or_frozen_anyway_is_not_frozen(options, text):
    with pytest.raises(ConfigError, match=text):
        ModelConfig("train_ids", freeze_encoder_epochs=2, **options)


def test_a_decoder_has_five_levels():
    with pytest.raises(ConfigError, match="=8,4 must be 5 numbers, like 256"):
        ModelConfig("train_ids", decoder_filters=(8, 4))
