import pytest

from preprocess.errors import BadPictureError
from preprocess.records import png
from schemas.pictures import PALETTE
from tests import odd_pngs, trees

PIXELS = trees.picture(0, (8, 12))
IDS = trees.label_map(0, (8, 12))


@pytest.mark.parametrize("name", odd_pngs.invalid(PIXELS))
@pytest.mark.parametrize("pixels", [PIXELS, IDS], ids=["image", "label"])
def test_a_png_that_breaks_a_rule_is_refused_by_its_chunks(pixels, name):
    with pytest.raises(BadPictureError, match="^image is "):
        png.check(odd_pngs.invalid(pixels)[name], (), "image")


@pytest.mark.parametrize("name", odd_pngs.harmless(PIXELS))
def test_a_harmless_flavour_passes(name):
    for pixels in (PIXELS, IDS):
        data = odd_pngs.harmless(pixels)[name]
        assert (png.check(data, (), "image").decode() == pixels).all()


def test_a_chunk_that_fails_its_crc_is_named():
    data = bytearray(odd_pngs.file_of(odd_pngs.plain(PIXELS)))
    data[60] ^= 16
    with pytest.raises(BadPictureError, match="b'IDAT' at byte 33 fails its"):
        png.check(bytes(data), (), "image")


def test_more_chunks_than_any_picture_needs_are_refused():
    head, *rest = odd_pngs.plain(PIXELS)
    empty = trees.png_chunk(b"teXt", b"")
    plain = odd_pngs.file_of([head, *rest])
    most = plain[:33] + empty * (100_000 - 3) + plain[33:]
    assert (png.check(most, (), "image").decode() == PIXELS).all()
    with pytest.raises(
        BadPictureError, match="^image has more than 100000 chunks; save it"
    ):
        png.check(plain[:33] + empty * (100_000 - 2) + plain[33:], (), "image")


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (None, "no palette before its pixels"),
        (b"", "its palette has 0 bytes"),
        (bytes(4), "its palette has 4 bytes"),
        (bytes(3 * 257), "its palette has 771 bytes"),
    ],
)
def test_a_palette_that_readers_refuse_is_refused(palette, message):
    _, *rest = odd_pngs.plain(IDS)
    between = [] if palette is None else [(b"PLTE", palette)]
    head = odd_pngs.header(IDS, PALETTE)
    with pytest.raises(BadPictureError, match=message):
        png.check(odd_pngs.file_of([head, *between, *rest]), (), "label")
