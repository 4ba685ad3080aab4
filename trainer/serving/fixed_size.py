"""Puts everything between a picture and its labelIds into the network.

The result knows nothing of this project: Keras's own layers hold the resize
as matrices, the normalization, the network and the way back.
"""

import keras
import numpy as np
from keras import layers, ops
from PIL import Image

from schemas.labels import LABEL_IDS
from schemas.sizes import Size
from trainer.config.sizes import padded
from trainer.models.saved import label_space_of, pixels_to_probabilities


def build_deployed(
    network: keras.Model, resize: Size | None, input_size: Size
) -> keras.Model:
    """Builds a model of whole pictures of one size.

    Args:
        network: Gives logits or probabilities of either label space.
        resize: The size that training pictures took; None for their own.
        input_size: (height, width) of the pictures.

    Returns:
        A model of (B, H, W, 3) uint8 → (B, H, W) int32 labelIds.
    """
    inner = resize or input_size
    image = keras.Input((*input_size, 3), dtype="uint8", name="image")
    x = layers.Rescaling(1.0)(image)
    # Dense works on the last axis: first the width, then the height.
    x = layers.Permute((1, 3, 2))(x)
    columns = shrink_matrix(input_size[1], inner[1])
    x = round_half_up(_constant_dense(x, columns.T, "resize_width"))
    x = layers.Permute((3, 2, 1))(x)
    rows = shrink_matrix(input_size[0], inner[0])
    x = round_half_up(_constant_dense(x, rows.T, "resize_height"))
    x = pixels_to_probabilities(network)(layers.Permute((3, 1, 2))(x))
    top, left = _margins(inner)
    canvas = padded(inner)
    bottom, right = (
        canvas[0] - inner[0] - top,
        canvas[1] - inner[1] - left,
    )
    x = layers.Cropping2D(((top, bottom), (left, right)))(x)
    x = _constant_dense(x, channels_to_label_ids(network), "to_label_ids")
    if inner != input_size:
        x = layers.Resizing(*input_size, interpolation="bilinear")(x)
    # What Keras's argmax becomes in TensorFlow has no counterpart in ONNX.
    _, label_ids = ops.top_k(x, 1)
    return keras.Model(image, label_ids[..., 0], name="unet")


def round_half_up(values):
    """Rounds as Pillow does after each axis."""
    return ops.floor(values + 0.5)


def shrink_matrix(length: int, target: int) -> np.ndarray:
    """Computes what resizing by area and mirroring do along one axis.

    Args:
        length: The axis's length in pixels.
        target: Its length when it has been resized; it is then mirrored to
            what the network takes.

    Returns:
        (padded target, length) float32, each row adding up to 1.
    """
    box = (
        Image.Resampling.BOX if target <= length else Image.Resampling.BILINEAR
    )
    identity = Image.fromarray(np.eye(length, dtype=np.float32))
    matrix = np.asarray(identity.resize((length, target), box))
    canvas = padded((target, target))[0]
    before = (canvas - target) // 2
    pads = ((before, canvas - target - before), (0, 0))
    return np.pad(matrix, pads, "symmetric")


def channels_to_label_ids(network: keras.Model) -> np.ndarray:
    """Returns (C, 34) float32 that moves each output to its labelId."""
    space = label_space_of(network)
    label_ids = space.to_label_ids[: space.num_classes]
    return np.eye(LABEL_IDS.num_classes, dtype=np.float32)[label_ids]


def _constant_dense(x, kernel: np.ndarray, name: str):
    """Multiplies the last axis by a matrix that never learns."""
    dense = layers.Dense(
        kernel.shape[1],
        use_bias=False,
        kernel_initializer="zeros",
        trainable=False,
        name=name,
    )
    x = dense(x)
    dense.set_weights([kernel])
    return x


def _margins(size: Size) -> tuple[int, int]:
    """Returns the padding above and left of a picture, in pixels."""
    canvas = padded(size)
    return (canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2
