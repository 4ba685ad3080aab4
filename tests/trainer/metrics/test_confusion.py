import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from trainer.metrics.confusion import ConfusionMatrix, count_pairs

# truth      prediction      confusion (rows truth)
# 0 0 1      0 1 1           0: 1 1 0
# 1 2 255    1 0 2           1: 0 2 0
#                            2: 1 0 0
TRUTH = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
PREDICTION = np.array([[0, 1, 1], [1, 0, 2]], np.uint8)
COUNTS = np.array([[1, 1, 0], [0, 2, 0], [1, 0, 0]])


def test_host_counts_refuse_shapes_that_differ():
    with pytest.raises(ValueError, match="should be of one shape"):
        count_pairs(TRUTH, PREDICTION[:1], range(3))


def test_host_counts_refuse_a_prediction_that_is_no_class():
    with pytest.raises(ValueError, match=r"ids in 0\.\.1, one is 2"):
        count_pairs(TRUTH, PREDICTION, range(2))


def test_scores_follow_the_arithmetic_by_hand():
    matrix = ConfusionMatrix(3)
    matrix.update(COUNTS)
    matrix.update(COUNTS)
    # 0: tp 1, fp 1, fn 1; 1: tp 2, fp 1, fn 0; 2: tp 0, fp 0, fn 1.
    np.testing.assert_allclose(matrix.iou(), [1 / 3, 2 / 3, 0])
    assert matrix.mean_iou() == pytest.approx(1 / 3)
    assert matrix.pixel_accuracy() == pytest.approx(3 / 5)
    assert matrix.counts.dtype == np.int64
    np.testing.assert_array_equal(matrix.counts, 2 * COUNTS)


def test_an_ignored_class_counts_as_a_wrong_prediction_but_not_as_truth():
    matrix = ConfusionMatrix(3, np.array([True, True, False]))
    # Row 2, the ignored truth, counts nowhere; its column is a miss of 0.
    matrix.update(np.array([[4, 0, 4], [0, 3, 0], [9, 9, 9]]))
    np.testing.assert_allclose(matrix.iou(), [0.5, 1, np.nan])
    assert matrix.mean_iou() == pytest.approx(0.75)
    assert matrix.pixel_accuracy() == pytest.approx(7 / 11)


def test_a_class_absent_from_truth_and_prediction_leaves_the_mean():
    matrix = ConfusionMatrix(34, LABEL_IDS.evaluated)
    counts = np.zeros((34, 34), np.int64)
    counts[7, 7] = 5
    matrix.update(counts)
    assert matrix.mean_iou() == 1


def test_an_empty_matrix_scores_nan():
    matrix = ConfusionMatrix(3)
    assert np.isnan(matrix.mean_iou())
    assert np.isnan(matrix.pixel_accuracy())


def test_sums_do_not_overflow_32_bits():
    matrix = ConfusionMatrix(1)
    for _ in range(3):
        matrix.update(np.array([[2**31 - 1]], np.int32))
    assert matrix.counts[0, 0] == 3 * (2**31 - 1)


def test_counts_of_another_number_of_classes_are_refused():
    with pytest.raises(ValueError, match=r"shape \(3, 3\), are of \(2, 2\)"):
        ConfusionMatrix(3).update(np.zeros((2, 2)))
