"""The training: sharded TFRecords to a U-Net, by tf.data and Keras."""
