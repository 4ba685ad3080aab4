"""Sliding windows over pictures of any size, as a loop in a TensorFlow graph.

What `inference.windows` and `inference.bands` do for a picture whose size is
known, for one whose size the graph learns when it runs; in memory of one row
of windows, too.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from trainer.augmentation.mirror import mirror
from trainer.config.inference import InferenceConfig


class Axis(NamedTuple):
    """The windows along one side of pictures.

    Attributes:
        size: () int32, the pictures' length in pixels.
        canvas: () int32, the length when it is padded.
        window: () int32, the length of a window.
        starts: (n,) int32, the first pixel of each window.
        weights: (n, window) float32; see `windows.blend_weights`.
    """

    size: tf.Tensor
    canvas: tf.Tensor
    window: tf.Tensor
    starts: tf.Tensor
    weights: tf.Tensor

    @property
    def margin(self) -> tf.Tensor:
        """The padding before the picture, () int32."""
        return (self.canvas - self.size) // 2


def lay_windows(
    size: tf.Tensor, config: InferenceConfig, factor: int
) -> list[Axis]:
    """Lays windows over the height and the width, as `choose_grid` does.

    Args:
        size: (2,) int32.
        config: How the network is applied.
        factor: What the network's pictures have to divide by.
    """
    padded = size + -size % factor
    crop = tf.constant(config.crop)
    if config.inference == "whole":
        is_whole = tf.constant(True)
    elif config.inference == "sliding":
        is_whole = tf.constant(False)
    else:
        is_whole = tf.reduce_prod(tf.cast(size, tf.int64)) <= 2 * int(
            np.prod(config.crop)
        )
    window = tf.where(is_whole, padded, crop)
    canvas = tf.maximum(padded, window)
    stride = tf.where(is_whole, tf.constant(1.0, tf.float64), config.stride)
    return [
        _axis(size[i], canvas[i], window[i], stride, factor) for i in range(2)
    ]


def pad(images: tf.Tensor, axes: list[Axis]) -> tf.Tensor:
    """Mirrors (B, height, width, 3) up to the canvas."""
    for number, axis in enumerate(axes, 1):
        images = mirror(images, number, axis.margin, axis.canvas)
    return images


def blend_windows(
    canvas: tf.Tensor,
    axes: list[Axis],
    network: Callable[[tf.Tensor], tf.Tensor],
    num_classes: int,
    finish: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """Shows a network every window and blends what it says.

    Args:
        canvas: (B, canvas height, canvas width, 3) uint8.
        axes: The windows.
        network: (B, h, w, 3) uint8 → (B, h, w, num_classes) float32.
        num_classes: The number of outputs.
        finish: (B, rows, width, num_classes) float32 → what is kept of them,
            with the same first three axes.

    Returns:
        What was kept, (B, height, width, ...).
    """
    rows, columns = axes
    num_rows, num_columns = len_of(rows.starts), len_of(columns.starts)
    own = slice(columns.margin, columns.margin + columns.size)

    def add_window(
        row: tf.Tensor, column: tf.Tensor, band: tf.Tensor
    ) -> tf.Tensor:
        top, left = rows.starts[row], columns.starts[column]
        right = left + columns.window
        values = network(canvas[:, top : top + rows.window, left:right])
        values *= (
            rows.weights[row][:, None, None] * columns.weights[column][:, None]
        )
        middle = band[:, :, left:right] + values
        return tf.concat([band[:, :, :left], middle, band[:, :, right:]], 2)

    def add_row(
        row: tf.Tensor, band: tf.Tensor, kept: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        _, band = tf.while_loop(
            lambda column, _: column < num_columns,
            lambda column, band: (column + 1, add_window(row, column, band)),
            (0, band),
            parallel_iterations=1,
        )
        top = rows.starts[row]
        is_last = row == num_rows - 1
        following = rows.starts[tf.minimum(row + 1, num_rows - 1)]
        done = tf.where(is_last, rows.window, following - top)
        first = tf.maximum(0, rows.margin - top)
        last = tf.clip_by_value(rows.margin + rows.size - top, first, done)
        part = finish(band[:, first:last, own])
        order = [1, 0, *range(2, len(part.shape))]
        kept = kept.write(row, tf.transpose(part, order))
        band = tf.pad(band[:, done:], [[0, 0], [0, done], [0, 0], [0, 0]])
        return row + 1, band, kept

    shape = [tf.shape(canvas)[0], rows.window, columns.canvas, num_classes]
    example = finish(tf.zeros([1, 1, 1, num_classes]))
    _, _, kept = tf.while_loop(
        lambda row, *_: row < num_rows,
        add_row,
        (
            0,
            tf.zeros(shape),
            tf.TensorArray(
                example.dtype,
                num_rows,
                infer_shape=False,
                element_shape=[None, None, None, *example.shape[3:]],
            ),
        ),
        shape_invariants=(
            tf.TensorShape([]),
            tf.TensorShape([None, None, None, num_classes]),
            None,
        ),
        parallel_iterations=1,
    )
    parts = kept.concat()
    return tf.transpose(parts, [1, 0, *range(2, len(parts.shape))])


def len_of(values: tf.Tensor) -> tf.Tensor:
    """Returns the length of the first axis, () int32."""
    return tf.shape(values)[0]


def _axis(
    size: tf.Tensor,
    canvas: tf.Tensor,
    window: tf.Tensor,
    stride: tf.Tensor,
    factor: int,
) -> Axis:
    room = (canvas - window) // factor
    step = tf.cast(tf.cast(window, tf.float64) * stride, tf.int32) // factor
    step = tf.maximum(1, step)
    count = -(-room // step) + 1
    places = tf.cast(tf.range(count), tf.float64) * tf.cast(room, tf.float64)
    places /= tf.cast(tf.maximum(1, count - 1), tf.float64)
    starts = factor * tf.cast(tf.round(places), tf.int32)
    centers = tf.cast(tf.range(window), tf.float64) + 0.5
    bell = tf.sin(np.pi * centers / tf.cast(window, tf.float64)) ** 2
    pixels = starts[:, None] + tf.range(window)
    total = tf.math.unsorted_segment_sum(
        tf.repeat(bell[None], count, 0), pixels, canvas
    )
    weights = tf.cast(bell / tf.gather(total, pixels), tf.float32)
    return Axis(size, canvas, window, starts, weights)
