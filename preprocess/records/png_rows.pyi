from typing import Any

def unfilter(
    filtered: bytes,
    height: int,
    row_bytes: int,
    pixel_bytes: int,
    pixels: Any,  # A writable buffer.
) -> None: ...
def histogram(pixels: Any) -> list[int]: ...
