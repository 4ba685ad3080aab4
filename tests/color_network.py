"""A network that tells classes by their official colours, for tests."""

import keras
import numpy as np


def build(space, shape=(None, None, 3), softmax=False) -> keras.Model:
    """Builds a network that looks at single pixels.

    Its most probable id is the one whose colour is nearest; the first where
    several share a colour.
    """
    colors = space.palette[: space.num_classes] / 127.5 - 1
    inputs = keras.Input(shape)
    outputs = keras.layers.Conv2D(
        space.num_classes, 1, activation="softmax" if softmax else None
    )(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights(
        [
            200 * colors.T[None, None].astype(np.float32),
            -100 * (colors**2).sum(1).astype(np.float32),
        ]
    )
    return model
