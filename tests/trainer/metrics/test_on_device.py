import keras
import numpy as np

from trainer.metrics.confusion import count_pairs
from trainer.metrics.on_device import confusion_counts, logit_counts

# truth      prediction      confusion (rows truth)
# 0 0 1      0 1 1           0: 1 1 0
# 1 2 255    1 0 2           1: 0 2 0
#                            2: 1 0 0
TRUTH = np.array([[0, 0, 1], [1, 2, 255]], np.uint8)
PREDICTION = np.array([[0, 1, 1], [1, 0, 2]], np.uint8)
COUNTS = np.array([[1, 1, 0], [0, 2, 0], [1, 0, 0]])


def test_counts_leave_out_labels_that_are_no_class():
    counts = confusion_counts(TRUTH, PREDICTION, 3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(counts), COUNTS)


def test_counts_leave_out_negative_labels():
    counts = confusion_counts(np.array([-1, 1]), np.array([1, 1]), 2)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(counts), [[0, 0], [0, 1]]
    )


def test_counts_equal_those_of_the_host():
    random = np.random.default_rng(0)
    truth = random.integers(0, 36, (2, 50, 60)).astype(np.uint8)
    prediction = random.integers(0, 34, (2, 50, 60)).astype(np.uint8)
    np.testing.assert_array_equal(
        count_pairs(truth, prediction, range(34)),
        keras.ops.convert_to_numpy(confusion_counts(truth, prediction, 34)),
    )


def test_the_likeliest_class_is_the_prediction():
    logits = np.eye(3, dtype=np.float32)[PREDICTION][None]
    counts = logit_counts(TRUTH[None], logits)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(counts), COUNTS)


def test_the_likeliest_class_is_that_after_the_offsets():
    logits = -np.array([[[[1, 2, 3], [2, 1, 3], [3, 2, 1]]]], np.float32)
    offsets = np.array([-np.inf, 1, 0.5], np.float32)
    counts = logit_counts(np.array([[[0, 1, 2]]], np.uint8), logits, offsets)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(counts), [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    )
