import dataclasses
import itertools

import keras
import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from tests.stand_ins import blurring_network, color_network
from tests.stand_ins.color_network import of_cityscapes
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import (
    Predictor,
    resize_picture,
)
from trainer.inference.windows import window_starts
from trainer.models.unet import build_unet


@dataclasses.dataclass(frozen=True, eq=False)
class Image:
    image: np.ndarray


def scene(size, seed=0):
    """Draws blocks of sky, road, car and person, each 8 pixels wide."""
    ids = np.array([7, 23, 24, 26], np.uint8)
    height, width = size
    blocks = np.random.default_rng(seed).integers(
        0, 4, (-(-height // 8), -(-width // 8))
    )
    return ids[np.kron(blocks, np.ones((8, 8), int))[:height, :width]]


def predict_one(model, image, **options):
    config = InferenceConfig(**{"resize": None, "crop": (32, 32)} | options)
    ((_, label_ids),) = Predictor(of_cityscapes(model), config).predict(
        [Image(image)]
    )
    return label_ids


@pytest.mark.parametrize("method", ["whole", "sliding"])
@pytest.mark.parametrize("size", [(40, 72), (20, 100), (33, 31), (64, 64)])
def test_every_pixel_of_any_size_gets_its_id(method, size):
    ids = scene(size)
    predicted = predict_one(
        color_network.build(LABEL_IDS), LABEL_IDS.palette[ids], inference=method
    )
    assert predicted.dtype == np.uint8
    np.testing.assert_array_equal(predicted, ids)


def test_logits_and_probabilities_give_the_same_ids():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    np.testing.assert_array_equal(
        predict_one(color_network.build(LABEL_IDS), image),
        predict_one(color_network.build(LABEL_IDS, softmax=True), image),
    )


def test_a_network_of_train_ids_gives_label_ids():
    ids = scene((40, 40))
    predicted = predict_one(
        color_network.build(TRAIN_IDS), LABEL_IDS.palette[ids]
    )
    np.testing.assert_array_equal(predicted, ids)


def test_flips_and_scales_keep_the_place_of_things():
    ids = scene((64, 96))
    predicted = predict_one(
        color_network.build(LABEL_IDS),
        LABEL_IDS.palette[ids],
        flip_average=True,
        scales=(0.5, 1.0, 2.0),
    )
    assert (predicted == ids).mean() > 0.97


def test_the_order_of_scales_changes_nothing():
    image = resize_picture(LABEL_IDS.palette[scene((64, 96))], (80, 120))
    model = blurring_network.build()
    expected, *others = (
        predict_one(model, image, resize=(64, 96), scales=scales)
        for scales in itertools.permutations((0.75, 1.0, 1.25))
    )
    assert len(np.unique(expected)) > 3
    for other in others:
        np.testing.assert_array_equal(other, expected)


def test_a_coarse_scale_leaves_the_finer_one_its_details():
    ids = scene((64, 96))[::4, ::4]
    predicted = predict_one(
        color_network.build(LABEL_IDS),
        LABEL_IDS.palette[ids],
        scales=(0.25, 1.0),
    )
    assert (predicted == ids).mean() > 0.95


def test_pictures_take_the_size_of_training_and_come_back():
    ids = scene((64, 128))
    predicted = predict_one(
        color_network.build(LABEL_IDS), LABEL_IDS.palette[ids], resize=(32, 32)
    )
    assert predicted.shape == (64, 128)
    assert (predicted == ids).mean() > 0.8


def test_windows_leave_no_seams():
    image = np.random.default_rng(0).integers(0, 256, (8, 16, 3), np.uint8)
    image = resize_picture(image, (96, 192))
    model = blurring_network.build(interpolation="bilinear")
    whole = predict_one(model, image, inference="whole")
    sliding = predict_one(model, image, inference="sliding", crop=(64, 64))
    assert len(np.unique(whole)) > 3
    assert (whole == sliding).mean() > 0.98


def changes_at_borders(label_ids, stride):
    """Measures how often ids change where a window of 64 begins or ends.

    Returns:
        The share of pixels there that differ from their left neighbour.
    """
    width = label_ids.shape[1]
    starts = np.array(window_starts(width, 64, stride, 16))
    borders = np.union1d(starts, starts + 64)
    columns = borders[(borders > 0) & (borders < width)]
    return (label_ids[:, columns] != label_ids[:, columns - 1]).mean()


@pytest.mark.parametrize(("stride", "shows"), [(2 / 3, False), (1.0, True)])
def test_borders_of_windows_show_only_without_overlap(stride, shows):
    # The U-Net sees farther than a window: each guesses for itself.
    keras.utils.set_random_seed(1)
    model = build_unet((None, None, 3), 34, 8)
    image = np.random.default_rng(0).integers(0, 256, (8, 16, 3), np.uint8)
    image = resize_picture(image, (128, 512))
    whole = predict_one(model, image, inference="whole")
    assert len(np.unique(whole)) > 10
    sliding = predict_one(
        model, image, inference="sliding", crop=(64, 64), stride=stride
    )
    in_whole, in_sliding = (
        changes_at_borders(label_ids, stride) for label_ids in (whole, sliding)
    )
    assert (in_sliding > 1.2 * in_whole) == shows


def test_a_network_built_for_one_size_takes_all():
    ids = scene((50, 90))
    predicted = predict_one(
        color_network.build(LABEL_IDS, (32, 32, 3)),
        LABEL_IDS.palette[ids],
        inference="whole",
    )
    np.testing.assert_array_equal(predicted, ids)


def test_pictures_of_mixed_sizes_come_back_in_order():
    sizes = [(16, 16), (100, 120), (40, 20), (16, 16), (30, 64)]
    scenes = [scene(size, seed) for seed, size in enumerate(sizes)]
    config = InferenceConfig(resize=None, crop=(32, 32), batch_size=3)
    predictor = Predictor(of_cityscapes(color_network.build(LABEL_IDS)), config)
    results = list(
        predictor.predict(Image(LABEL_IDS.palette[ids]) for ids in scenes)
    )
    for ids, (_, predicted) in zip(scenes, results, strict=True):
        np.testing.assert_array_equal(predicted, ids)


def test_large_pictures_of_a_small_batch_are_not_all_held(monkeypatch):
    image = LABEL_IDS.palette[scene((100, 100))]
    monkeypatch.setattr(
        "trainer.inference.predictor._MAX_HELD_BYTES", 3 * image.nbytes
    )
    drawn = []
    config = InferenceConfig(resize=(32, 32), crop=(32, 32), batch_size=64)
    predictor = Predictor(of_cityscapes(color_network.build(LABEL_IDS)), config)
    pictures = (drawn.append(n) or Image(image) for n in range(10))
    next(predictor.predict(pictures))
    assert len(drawn) == 3


def test_ids_that_were_never_seen_are_not_predicted():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    seen = np.zeros(34, bool)
    seen[[7, 23, 26]] = True
    config = InferenceConfig(resize=None, crop=(32, 32))
    for softmax in (False, True):
        model = color_network.build(LABEL_IDS, softmax=softmax)
        assert len(np.unique(predict_one(model, image))) > 10
        predictor = Predictor(of_cityscapes(model), config, seen)
        ((_, label_ids),) = predictor.predict([Image(image)])
        assert np.unique(label_ids).tolist() == [7, 23, 26]
        colors = LABEL_IDS.palette[[7, 23, 26]].astype(int)
        distances = ((image[..., None, :] - colors) ** 2).sum(-1)
        nearest = np.array([7, 23, 26])[distances.argmin(-1)]
        if not softmax:  # which says 0 of what is far from a colour
            np.testing.assert_array_equal(label_ids, nearest)


def test_a_crop_that_the_network_cannot_take_is_refused():
    inputs = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(2, 3, strides=32, padding="same")(inputs)
    x = keras.layers.UpSampling2D(32)(x)
    model = keras.Model(inputs, keras.layers.Conv2D(34, 1)(x))
    with pytest.raises(ValueError, match="--crop=32x48: .* divide by 32"):
        Predictor(
            of_cityscapes(model), InferenceConfig(resize=None, crop=(32, 48))
        )
