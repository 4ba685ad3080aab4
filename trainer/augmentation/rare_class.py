"""Places crops on pixels of rare classes.

Every draw is a pure function of a seed pair, apart from the draws that decide
scale, crop and flip: these are the same with and without it.
"""

import tensorflow as tf

from trainer.config.data import RareClasses

_RARE = 4  # `color` and `dropout` derive their seeds with other numbers

Corners = tuple[tf.Tensor, tf.Tensor]
"""The lowest corner of a window, and how many there are: each (2,) int32."""


def find_corners(
    label: tf.Tensor, window: tf.Tensor, seed: tf.Tensor, rare: RareClasses
) -> Corners:
    """Finds where the window of a crop may begin.

    Args:
        label: (H, W) uint8.
        window: (2,) int32, its (height, width), at most (H, W).
        seed: (2,) int64; decides everything.
        rare: How many crops are placed on a class, and on which.

    Returns:
        The corners of all windows that hold the pixel that is drawn, or of
        all in the picture: where the draw says so, or no class occurs.
    """
    seed = tf.random.experimental.stateless_fold_in(seed, _RARE)
    draws = tf.random.stateless_uniform(
        [2 + len(rare.rarity)], seed, dtype=tf.float64
    )
    room = tf.shape(label) - window + 1

    def around_pixel() -> Corners:
        pixel, is_found = draw_pixel(label, draws[1:], rare.rarity)
        low = tf.maximum(pixel - window + 1, 0)
        high = tf.minimum(pixel, room - 1)
        return (
            tf.where(is_found, low, 0),
            tf.where(is_found, high - low + 1, room),
        )

    return tf.cond(
        draws[0] < rare.share, around_pixel, lambda: (tf.zeros_like(room), room)
    )


def draw_pixel(
    label: tf.Tensor, draws: tf.Tensor, rarity: tuple[float, ...]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws a class among those of a picture, then one of its pixels.

    The picture is counted once, row by row.

    Args:
        label: (H, W) uint8.
        draws: (1 + num_classes,) float64 in [0, 1): of the pixel and of each
            class.
        rarity: What the odds of the classes are in proportion to; 0: never.

    Returns:
        (2,) int32 row and column, and () bool whether there is one.
    """
    # Ids beyond the classes are not counted.
    counts = tf.raw_ops.DenseBincount(
        input=tf.cast(label, tf.int32),
        size=len(rarity),
        weights=tf.zeros([0], tf.int32),
    )  # (H, num_classes)
    rates = tf.constant(rarity, tf.float64)
    is_possible = tf.reduce_any(counts > 0, 0) & (rates > 0)
    # Of exponential waiting times, the shortest is in proportion to the rates.
    waits = -tf.math.log1p(-draws[1:]) / tf.where(rates > 0, rates, 1)
    drawn = tf.argmin(
        tf.where(is_possible, waits, float("inf")), output_type=tf.int32
    )
    ends = tf.cumsum(counts[:, drawn])
    number = tf.cast(draws[0] * tf.cast(ends[-1], tf.float64), tf.int32)
    row = _first_above(ends, number)
    number -= ends[row] - counts[row, drawn]
    is_class = tf.cast(label[row], tf.int32) == drawn
    column = _first_above(tf.cumsum(tf.cast(is_class, tf.int32)), number)
    return tf.stack([row, column]), tf.reduce_any(is_possible)


def _first_above(rising: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
    """Returns where numbers first exceed one, or the last place."""
    place = tf.searchsorted(rising, number[None], side="right")[0]
    return tf.minimum(place, tf.size(rising) - 1)
