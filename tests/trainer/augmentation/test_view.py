import zlib

import numpy as np
import pytest
import tensorflow as tf

from tests import tiny_dataset
from trainer.augmentation import view
from trainer.augmentation.dropout import PADDING
from trainer.config import flag as checks
from trainer.config.data import (
    AppearanceConfig,
    Augmentation,
    DataConfig,
    RandomScale,
)
from trainer.data import dataset, pipeline, splits
from trainer.data.epoch_plan import Order

PLAIN = AppearanceConfig()
SIZE = (64, 96)
CROP = (32, 48)
REPAINTED = [
    {"brightness": 0.3},
    {"contrast": 0.3},
    {"saturation": 0.3},
    {"hue": 0.1},
    {"coarse_dropout": 3},
    {"brightness": 0.3, "coarse_dropout": 3},
]


def ramps():
    """Pictures whose first two channels, and labels, say row and column."""
    rows, columns = np.indices(SIZE)
    image = np.stack([rows, columns, 0 * rows], -1).astype(np.uint8)
    return tf.constant(image[None]), tf.constant(image[None, ..., 0])


def cut(seed, scales, size=None, appearance=PLAIN, **distribution):
    images, labels = ramps()
    if size:
        images = images[:, : size[0], : size[1]]
        labels = labels[:, : size[0], : size[1]]
    seed = tf.constant([seed, 7], tf.int64)
    scale = RandomScale(*scales, **distribution)
    augmentation = Augmentation(CROP, scale, appearance)
    image, label = view.random_view(images, labels, 0, seed, augmentation)
    return image.numpy().astype(int), label.numpy().astype(int)


@pytest.mark.parametrize("scale", [0.5, 0.8, 1.25, 2.0])
def test_the_crop_shows_what_the_scale_says(scale):
    image, label = cut(3, (scale, scale))
    assert image.shape == (*CROP, 3)
    assert label[-1, 0] - label[0, 0] == pytest.approx(32 / scale, abs=2)
    across = abs(image[0, -1, 1] - image[0, 0, 1])
    assert across == pytest.approx(48 / scale, abs=2)


@pytest.mark.parametrize("seed", range(8))
def test_picture_and_label_keep_together_at_any_scale(seed):
    image, label = cut(seed, (0.5, 2.0))
    assert np.abs(image[..., 0] - label).max() <= 1


def test_scales_spread_over_their_range():
    heights = [np.ptp(cut(seed, (0.5, 2.0))[1]) for seed in range(60)]
    scales = 32 / (np.array(heights) + 1)
    assert 0.45 < scales.min() < 0.65
    assert 1.8 < scales.max() < 2.3
    assert 1.1 < scales.mean() < 1.4


def test_log_uniform_scales_are_as_often_below_one_as_above():
    heights = [
        np.ptp(cut(seed, (0.5, 2.0), is_log_uniform=True)[1])
        for seed in range(200)
    ]
    scales = 32 / (np.array(heights) + 1)
    assert 0.45 < scales.min() < 0.65
    assert 1.8 < scales.max() < 2.3
    # A third of uniform ones would be.
    assert 0.42 < np.mean(scales < 1) < 0.58


def test_labels_are_nearest_pixels():
    _, label = cut(3, (0.5, 0.5))
    np.testing.assert_array_equal(label[:, 0], np.arange(32) * 2 + 1)


def test_pictures_shrink_by_area():
    image, _ = cut(3, (0.5, 0.5))
    # The mean of rows 2i and 2i + 1, rounded half to even.
    np.testing.assert_array_equal(
        image[:, 0, 0], np.round(np.arange(32) * 2 + 0.5)
    )


def test_what_a_small_picture_leaves_is_ignored():
    image, label = cut(3, (0.5, 0.5), size=(40, 48))
    assert (label[20:] == 255).all()
    assert (image[20:] == PADDING).all()
    shown = label[:20]
    is_empty = (shown == 255).all(0)  # at the left where it is mirrored
    assert sorted(is_empty) == [False] * 24 + [True] * 24
    assert abs(np.diff(is_empty.astype(int))).sum() == 1
    np.testing.assert_array_equal(
        np.unique(shown[shown != 255]), np.arange(20) * 2 + 1
    )


def test_a_scale_of_one_is_the_plain_crop():
    for seed in range(4):
        image, label = cut(seed, (1.0, 1.0))
        exact, exact_label = cut(seed, (1.0, 1.0 + 1e-6))
        np.testing.assert_array_equal(image, exact)
        np.testing.assert_array_equal(label, exact_label)


def test_a_seed_gives_the_view_that_it_always_gave():
    content = b""
    for seed in range(20):
        image, label = cut(seed, (1.0, 1.0))
        content += image.astype(np.uint8).tobytes()
        content += label.astype(np.uint8).tobytes()
    assert zlib.crc32(content) == 0x704CED08


@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.5, 2.0)])
@pytest.mark.parametrize("options", REPAINTED)
def test_repainting_moves_nothing_and_keeps_the_label(options, scales):
    has_changed = False
    for seed in range(8):
        plain, plain_label = cut(seed, scales)
        image, label = cut(seed, scales, appearance=AppearanceConfig(**options))
        np.testing.assert_array_equal(label, plain_label)
        has_changed |= (image != plain).any()
        # Along a row only the column changes the colour, as before.
        is_kept = (image != PADDING).all(-1)
        rises = np.diff(image[..., 1]) * np.diff(plain[..., 1]) >= 0
        assert rises[is_kept[:, 1:] & is_kept[:, :-1]].all()
    assert has_changed


def test_what_is_filled_up_keeps_its_grey():
    appearance = AppearanceConfig(brightness=0.9, contrast=0.9, saturation=0.9)
    image, label = cut(3, (0.5, 0.5), (40, 48), appearance)
    assert (image[label == 255] == PADDING).all()


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_changed_batches_depend_on_the_seed_alone(tmp_path, cache):
    tiny_dataset.write_dataset(tmp_path, 6, 1, SIZE, native=True)
    part = dataset.Part(dataset.load(str(tmp_path)), "train")
    augmentation = Augmentation(
        (32, 32),
        RandomScale(0.5, 2.0),
        AppearanceConfig(0.2, 0.2, 0.2, 0.1, coarse_dropout=2),
    )
    order = Order(augmentation, batch_size=2, epochs=1, seed=5)

    def batches(cache):
        data = DataConfig(
            str(tmp_path), resize=None, crop=(32, 32), cache=cache
        )
        sources = splits.open_train(data, [part], "", lambda line: None)
        return [
            np.concatenate([image, label[..., None]], -1)
            for image, label in pipeline.train_batches(sources, order)
        ]

    np.testing.assert_array_equal(batches(cache), batches("none"))


@pytest.mark.parametrize("scales", [(2.0, 0.5), (0.01, 1.0), (1.0,), (1, 20)])
def test_scales_that_are_no_range_are_refused(scales):
    with pytest.raises(checks.ConfigError, match="like 0.5,2.0"):
        DataConfig("data", random_scale=scales)
