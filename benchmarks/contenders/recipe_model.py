"""The network, loss and metrics of the 2021 recipe.

`benchmarks.recipe` lists the recipe's faults; F8 and F9 are here.
"""

from typing import Any

import keras

NUM_CLASSES = 34
_NUM_LEVELS = 4
_LEARNING_RATE = 1e-3


def build_model(
    base_filters: int = 64, num_classes: int = NUM_CLASSES, size_px: int = 256
) -> keras.Model:
    """Builds the U-Net with its softmax.

    Args:
        base_filters: Filters of the first level; each level doubles them.
        num_classes: Channels of the output.
        size_px: Height and width of the input, a multiple of 16.

    Returns:
        (B, size, size, 3) float32 → (B, size, size, num_classes) float32
        probabilities.
    """
    layers = keras.layers
    x = inputs = layers.Input((size_px, size_px, 3))
    skips = []
    for level in range(_NUM_LEVELS):
        x = _double_conv(x, base_filters << level)
        skips.append(x)
        x = layers.MaxPooling2D(padding="same")(x)
    x = _double_conv(x, base_filters << _NUM_LEVELS)
    for level in reversed(range(_NUM_LEVELS)):
        filters = base_filters << level
        x = layers.Conv2DTranspose(
            filters, 2, strides=2, padding="same", activation="relu"
        )(x)
        x = layers.BatchNormalization()(x)
        x = layers.Concatenate()([skips[level], x])
        x = _double_conv(x, filters)
    outputs = layers.Conv2D(
        num_classes, 1, padding="same", activation="softmax"
    )(x)
    return keras.Model(inputs, outputs)


def compile_model(model: keras.Model) -> None:
    """Sets the recipe's optimizer, loss and metrics.

    All 34 ids are trained on and scored, void ones too (F9).
    """
    model.compile(
        optimizer=keras.optimizers.Adam(_LEARNING_RATE),
        loss="sparse_categorical_crossentropy",
        metrics=["acc", ArgmaxMeanIoU(num_classes=model.output_shape[-1])],
    )


class ArgmaxMeanIoU(keras.metrics.MeanIoU):
    """The mean IoU of the likeliest classes.

    The recipe took the argmax in `__call__`, which Keras 3 never calls from
    fit() (F8).  It is taken where Keras looks, or nothing would train.
    """

    def update_state(
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> None:
        """Counts a batch of (B, H, W, 1) ids and (B, H, W, C) scores."""
        y_pred = keras.ops.argmax(y_pred, axis=-1)
        return super().update_state(y_true, y_pred, sample_weight)


def _double_conv(x: keras.KerasTensor, filters: int) -> keras.KerasTensor:
    """Convolution, ReLU and batch normalization, twice."""
    for _ in range(2):
        x = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(
            x
        )
        x = keras.layers.BatchNormalization()(x)
    return x
