import keras
import numpy as np

from trainer.inference.window_network import WindowNetwork
from trainer.models.saved import pixels_to_probabilities
from trainer.models.unet import build_unet


def trained_unet():
    """Builds a U-Net whose batch normalization has seen something."""
    keras.utils.set_random_seed(0)
    network = build_unet((32, 32, 3), 19, 2)
    random = np.random.default_rng(0)
    weights = [
        values + random.uniform(0.1, 0.5, values.shape)
        for values in network.get_weights()
    ]
    network.set_weights(weights)
    return network


def test_probabilities_are_those_of_the_network_times_the_weights():
    network = trained_unet()
    random = np.random.default_rng(1)
    windows = random.integers(0, 256, (3, 32, 48, 3), np.uint8)
    weights = random.random((3, 32, 48), np.float32)
    expected = pixels_to_probabilities(network).predict_on_batch(windows)
    np.testing.assert_allclose(
        WindowNetwork(network)(windows, weights),
        expected * weights[..., None],
        atol=1e-5,
    )


def test_the_network_itself_keeps_its_layers():
    network = trained_unet()
    before = network.get_weights()
    WindowNetwork(network)
    kinds = {type(layer).__module__.split(".")[0] for layer in network.layers}
    assert kinds == {"keras"}
    for ours, theirs in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
