import numpy as np
import tensorflow as tf

from trainer.data import records


def test_pictures_are_averaged_over_areas():  # F2
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, 0] = 200
    label = tf.zeros([4, 4, 1], tf.uint8)
    small, _ = records.resize_both(tf.constant(image), label, (2, 2))
    assert small[..., 0].numpy().tolist() == [[100, 0], [0, 0]]
