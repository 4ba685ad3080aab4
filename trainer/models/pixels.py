"""The range of pixels that every network here takes."""

from typing import Any

from keras import ops


def normalize(images: Any) -> Any:
    """Brings pictures to the range that networks expect.

    Args:
        images: (B, H, W, 3) uint8 in [0, 255].

    Returns:
        (B, H, W, 3) float32 in [-1, 1].
    """
    return ops.cast(images, "float32") / 127.5 - 1.0
