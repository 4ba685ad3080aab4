"""JPEGs that pass through byte for byte: checked whole, decoded by Pillow."""

import dataclasses

import numpy as np

from preprocess.errors import BadPictureError
from preprocess.records import png
from schemas.pictures import JPEG_SUFFIXES, parse_jpeg_header

SIGNATURE = b"\xff\xd8\xff"
_END = b"\xff\xd9"
_RGB_CHANNELS = 3


@dataclasses.dataclass(frozen=True)
class Jpeg:
    """A JPEG of three channels whose header and end are verified.

    Attributes:
        data: The file's bytes.
        size: (height, width).
    """

    data: bytes
    size: tuple[int, int]
    format = "jpeg"

    def verify_pixels(self) -> None:
        """Decodes the pixels and forgets them.

        Raises:
            BadPictureError: They cannot be decoded.
        """
        png.decode_any(self.data, "image", ("JPEG",))

    def decode(self) -> np.ndarray:
        """Decodes the pixels as stored, whatever EXIF says of their turn.

        Returns:
            (H, W, 3) uint8.

        Raises:
            BadPictureError: They cannot be decoded.
        """
        picture = png.decode_any(self.data, "image", ("JPEG",))
        return np.asarray(picture.convert("RGB"))


def is_named_so(path: str) -> bool:
    """Whether a file is named as a JPEG."""
    return path.lower().endswith(JPEG_SUFFIXES)


def check(data: bytes) -> Jpeg | None:
    """Verifies a JPEG's header and its end, without decoding its pixels.

    Returns:
        The JPEG; None if it has other channels than red, green and blue.

    Raises:
        BadPictureError: It is not a complete JPEG, or too large.
    """
    try:
        header = parse_jpeg_header(data)
    except ValueError as error:
        raise BadPictureError(f"image is {error}") from error
    # Within pixels, 0xff is followed by other bytes.
    if data.rfind(_END) < header.pixels_at:
        raise BadPictureError(f"image is truncated at byte {len(data)}")
    if header.channels != _RGB_CHANNELS:
        return None
    return Jpeg(data, (header.height, header.width))
