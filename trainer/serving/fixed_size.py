"""Puts everything between a picture and its labelIds into the network.

The result knows nothing of this project: Keras's own layers hold the resize
as matrices, the normalization, the network, the windows and the way back.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from PIL import Image

from schemas.sizes import Size
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import check_window, view_sizes
from trainer.inference.windows import Grid, choose_grid
from trainer.models.saved import (
    Network,
    output_label_ids,
    pixels_to_probabilities,
)
from trainer.models.strides import size_factor
from trainer.serving.static_windows import blend_windows


def build_fixed_size(
    network: Network,
    config: InferenceConfig,
    input_size: Size,
    seen: np.ndarray | None = None,
) -> keras.Model:
    """Builds a model of pictures of one size that does what `Predictor` does.

    Args:
        network: The network.
        config: How it is applied.
        input_size: (height, width) of the pictures.
        seen: (C,) bool, the ids that may be predicted; None for all.

    Returns:
        A model of (B, H, W, 3) uint8 → (B, H, W) int32 labelIds.

    Raises:
        ValueError: The network cannot take windows of the size of --crop.
    """
    probabilities = pixels_to_probabilities(network.model, seen=seen)
    factor = size_factor(probabilities)
    check_window(config.crop, factor)
    choose = _choosing(output_label_ids(network.space, seen))
    image = keras.Input((*input_size, 3), dtype="uint8", name="image")
    pixels = layers.Rescaling(1.0)(image)

    def ask(windows: Any) -> Any:
        values = probabilities(windows)
        if config.flip_average:
            mirrored = probabilities(ops.flip(windows, 2))
            values = values + ops.flip(mirrored, 2)
        return values

    sizes = view_sizes(input_size, config)
    is_final = sizes == [input_size]
    views = []
    for size in sizes:
        grid = choose_grid(size, config, factor)
        canvas = _resize_and_pad(pixels, input_size, grid)
        finish = choose if is_final else _same
        views.append(blend_windows(canvas, grid, ask, finish))
    result = views[0]
    if not is_final:
        for view in views[1:]:
            result = result + _enlarge(view, sizes[0])
        result = choose(_enlarge(result, input_size))
    return keras.Model(image, result, name="unet")


def round_half_up(values: Any) -> Any:
    """Rounds as Pillow does after each axis."""
    return ops.floor(values + 0.5)


def resize_matrix(
    length: int, target: int, margins: tuple[int, int], by_area: bool
) -> np.ndarray:
    """Computes what resizing and mirroring do along one axis.

    Args:
        length: The axis's length in pixels.
        target: Its length when it has been resized.
        margins: The pixels that are mirrored before and behind it then.
        by_area: Whether pixels are averaged by area, else bilinearly.

    Returns:
        (sum of margins + target, length) float32, rows adding up to 1.
    """
    method = Image.Resampling.BOX if by_area else Image.Resampling.BILINEAR
    identity = Image.fromarray(np.eye(length, dtype=np.float32))
    matrix = np.asarray(identity.resize((length, target), method))
    return np.pad(matrix, (margins, (0, 0)), "symmetric")


def _resize_and_pad(pixels: Any, size: Size, grid: Grid) -> Any:
    """Brings (B, *size, 3) float32 to a grid's canvas; values stay whole."""
    by_area = all(map(int.__ge__, size, grid.size))
    rows, columns = (
        resize_matrix(
            length, target, (before, whole - target - before), by_area
        )
        for length, target, before, whole in zip(
            size, grid.size, grid.margin, grid.canvas, strict=True
        )
    )
    is_same = [
        length == target == whole
        for length, target, whole in zip(
            size, grid.size, grid.canvas, strict=True
        )
    ]
    # Dense works on the last axis: first the width, then the height.
    x = pixels
    if not is_same[1]:
        x = layers.Permute((1, 3, 2))(x)
        x = round_half_up(_constant_dense(x, columns.T))
        x = layers.Permute((1, 3, 2))(x)
    if not is_same[0]:
        x = layers.Permute((2, 3, 1))(x)
        x = round_half_up(_constant_dense(x, rows.T))
        x = layers.Permute((3, 1, 2))(x)
    return x


def _enlarge(values: Any, size: Size) -> Any:
    """Resizes (B, h, w, C) float32 bilinearly between pixel centres."""
    if tuple(values.shape[1:3]) == size:
        return values
    return layers.Resizing(*size, interpolation="bilinear")(values)


def _choosing(output_ids: np.ndarray) -> Callable[[Any], Any]:
    """Returns (B, h, w, C) probabilities → (B, h, w) int32 labelIds.

    Args:
        output_ids: (C,) uint8, the labelId of each output.
    """

    def choose(values: Any) -> Any:
        # What Keras's argmax becomes in TensorFlow has no counterpart in ONNX.
        _, chosen = ops.top_k(values, 1)
        places = chosen[..., 0]
        if np.array_equal(output_ids, np.arange(output_ids.size)):
            return places
        return ops.take(output_ids.astype(np.int32), places)

    return choose


def _same(values: Any) -> Any:
    return values


def _constant_dense(x: Any, kernel: np.ndarray) -> Any:
    """Multiplies the last axis by a matrix that never learns."""
    dense = layers.Dense(
        kernel.shape[1],
        use_bias=False,
        kernel_initializer="zeros",
        trainable=False,
    )
    x = dense(x)
    dense.set_weights([kernel])
    return x
