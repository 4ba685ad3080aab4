"""Sizes of pictures as the trainer's flags give them."""

from schemas import sizes
from schemas.sizes import Size

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
