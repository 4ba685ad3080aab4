"""Hostile pictures: the named error, or right pixels."""

import zlib

import numpy as np
import pytest

pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from preprocess.errors import BadPictureError  # noqa: E402
from preprocess.options import Encoding  # noqa: E402
from preprocess.records import encoding, png  # noqa: E402
from tests import trees  # noqa: E402
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


@fuzz(ANY_PNGS)
def test_pictures_for_a_network_are_decoded_or_bad(data):
    for decode, num_axes in (
        (images.decode_rgb, 3),
        (images.decode_ids, 2),
    ):
        try:
            pixels = decode(data)
        except ValueError:
            continue
        assert pixels.dtype == np.uint8
        assert pixels.ndim == num_axes
