"""Sizes of pictures as flags and manifests write them: HEIGHTxWIDTH."""

import re

Size = tuple[int, int]
"""(height, width) in pixels."""


def parse(text: str) -> Size:
    """Reads a size of 1..99999 pixels a side.

    Raises:
        ValueError: The text is no size.
    """
    found = re.fullmatch(r"([1-9]\d{0,4})[xX]([1-9]\d{0,4})", text)
    if not found:
        raise ValueError(f"{text!r} is not HEIGHTxWIDTH, like 256x256")
    return int(found[1]), int(found[2])


def to_text(size: Size) -> str:
    """Writes a size as `parse` reads it."""
    return f"{size[0]}x{size[1]}"
