"""Sizes of pictures as the trainer's flags give them, and their checks."""

import math

from schemas import sizes
from schemas.sizes import Size
from trainer.config.options import ConfigError

NONE = "none"
"""What a flag says for keeping a picture's own size."""

SIZE_FACTOR = 16
"""The network halves its pictures four times."""


def format_size(size: Size | None) -> str:
    """Writes a size as flags do: `HEIGHTxWIDTH`, or `none`."""
    return NONE if size is None else sizes.to_text(size)


def parse_size(text: str) -> Size | None:
    """Reads `HEIGHTxWIDTH` or `none`.

    Raises:
        ValueError: It is neither.
    """
    return None if text == NONE else sizes.parse(text)


def check_size(flag: str, size: Size | None) -> None:
    """Raises ConfigError where a flag says `none` and needs a size."""
    if size is None:
        raise ConfigError(
            f"--{flag}={NONE} is no size; give HEIGHTxWIDTH, like 256x256"
        )


def check_crop(crop: Size | None) -> None:
    """Raises ConfigError where the network cannot take a crop's size."""
    check_size("crop", crop)
    if any(side % SIZE_FACTOR for side in crop):
        raise ConfigError(
            f"--crop={format_size(crop)}: both sides must divide by "
            f"{SIZE_FACTOR}, because the network halves them four times"
        )


def padded(size: Size) -> Size:
    """Rounds (height, width) up to what the network takes."""
    height, width = (
        math.ceil(length / SIZE_FACTOR) * SIZE_FACTOR for length in size
    )
    return height, width
