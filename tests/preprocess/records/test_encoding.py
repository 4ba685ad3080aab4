import io
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import png
from preprocess.records.encoding import encode_frame
from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from tests import odd_pngs, trees

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
    assert (stored == TRAIN_IDS.stored[IDS]).all()
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


def test_a_picture_that_is_too_long_for_a_jpeg_is_refused():
    how = Encoding(image_format="jpeg")
    longest = trees.png(np.zeros((1, 65500, 3), np.uint8))
    assert encode_frame(NAME, longest, None, how).record.width == 65500
    for shape in ((1, 65501), (65501, 1)):
        data = trees.png(np.zeros((*shape, 3), np.uint8))
        with pytest.raises(
            BadPictureError,
            match="image is {}x{}, a JPEG has at most 65500 pixels a side; "
            "--image_format=png has".format(*shape),
        ):
            encode_frame(NAME, data, None, how)
        assert encode_frame(NAME, data, None, Encoding()).record.image == data


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
        (IMAGE_PNG, "label is painted, and the color .* is that of 'unlab"),
        (
            trees.png(IDS.astype(np.uint16) * 256),
            "label holds the id 8448",
        ),
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


def test_a_label_map_drawn_upright_is_told_from_one_of_the_stored_pixels():
    turned = trees.png(np.ascontiguousarray(IDS.T))
    with pytest.raises(BadPictureError, match="before any EXIF rotation"):
        encode_frame(NAME, IMAGE_PNG, turned, Encoding())


@pytest.mark.parametrize("name", odd_pngs.harmless(IMAGE))
def test_a_harmless_flavour_decodes_alike_in_every_reader(name):
    image, label = (odd_pngs.harmless(p)[name] for p in (IMAGE, IDS))
    record = encode_frame(NAME, image, label, Encoding()).record
    assert (record.image, record.label) == (image, label)
    assert (pixels(record.image) == IMAGE).all()
    assert (pixels(record.label) == IDS).all()
    assert (tf.io.decode_png(record.image, 3).numpy() == IMAGE).all()
    assert (tf.io.decode_png(record.label, 1).numpy()[..., 0] == IDS).all()


ODD = odd_pngs.invalid(IMAGE) | odd_pngs.broken(IMAGE)
ODD_LABELS = odd_pngs.invalid(IDS) | odd_pngs.broken(IDS)


@pytest.mark.parametrize("name", ODD)
def test_what_tensorflow_refuses_no_native_conversion_takes(name):
    for image, label in (
        (ODD[name], LABEL_PNG),
        (IMAGE_PNG, ODD_LABELS[name]),
    ):
        with pytest.raises(BadPictureError):
            encode_frame(NAME, image, label, Encoding())


@pytest.mark.parametrize("window_bits", [8, 10, 16])
def test_a_stream_that_reaches_beyond_its_window_is_refused(window_bits):
    rows = np.random.default_rng(0).integers(0, 256, (10, 40, 3), np.uint8)
    image = np.tile(rows, (9, 1, 1))
    head, (_, packed), end = odd_pngs.plain(image)
    cmf = (window_bits - 8) << 4 | zlib.DEFLATED
    flags = -(cmf << 8) % 31
    data = odd_pngs.file_of(
        [head, (b"IDAT", bytes((cmf, flags)) + packed[2:]), end]
    )
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.io.decode_png(data, 3)
    with pytest.raises(BadPictureError, match="image cannot be decoded: "):
        encode_frame(NAME, data, None, Encoding())


def test_pixel_streams_pass_unverified_where_that_is_asked_for():
    how = Encoding(check_pixels=False)
    for image in odd_pngs.broken(IMAGE).values():
        record = encode_frame(NAME, image, LABEL_PNG, how).record
        assert record.image == image
    for image in odd_pngs.invalid(IMAGE).values():
        with pytest.raises(BadPictureError):
            encode_frame(NAME, image, LABEL_PNG, how)


@pytest.mark.parametrize("size", ["native", (8, 16)])
def test_a_palettes_indices_are_stored_as_grey_ids(size):
    indexed = Image.fromarray(IDS, "P")
    indexed.putpalette(LABEL_IDS.palette.tobytes())
    stream = io.BytesIO()
    indexed.save(stream, "PNG")
    found, expected = (
        encode_frame(NAME, IMAGE_PNG, label, Encoding(image_size=size))
        for label in (stream.getvalue(), LABEL_PNG)
    )
    assert (pixels(found.record.label) == pixels(expected.record.label)).all()
    assert tf.io.decode_png(found.record.label).shape[-1] == 1
    assert found.class_pixels.tolist() == expected.class_pixels.tolist()


def opaque(mode: str) -> tuple[bytes, np.ndarray]:
    picture = Image.fromarray(IMAGE).convert(mode)
    stream = io.BytesIO()
    picture.save(stream, "JPEG" if mode == "YCbCr" else "PNG")
    with Image.open(stream, formats=("PNG", "JPEG")) as stored:
        return stream.getvalue(), np.asarray(stored.convert("RGB"))


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "P", "YCbCr"])
def test_other_opaque_pictures_are_stored_as_rgb_on_request(mode):
    data, expected = opaque(mode)
    with pytest.raises(BadPictureError, match="--convert_pictures stores it"):
        encode_frame(NAME, data, LABEL_PNG, Encoding())
    how = Encoding(convert_pictures=True)
    record = encode_frame(NAME, data, LABEL_PNG, how).record
    assert (tf.io.decode_png(record.image).numpy() == expected).all()
    resized = Encoding((8, 16), convert_pictures=True)
    record = encode_frame(NAME, data, LABEL_PNG, resized).record
    assert pixels(record.image).shape == (8, 16, 3)


def test_pictures_as_they_should_be_are_not_converted():
    how = Encoding(convert_pictures=True)
    assert encode_frame(NAME, IMAGE_PNG, None, how).record.image == IMAGE_PNG


def test_transparent_pixels_are_refused_on_request_too():
    alpha = np.full((16, 32, 1), 255, np.uint8)
    alpha[3, 4] = 254
    data = trees.png(np.concatenate([IMAGE, alpha], -1))
    with pytest.raises(BadPictureError, match="image has transparent pixels"):
        encode_frame(NAME, data, None, Encoding(convert_pictures=True))


def test_what_cannot_become_rgb_names_no_flag():
    for data in (as_mode("I;16"), b"GIF89a"):
        for convert in (False, True):
            how = Encoding(convert_pictures=convert)
            with pytest.raises(BadPictureError) as caught:
                encode_frame(NAME, data, None, how)
            assert "--convert_pictures" not in str(caught.value)
