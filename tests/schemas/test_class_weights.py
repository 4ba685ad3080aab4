import numpy as np
import pytest

from schemas import class_weights


def test_median_frequency_divides_by_the_frames_that_hold_the_class():
    # Two frames of 100 pixels: class 0 has 60 in the first and 20 in the
    # second, class 1 the other 40 and none, class 2 none and 80.
    # freq = 80/200, 40/100, 80/100 = 0.4, 0.4, 0.8; their median is 0.4.
    weights = class_weights.median_frequency([80, 40, 80], [200, 100, 100])
    np.testing.assert_allclose(weights, [1, 1, 0.5])


def test_an_absent_class_weighs_nothing_and_leaves_the_median_alone():
    weights = class_weights.median_frequency([80, 0, 20], [100, 0, 100])
    # freq = 0.8, -, 0.2; the median of the two is 0.5.
    np.testing.assert_allclose(weights, [0.625, 0, 2.5])


def test_classes_that_are_not_evaluated_weigh_nothing_and_do_not_count():
    evaluated = np.array([True, False, True])
    weights = class_weights.median_frequency(
        [10, 70, 20], [100, 100, 100], evaluated
    )
    # freq = 0.1, -, 0.2; the median of the two is 0.15.
    np.testing.assert_allclose(weights, [1.5, 0, 0.75])


def test_no_pixels_at_all_give_no_weights():
    assert class_weights.median_frequency([0, 0], [0, 0]).tolist() == [0, 0]
    assert class_weights.enet([0, 0]).tolist() == [0, 0]


def test_enet_weighs_by_the_logarithm_of_the_share():
    weights = class_weights.enet([75, 25, 0])
    expected = [1 / np.log(1.77), 1 / np.log(1.27), 0]
    np.testing.assert_allclose(weights, expected)


def test_enet_takes_shares_of_the_evaluated_pixels():
    weights = class_weights.enet([75, 25, 100], np.array([True, True, False]))
    expected = [1 / np.log(1.77), 1 / np.log(1.27), 0]
    np.testing.assert_allclose(weights, expected)


def test_the_arguments_are_left_as_they_are():
    pixels, evaluated = np.array([1, 2]), np.array([True, False])
    class_weights.median_frequency(pixels, pixels, evaluated)
    assert pixels.tolist() == [1, 2] and evaluated.tolist() == [True, False]


@pytest.mark.parametrize("present", ([10], [10, 4], [10, -1]))
def test_counts_that_do_not_fit_are_refused(present):
    with pytest.raises(ValueError, match="pixel"):
        class_weights.median_frequency([5, 5], present)


def test_a_negative_count_is_refused_by_name():
    with pytest.raises(ValueError, match=r"from 0 up, got \[3, -1\]"):
        class_weights.enet([3, -1])


def test_rarity_is_the_inverse_of_the_pixels_of_what_is_evaluated():
    assert class_weights.rarity([4, 0, 2]).tolist() == [0.25, 0, 0.5]
    evaluated = np.array([True, True, False])
    assert class_weights.rarity([4, 0, 2], evaluated).tolist() == [0.25, 0, 0]
