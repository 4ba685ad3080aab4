"""Hostile pictures: the named error, or right pixels."""

import io
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import ExifTags, Image

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from preprocess.errors import BadPictureError  # noqa: E402
from preprocess.options import Encoding  # noqa: E402
from preprocess.records import encoding, png  # noqa: E402
from schemas.pictures import (  # noqa: E402
    LABEL_KINDS,
    MAX_PIXELS,
    PICTURE_KINDS,
)
from tests import odd_pngs, trees  # noqa: E402
from tests.fuzz.harness import damaged, fuzz  # noqa: E402
from trainer.storage import images  # noqa: E402

SIDES = st.one_of(
    st.integers(0, 9), st.sampled_from([8192, 65535, 1 << 30, (1 << 32) - 1])
)
KINDS = st.one_of(
    st.sampled_from([b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"iCCP"]),
    st.sampled_from([b"zTXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"fdAT"]),
    st.binary(min_size=4, max_size=4),
)
PACKED = st.one_of(
    st.binary(max_size=300), st.integers(0, 1 << 22).map(bytes)
).map(zlib.compress)


@st.composite
def pngs(draw) -> bytes:
    """Draws PNGs of well-formed chunks that hold anything."""
    header = b"".join(draw(SIDES).to_bytes(4, "big") for _ in range(2))
    header += bytes(
        [
            draw(st.sampled_from([8, 8, 8, 1, 16, 255])),
            draw(st.sampled_from([0, 0, 2, 2, 3, 6, 9])),
            0,
            0,
            draw(st.sampled_from([0, 0, 1, 7])),
        ]
    )
    chunks = [trees.png_chunk(b"IHDR", header)]
    for _ in range(draw(st.integers(0, 4))):
        content = draw(st.one_of(PACKED, st.binary(max_size=40)))
        chunks.append(trees.png_chunk(draw(KINDS), content))
    chunks.append(trees.png_chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


WHOLE_PNGS = st.sampled_from(
    [
        trees.png(trees.picture(1, (4, 6))),
        trees.png(trees.label_map(1, (4, 6))),
        png.encode(trees.picture(2, (4, 6)), 0),
    ]
)
ANY_PNGS = st.one_of(pngs(), damaged(WHOLE_PNGS), damaged(pngs()))
ENCODINGS = st.sampled_from(
    [Encoding(), Encoding((4, 4), "jpeg"), Encoding(label_space="train_ids")]
)


@fuzz(ANY_PNGS, st.one_of(st.none(), ANY_PNGS), ENCODINGS)
def test_pictures_of_a_source_are_converted_or_bad(image, label, how):
    try:
        frame = encoding.encode_frame("ulm_000001_000019", image, label, how)
    except BadPictureError:
        return
    record = frame.record
    if how.size:
        assert (record.height, record.width) == how.image_size
    if label is not None:
        assert frame.class_pixels.sum() <= record.height * record.width


@st.composite
def nearly_right(draw) -> bytes:
    """Draws PNGs that are right, or wrong in one or two things."""
    seed = draw(st.integers(0, 999))
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    draw_pixels = draw(st.sampled_from([trees.picture, trees.label_map]))
    pixels = draw_pixels(seed, size)
    if draw(st.integers(0, 3)) == 0:
        return odd_pngs.interlaced(pixels)
    head, (_, packed), end = odd_pngs.plain(pixels)
    if draw(st.booleans()):
        rows = bytearray(odd_pngs.rows_of(pixels) + draw(st.binary(max_size=9)))
        rows[0] = draw(st.integers(0, 6))
        packed = zlib.compress(rows[: len(rows) - draw(st.integers(0, 9))])
    if draw(st.integers(0, 3)) == 0:
        packed = draw(damaged(st.just(packed)))
    cut = draw(st.integers(0, len(packed)))
    chunks = [head, (b"IDAT", packed[:cut]), (b"IDAT", packed[cut:]), end]
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        place = draw(st.integers(0, len(chunks)))
        extra = (draw(KINDS), draw(st.binary(max_size=30)))
        other = draw(st.sampled_from([extra, *chunks]))
        chunks.insert(place, other)
    return odd_pngs.file_of(chunks)


@fuzz(st.one_of(nearly_right(), ANY_PNGS))
def test_what_a_conversion_takes_tensorflow_decodes_alike(data):
    try:
        picture = png.check(data, (*PICTURE_KINDS, *LABEL_KINDS), "image")
        picture.verify_pixels()
    except BadPictureError:
        return
    expected = picture.decode()
    channels = 3 if expected.ndim == 3 else 1
    found = tf.io.decode_png(data, channels).numpy()
    assert (found.reshape(expected.shape) == expected).all()


def encoded(name: str, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(trees.picture(3, (9, 12))).save(stream, name, **options)
    return stream.getvalue()


TURNED = Image.Exif()
TURNED[ExifTags.Base.Orientation] = 6
OF_EVERY_FORMAT = st.sampled_from(
    [
        encoded("JPEG", exif=TURNED.tobytes()),
        encoded("JPEG", progressive=True),
        encoded("PNG", exif=TURNED.tobytes()),
        encoded("WEBP", exif=TURNED.tobytes()),
        encoded("WEBP", lossless=True),
        encoded("BMP"),
        encoded("TIFF", exif=TURNED.tobytes()),
        encoded("TIFF", compression="tiff_lzw"),
        encoded("TIFF", compression="tiff_adobe_deflate"),
        encoded("GIF"),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"DDS |" + bytes(123),
    ]
)


@fuzz(st.one_of(damaged(OF_EVERY_FORMAT), ANY_PNGS, nearly_right()))
def test_pictures_for_a_network_are_decoded_or_bad(data):
    for decode, num_axes in (
        (images.decode_upright, 3),
        (images.decode_rgb, 3),
        (images.decode_ids, 2),
    ):
        try:
            pixels = decode(data)
        except ValueError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.ndim == num_axes
        assert pixels.shape[0] * pixels.shape[1] <= MAX_PIXELS
