import keras
import numpy as np
import pytest
from PIL import Image

from tests.stand_ins import blurring_network
from tests.stand_ins.color_network import of_cityscapes
from tests.trainer.serving.applied import CONFIGS, predicted, texture
from trainer.config.inference import InferenceConfig
from trainer.serving import fixed_size
from trainer.serving.fixed_size import resize_matrix

SIZE = (101, 170)


def build_fixed_size(network, config, size, seen=None):
    return fixed_size.build_fixed_size(
        of_cityscapes(network), config, size, seen
    )


@pytest.mark.parametrize("target", [24, 37, 77, 100])
@pytest.mark.parametrize("by_area", [True, False])
def test_the_matrix_resizes_as_pillow_does(target, by_area):
    values = np.random.default_rng(0).random(77).astype(np.float32)
    method = Image.Resampling.BOX if by_area else Image.Resampling.BILINEAR
    expected = np.asarray(
        Image.fromarray(values[None]).resize((target, 1), method)
    )[0]
    matrix = resize_matrix(77, target, (4, 5), by_area)
    assert matrix.shape == (4 + target + 5, 77)
    resized = matrix @ values
    np.testing.assert_allclose(resized[4:-5], expected, atol=1e-6)
    np.testing.assert_array_equal(resized[:4], resized[4:8][::-1])
    np.testing.assert_array_equal(resized[-5:], resized[-10:-5][::-1])


@pytest.mark.parametrize("name", CONFIGS)
def test_the_model_gives_what_prediction_gives(name):
    network, config = blurring_network.build(), CONFIGS[name]
    images = [texture(SIZE, seed) for seed in range(2)]
    expected = np.stack(predicted(network, config, images))
    assert len(np.unique(expected)) > 3
    model = build_fixed_size(network, config, SIZE)
    label_ids = model.predict(np.stack(images), verbose=0)
    assert label_ids.shape == (2, *SIZE)
    assert (label_ids == expected).mean() > 0.999


@pytest.mark.parametrize("size", [(64, 64), (64, 70), (68, 68)])
def test_pictures_of_the_size_of_the_padded_ones_are_resized_too(size):
    network = blurring_network.build(34)
    config = InferenceConfig(resize=(62, 61), crop=(64, 64))
    image = texture(size)
    (expected,) = predicted(network, config, [image])
    model = build_fixed_size(network, config, size)
    (label_ids,) = model.predict(image[None], verbose=0)
    assert (label_ids == expected).mean() > 0.999


def test_more_windows_than_a_batch_are_blended_too():
    network = blurring_network.build(34)
    config = InferenceConfig(resize=None, crop=(16, 16))
    image = texture((40, 300))
    (expected,) = predicted(network, config, [image])
    model = build_fixed_size(network, config, (40, 300))
    (label_ids,) = model.predict(image[None], verbose=0)
    assert (label_ids == expected).mean() > 0.999


@pytest.mark.parametrize("num_classes", [19, 34])
def test_ids_that_were_never_seen_are_not_given(num_classes):
    network, config = blurring_network.build(num_classes), CONFIGS["sliding"]
    image = texture(SIZE)
    seen = np.arange(num_classes) % 3 == 1
    (expected,) = predicted(network, config, [image], seen)
    model = build_fixed_size(network, config, SIZE, seen)
    (label_ids,) = model.predict(image[None], verbose=0)
    assert (label_ids == expected).mean() > 0.999
    (all_ids,) = predicted(network, config, [image])
    assert not set(np.unique(all_ids)) <= set(np.unique(label_ids))


def test_ids_are_looked_up_without_a_product_that_a_gpu_would_round():
    network = blurring_network.build(19)
    config = InferenceConfig(resize=None, crop=(64, 64))
    model = build_fixed_size(network, config, (64, 64))
    kinds = {type(layer) for layer in model.layers}
    assert keras.layers.Dense not in kinds
    image = texture((64, 64))
    (label_ids,) = model.predict(image[None], verbose=0)
    (expected,) = predicted(network, config, [image])
    np.testing.assert_array_equal(label_ids, expected)


def test_the_saved_model_needs_none_of_this_projects_layers(tmp_path):
    model = build_fixed_size(blurring_network.build(), CONFIGS["sliding"], SIZE)
    path = str(tmp_path / "unet.keras")
    model.save(path)
    image = texture(SIZE)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(
        loaded.predict(image[None], verbose=0),
        model.predict(image[None], verbose=0),
    )


def test_a_crop_that_the_network_cannot_take_is_refused():
    config = InferenceConfig(resize=None, crop=(16, 16))
    inputs = keras.Input((None, None, 3))
    x = keras.layers.AveragePooling2D(32)(inputs)
    x = keras.layers.UpSampling2D(32)(x)
    network = keras.Model(inputs, keras.layers.Conv2D(34, 1)(x))
    with pytest.raises(ValueError, match="both sides must divide by 32"):
        build_fixed_size(network, config, (64, 64))
