import io
import os
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.records import pixel_stream, png
from schemas.pictures import GREY, ID_KINDS, LABEL_KINDS, RGB
from tests import odd_pngs, trees

NUM_CASES = int(os.environ.get("FUZZ_CASES", "400"))
CHANNELS = {GREY: 1, RGB: 3}


def png_file(size, color_type, *parts: bytes, interlaced=False) -> bytes:
    """Builds a PNG of the parts of what its rows compress to."""
    header = struct.pack(
        ">IIBBBBB", size[1], size[0], 8, color_type, 0, 0, interlaced
    )
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            trees.png_chunk(b"IHDR", header),
            *(trees.png_chunk(b"IDAT", part) for part in parts),
            trees.png_chunk(b"IEND", b""),
        )
    )


def png_of_rows(rows: bytes, size, color_type) -> bytes:
    """Builds a PNG, in two parts, of rows that are filtered already."""
    compressed = zlib.compress(rows)
    half = len(compressed) // 2
    return png_file(size, color_type, compressed[:half], compressed[half:])


def filtered_rows(seed, size, color_type, share_of_zeros) -> bytes:
    """Draws filters and residuals; any such bytes are some picture."""
    generator = np.random.default_rng(seed)
    shape = (size[0], 1 + size[1] * CHANNELS[color_type])
    rows = generator.integers(0, 256, shape, np.uint8)
    rows[generator.random(shape) < share_of_zeros] = 0
    rows[:, 0] = generator.integers(0, 5, size[0])
    return rows.tobytes()


@pytest.fixture(params=["C", "Pillow"])
def decoder(request, monkeypatch):
    if request.param == "Pillow":
        monkeypatch.setattr(png, "png_rows", None)
    elif png.png_rows is None:
        pytest.skip("installed without a C compiler")


@settings(max_examples=NUM_CASES, deadline=None)
@given(
    st.integers(0, 2**32),
    st.tuples(st.integers(1, 12), st.integers(1, 70)),
    st.sampled_from([GREY, RGB]),
    st.sampled_from([0, 0.5, 0.9, 0.99, 1]),
)
def test_rows_of_every_filter_decode_as_pillow_does(
    seed, size, color_type, share_of_zeros
):
    rows = filtered_rows(seed, size, color_type, share_of_zeros)
    data = png_of_rows(rows, size, color_type)
    pixels = png.check(data, (), "image").decode()
    expected = np.asarray(Image.open(io.BytesIO(data)))
    assert pixels.dtype == np.uint8
    assert np.array_equal(pixels, expected)


@given(st.binary(min_size=1, max_size=300))
def test_values_are_counted_as_numpy_does(values):
    pixels = np.frombuffer(values, np.uint8)[None]
    counts = png.histogram(pixels)
    assert counts == np.bincount(pixels[0], minlength=256).tolist()


def test_rows_of_one_value_are_counted(decoder):
    ids = np.repeat(np.arange(4, dtype=np.uint8), 21)[None]
    assert png.histogram(ids) == [21] * 4 + [0] * 252


def test_an_interlaced_picture_decodes():
    # Seven passes of one, or of no, row: a 1x1 picture has the first alone.
    rows = zlib.compress(b"\x00\x07")
    data = png_file((1, 1), GREY, rows, interlaced=True)
    assert png.check(data, LABEL_KINDS, "label").decode().tolist() == [[7]]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(bytes(3 * 5 - 1), id="a byte short"),
        pytest.param(b"", id="none"),
        pytest.param(bytes(10) + b"\x05" + bytes(4), id="a sixth filter"),
    ],
)
def test_rows_that_are_no_picture_are_refused(decoder, rows):
    data = png_of_rows(rows, (3, 4), GREY)
    picture = png.check(data, LABEL_KINDS, "label")
    with pytest.raises(BadPictureError, match="^label cannot be decoded: "):
        picture.decode()


PIXELS = trees.picture(0, (8, 12))


@pytest.mark.parametrize("part_bytes", [1, 7, 1 << 16])
@pytest.mark.parametrize("name", odd_pngs.broken(PIXELS))
def test_a_broken_pixel_stream_is_found_with_and_without_decoding(
    decoder, name, part_bytes, monkeypatch
):
    monkeypatch.setattr(pixel_stream, "_PART_BYTES", part_bytes)
    for pixels in (PIXELS, trees.label_map(0, (8, 12))):
        picture = png.check(odd_pngs.broken(pixels)[name], (), "image")
        for read in (picture.verify_pixels, picture.decode):
            with pytest.raises(BadPictureError, match="^image cannot be dec"):
                read()


@pytest.mark.parametrize("part_bytes", [1, 7, 1 << 16])
def test_a_wrong_filter_is_named_by_its_row_in_an_interlaced_picture_too(
    part_bytes, monkeypatch
):
    monkeypatch.setattr(pixel_stream, "_PART_BYTES", part_bytes)
    data = odd_pngs.broken(PIXELS)["filter"]
    with pytest.raises(BadPictureError, match="row 3 has a filter that"):
        png.check(data, (), "image").verify_pixels()
    rows = bytearray(26)
    rows[-1 - 12] = 5
    data = png_file((4, 4), GREY, zlib.compress(rows), interlaced=True)
    with pytest.raises(BadPictureError, match="row 5 has a filter that PNG"):
        png.check(data, (), "image").verify_pixels()


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
def test_a_palettes_indices_are_the_pixels(decoder, bits):
    ids = trees.label_map(3, (5, 7)) % min(1 << bits, 128)
    image = Image.fromarray(ids, "P")
    image.putpalette(bytes(range(256)) * 3)
    stream = io.BytesIO()
    image.save(stream, "PNG", bits=bits)
    label = png.check(stream.getvalue(), ID_KINDS, "label")
    assert label.header.kind == f"{bits}-bit palette"
    assert label.decode().tolist() == ids.tolist()


def test_pixels_that_do_not_inflate_are_refused(decoder):
    broken = png_file((3, 4), GREY, bytes(12))
    with pytest.raises(BadPictureError, match="^label cannot be decoded: "):
        png.check(broken, LABEL_KINDS, "label").decode()


def test_a_row_more_than_the_header_says_is_left_out(decoder):
    excess = png_of_rows(bytes(4 * 5), (3, 4), GREY)
    assert png.check(excess, LABEL_KINDS, "label").decode().shape == (3, 4)


def test_a_stream_that_goes_on_for_long_is_refused_before_it_is_read(decoder):
    bomb = png_of_rows(bytes(1 << 26), (3, 4), GREY)
    with pytest.raises(BadPictureError, match="do not end after the last row"):
        png.check(bomb, LABEL_KINDS, "label").decode()


@pytest.mark.skipif(png.png_rows is None, reason="no C compiler")
@pytest.mark.parametrize(
    "arguments",
    [
        (bytes(15), 3, 4, 1, bytearray(11)),
        (bytes(14), 3, 4, 1, bytearray(12)),
        (bytes(15), 3, 4, 3, bytearray(12)),
        (bytes(15), 0, 4, 1, bytearray(12)),
        (bytes(15), -3, -6, 1, bytearray(18)),
        (bytes(15), 2**62, 2**62, 1, bytearray(12)),
    ],
)
def test_buffers_that_do_not_fit_are_refused(arguments):
    with pytest.raises(ValueError, match="do not fit"):
        png.png_rows.unfilter(*arguments)
