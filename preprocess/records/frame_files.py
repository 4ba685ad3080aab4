"""A frame's files: read, and encoded; an error knows which file it is of."""

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import jpeg
from preprocess.records.encoding import EncodedFrame, encode_frame
from preprocess.sources import source_files
from preprocess.sources.pairing import Frame
from preprocess.sources.source_files import SourceFile
from schemas.quantities import byte_size
from schemas.sources import zips


def read(file: SourceFile) -> bytes:
    """Returns a file's bytes.

    Raises:
        BadPictureError: It is too large, or a damaged entry of a zip; has the
            file's path.
        OSError: It cannot be read.
    """
    if file.num_bytes > zips.MAX_ENTRY_BYTES:
        raise BadPictureError(
            f"the file takes {byte_size(file.num_bytes)}", file.path
        )
    return source_files.read(file.path)


def encode(
    frame: Frame, image: bytes, label: bytes | None, encoding: Encoding
) -> EncodedFrame:
    """Encodes a frame's files.

    Args:
        frame: The frame.
        image: The picture's bytes.
        label: The label map's bytes; None where the frame has none.
        encoding: How records store them.

    Raises:
        BadPictureError: One does not fit; has the file's path.
    """
    may_be_jpeg = jpeg.is_named_so(frame.image.path)
    try:
        return encode_frame(frame.name, image, label, encoding, may_be_jpeg)
    except BadPictureError as error:
        file = frame.image
        if frame.label and str(error).startswith("label"):
            file = frame.label
        raise BadPictureError(str(error), file.path) from error
