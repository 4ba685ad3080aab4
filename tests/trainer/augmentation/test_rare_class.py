import collections

import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation import rare_class, view
from trainer.config.data import Augmentation, RandomScale, RareClasses

SIZE, CROP = (40, 60), (8, 12)
ROAD, POLE, RIDER, UNSEEN, IGNORED = 0, 1, 2, 3, 255
RARITY = (0.1, 1.0, 3.0, 100.0)


@pytest.fixture(scope="module")
def label():
    """Mostly road, a pole of 20 pixels, a rider of 1 in a corner."""
    ids = np.zeros(SIZE, np.uint8)
    ids[10:30, 17] = POLE
    ids[39, 59] = RIDER
    ids[:, 40] = IGNORED
    return ids


def of_seeds(function, count):
    """Returns what a function of a seed pair gives for so many."""
    seeds = tf.data.Dataset.range(count).map(lambda n: tf.stack([n, 3]))
    return next(seeds.map(function).batch(count).as_numpy_iterator())


def pixels(label, rarity, count=800):
    """Returns the (row, column) that so many seeds draw."""

    def draw(seed):
        draws = tf.random.stateless_uniform([5], seed, dtype=tf.float64)
        return rare_class.draw_pixel(tf.constant(label), draws, rarity)

    found, is_found = of_seeds(draw, count)
    assert is_found.all()
    return list(map(tuple, found.tolist()))


def test_classes_are_drawn_by_rarity_among_those_of_the_picture(label):
    drawn = pixels(label, RARITY)
    counts = collections.Counter(label[pixel] for pixel in drawn)
    shares = [counts[index] / len(drawn) for index in range(3)]
    assert set(counts) == {ROAD, POLE, RIDER}
    assert shares == pytest.approx([0.1 / 4.1, 1 / 4.1, 3 / 4.1], abs=0.05)


def test_pixels_of_a_class_are_drawn_alike(label):
    drawn = pixels(label, (0.0, 1.0, 0.0, 1.0))
    counts = collections.Counter(drawn)
    assert set(counts) == {(row, 17) for row in range(10, 30)}
    assert min(counts.values()) > 15
    road = pixels(label, (1.0, 0.0, 0.0, 0.0), 400)
    rows, columns = np.transpose(road)
    assert rows.mean() == pytest.approx(19.5, abs=2)
    assert columns.mean() == pytest.approx(29.5, abs=3)


def views(label, share, rarity=RARITY, scale=(1.0, 1.0), count=100):
    """Returns the label maps of so many crops."""
    labels = tf.constant(label[None])
    images = tf.repeat(labels[..., None], 3, -1)
    rare = RareClasses(share, rarity) if share is not None else None
    augmentation = Augmentation(CROP, RandomScale(*scale), rare=rare)

    def cut(seed):
        return view.random_view(images, labels, 0, seed, augmentation)

    found, ids = of_seeds(cut, count)
    if scale == (1.0, 1.0):
        np.testing.assert_array_equal(found[..., 0], ids)
    return ids


def test_a_crop_holds_the_pixel_wherever_it_is(label):
    for ids in views(label, 1.0, (0.0, 0.0, 1.0, 0.0)):
        assert (ids == RIDER).any()
    places = {
        int(np.argwhere(ids == POLE)[0, 1])
        for ids in views(label, 1.0, (0.0, 1.0, 0.0, 0.0))
    }
    assert places == set(range(CROP[1]))


def test_the_share_says_how_many_crops_do(label):
    found = views(label, 0.5, (0.0, 0.0, 1.0, 0.0), count=300)
    share = np.mean([(ids == RIDER).any() for ids in found])
    assert share == pytest.approx(0.5, abs=0.1)


def test_other_crops_are_what_they_were(label):
    plain = views(label, None)
    for rare in (views(label, 0.0), views(label, 0.5)):
        same = [np.array_equal(*pair) for pair in zip(plain, rare, strict=True)]
        assert np.mean(same) > 0.4
    np.testing.assert_array_equal(plain, views(label, 0.0))


def test_crops_of_any_scale_are_placed(label):
    found = views(label, 1.0, (0.0, 1.0, 0.0, 0.0), (1.0, 2.0))
    assert all((ids == POLE).any() for ids in found)


def test_a_picture_without_such_a_class_is_cropped_anywhere():
    nothing = np.full(SIZE, IGNORED, np.uint8)
    np.testing.assert_array_equal(
        views(nothing, 1.0, count=4), np.full((4, *CROP), IGNORED)
    )
