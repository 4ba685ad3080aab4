import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import png
from preprocess.records.encoding import encode_frame
from schemas import labels
from tests import trees

IMAGE = trees.picture(1)
IDS = trees.label_map(1)
IMAGE_PNG = trees.png(IMAGE)
LABEL_PNG = trees.png(IDS)
NAME = "aachen_000000_000019"


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_native_pictures_pass_through_byte_for_byte():
    frame = encode_frame(NAME, IMAGE_PNG, LABEL_PNG, Encoding())
    assert frame.record.image == IMAGE_PNG
    assert frame.record.label == LABEL_PNG
    assert (frame.record.height, frame.record.width) == (16, 32)
    assert frame.record.name == NAME


def test_the_pixels_of_each_class_are_counted():
    frame = encode_frame(NAME, IMAGE_PNG, LABEL_PNG, Encoding())
    assert (
        frame.class_pixels.tolist()
        == np.bincount(IDS.ravel(), minlength=34).tolist()
    )


def test_images_are_resized_by_area_and_labels_by_nearest():
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, :2] = [[0], [100]]  # rows of 0 and of 100 make 50
    ids = np.array([[7, 7, 8, 8]] * 2 + [[11, 11, 26, 26]] * 2, np.uint8)
    frame = encode_frame(
        NAME, trees.png(image), trees.png(ids), Encoding(image_size=(2, 2))
    )
    assert pixels(frame.record.image)[..., 0].tolist() == [[50, 0], [0, 0]]
    assert pixels(frame.record.label).tolist() == [[7, 8], [11, 26]]
    assert (frame.record.height, frame.record.width) == (2, 2)
    assert frame.class_pixels.sum() == 4


def test_resized_pictures_are_stored_unfiltered_and_read_back_equal():
    for array in (IMAGE, IDS):
        data = png.encode(array, level=0)
        assert (pixels(data) == array).all()
        assert len(data) > array.size
    rows = zlib.decompress(data[data.index(b"IDAT") + 4 : -16])
    assert set(rows[:: IDS.shape[1] + 1]) == {0}


def test_train_ids_come_from_the_table():
    frame = encode_frame(
        NAME, IMAGE_PNG, LABEL_PNG, Encoding(label_space="train_ids")
    )
    stored = pixels(frame.record.label)
    assert (stored == labels.LABEL_TO_TRAIN[IDS]).all()
    assert frame.class_pixels.tolist() == [
        int((stored == i).sum()) for i in range(19)
    ]


def test_jpeg_is_near_and_labels_stay_png():
    smooth = np.tile(np.arange(32, dtype=np.uint8)[:, None, None], (1, 32, 3))
    ids = np.zeros((32, 32), np.uint8)
    frame = encode_frame(
        NAME, trees.png(smooth), trees.png(ids), Encoding(image_format="jpeg")
    )
    assert frame.record.image_format == "jpeg"
    difference = pixels(frame.record.image).astype(int) - smooth
    assert abs(difference).max() <= 3
    assert frame.record.label == trees.png(ids)


def test_a_frame_without_labels_has_an_empty_label():
    frame = encode_frame(NAME, IMAGE_PNG, None, Encoding())
    assert frame.record.label == b""
    assert frame.class_pixels is None


def as_mode(mode: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(IMAGE).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


def header_with(height: int, width: int) -> bytes:
    """The picture with another size in its header, its CRC made to fit."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return IMAGE_PNG[:8] + trees.png_chunk(b"IHDR", head) + IMAGE_PNG[33:]


def flip_bit(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 16]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (b"", "image is not a PNG"),
        (b"GIF89a", "image is not a PNG"),
        (IMAGE_PNG[:8], "image is truncated at byte 8"),
        (IMAGE_PNG[:-5], "image is truncated at byte"),
        (flip_bit(IMAGE_PNG, 60), "chunk b'IDAT' at byte 33 fails its CRC"),
        (as_mode("L"), "image is 8-bit grey, should be 8-bit RGB"),
        (as_mode("P"), "image is 8-bit palette, should be 8-bit RGB"),
        (as_mode("RGBA"), "image is 8-bit RGBA, should be 8-bit RGB"),
        (as_mode("LA"), r"image is 8-bit grey\+alpha, should be 8-bit RGB"),
        (as_mode("I;16"), "image is 16-bit grey, should be 8-bit RGB"),
        (
            header_with(1 << 20, 1 << 20),
            "of 1048576x1048576 pixels by its header",
        ),
        (header_with(0, 32), "of 0x32 pixels by its header"),
    ],
)
def test_a_bad_image_is_refused(image, message):
    with pytest.raises(BadPictureError, match=message):
        encode_frame(NAME, image, LABEL_PNG, Encoding())


def cut_pixels(data: bytes) -> bytes:
    """A PNG with good CRCs whose pixel data break off."""
    pixels = trees.png_chunk(b"IDAT", zlib.compress(b"\0" * 40))
    return data[:33] + pixels + data[-12:]


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (IMAGE_PNG, "label is 8-bit RGB, should be 8-bit grey"),
        (trees.png(IDS.astype(np.uint16) * 256), "label is 16-bit grey"),
        (trees.png(IDS[:8]), "label is 8x32, its image 16x32"),
        (trees.png(np.full((16, 32), 34, np.uint8)), "holds id 34 in 512 pix"),
        (trees.png(np.full((16, 32), 255, np.uint8)), "holds id 255"),
        (cut_pixels(LABEL_PNG), "label cannot be decoded"),
    ],
)
def test_a_bad_label_is_refused(label, message):
    with pytest.raises(BadPictureError, match=message):
        encode_frame(NAME, IMAGE_PNG, label, Encoding())


def test_an_image_that_passes_its_crcs_but_does_not_inflate_is_refused():
    with pytest.raises(BadPictureError, match="image cannot be decoded"):
        encode_frame(
            NAME, cut_pixels(IMAGE_PNG), LABEL_PNG, Encoding(image_size=(8, 8))
        )
