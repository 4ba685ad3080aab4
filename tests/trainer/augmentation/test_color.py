import numpy as np
import pytest
import tensorflow as tf

from trainer.augmentation import color
from trainer.config.data import AppearanceConfig
from trainer.config.flag import ConfigError

# Greys (0.299 R + 0.587 G + 0.114 B): 100, 29.9, 228, their mean 119.3.
IMAGE = np.array([[[100, 100, 100], [100, 0, 0], [200, 250, 188]]], np.uint8)


def seed(number):
    return tf.constant([number, 3], tf.int64)


def noise(size=(20, 30)):
    draws = np.random.default_rng(0)
    return tf.constant(draws.integers(0, 256, (*size, 3), np.uint8))


def changed(brightness=1.0, contrast=1.0, saturation=1.0, image=IMAGE):
    return color.change_colors(image, brightness, contrast, saturation).numpy()


def test_factors_of_one_change_nothing():
    every_value = np.arange(3 * 256, dtype=np.uint16).reshape(16, 16, 3) // 3
    every_value = every_value.astype(np.uint8)
    np.testing.assert_array_equal(changed(image=every_value), every_value)
    np.testing.assert_array_equal(changed(image=noise()), noise())


def test_brightness_multiplies_and_clips():
    assert changed(brightness=1.25).tolist() == [
        [[125, 125, 125], [125, 0, 0], [250, 255, 235]]
    ]


def test_contrast_turns_towards_the_mean_grey():
    # Half of each value, half of 119.3.
    assert changed(contrast=0.5).tolist() == [
        [[110, 110, 110], [110, 60, 60], [160, 185, 154]]
    ]
    assert (changed(contrast=0) == 119).all()


def test_without_saturation_each_pixel_is_its_grey():
    assert changed(saturation=0).tolist() == [
        [[100, 100, 100], [30, 30, 30], [228, 228, 228]]
    ]


def test_saturation_turns_away_from_the_pixels_grey():
    # 2 x - grey: 200 - 29.9, -29.9; 400 - 228, 500 - 228, 376 - 228.
    assert changed(saturation=2).tolist() == [
        [[100, 100, 100], [170, 0, 0], [172, 255, 148]]
    ]


def test_all_three_together():
    # Of pixel 2: 0.5 * (0.5 * 100 + 0.5 * 29.9) + 0.5 * 119.3 = 92.125 and
    # 0.5 * 0.5 * 29.9 + 59.65 = 67.125, both times 1.2: 110.55 and 80.55.
    result = changed(brightness=1.2, contrast=0.5, saturation=0.5)
    assert result[0, 1].tolist() == [111, 81, 81]


def test_factors_spread_over_their_range():
    config = AppearanceConfig(brightness=0.4)
    image = np.full((1, 1, 3), 100, np.uint8)
    values = [
        int(color.jitter_colors(image, seed(number), config)[0, 0, 0])
        for number in range(200)
    ]
    assert 60 <= min(values) < 64 and 136 < max(values) <= 140
    assert np.mean(values) == pytest.approx(100, abs=4)


def test_factors_are_never_negative():
    config = AppearanceConfig(saturation=10)
    image = np.array([[[200, 100, 100]]], np.uint8)
    for number in range(20):
        red, green, _ = color.jitter_colors(image, seed(number), config)[0, 0]
        assert red >= green


def test_each_factor_has_a_draw_of_its_own():
    together = color.jitter_colors(
        noise(), seed(1), AppearanceConfig(brightness=0.5, contrast=0.5)
    )
    alone = color.jitter_colors(
        color.jitter_colors(noise(), seed(1), AppearanceConfig(contrast=0.5)),
        seed(1),
        AppearanceConfig(brightness=0.5),
    )
    difference = together.numpy().astype(int) - alone.numpy().astype(int)
    assert np.abs(difference).max() <= 1  # rounded twice


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (1 / 6, [[100, 100, 100], [100, 100, 0]]),  # red to yellow
        (1 / 3, [[100, 100, 100], [0, 100, 0]]),
        (0.5, [[100, 100, 100], [0, 100, 100]]),
        (-0.5, [[100, 100, 100], [0, 100, 100]]),
        (-1 / 3, [[100, 100, 100], [0, 0, 100]]),
        (-1 / 12, [[100, 100, 100], [100, 0, 50]]),
    ],
)
def test_hue_turns_at_the_pixels_saturation_and_value(shift, expected):
    turned = color.shift_hue(IMAGE[:, :2], shift).numpy()
    assert turned.tolist() == [expected]


def test_a_shift_of_zero_changes_nothing():
    np.testing.assert_array_equal(color.shift_hue(noise(), 0.0), noise())


def test_shifts_spread_over_their_range():
    # Red at 250 gets 6 * 250 of green a turn, or of blue the other way.
    config = AppearanceConfig(hue=0.1)
    image = np.array([[[250, 0, 0]]], np.uint8)
    shifts = []
    for number in range(200):
        turned = color.jitter_colors(image, seed(number), config).numpy()
        red, green, blue = turned[0, 0].astype(int)
        assert red == 250 and not (green and blue)
        shifts.append(green - blue)
    assert -150 <= min(shifts) < -144 and 144 < max(shifts) <= 150
    assert np.mean(shifts) == pytest.approx(0, abs=15)


def test_hue_leaves_the_draws_of_the_factors():
    grey = tf.repeat(noise()[..., :1], 3, axis=-1)  # has no hue to turn
    factors = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4}
    for number in range(8):
        np.testing.assert_array_equal(
            color.jitter_colors(
                grey, seed(number), AppearanceConfig(**factors, hue=0.5)
            ),
            color.jitter_colors(
                grey, seed(number), AppearanceConfig(**factors)
            ),
        )


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"brightness": -0.1}, "--brightness=-0.1 must be at least 0"),
        ({"contrast": float("nan")}, "--contrast=nan must be at least 0"),
        ({"hue": 0.6}, "--hue=0.6 must be at least 0 and at most 0.5"),
        ({"coarse_dropout": 101}, "=101 must be at least 0 and at most 100"),
        (
            {"coarse_dropout_size": (0.5, 0.2)},
            "=0.5,0.2 must be 2 rising numbers",
        ),
        ({"coarse_dropout_size": (0.5,)}, "like 0.1,0.2"),
    ],
)
def test_values_that_cannot_be_used_are_refused(options, text):
    with pytest.raises(ConfigError, match=text):
        AppearanceConfig(**options)
