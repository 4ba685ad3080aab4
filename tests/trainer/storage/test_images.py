import io
import struct
import zlib

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageOps

from tests import odd_pngs, trees
from trainer.storage import images


def test_pictures_become_rgb(tmp_path):
    path = str(tmp_path / "grey.png")
    Image.fromarray(np.array([[5, 6]], np.uint8)).save(path)
    picture = images.read_picture(path)
    assert picture.image.tolist() == [[[5, 5, 5], [6, 6, 6]]]


def test_a_file_that_is_no_picture_is_named(picture_folder):
    with pytest.raises(
        ValueError, match=r"notes\.txt: not a PNG, JPEG, WEBP, BMP or TIFF"
    ):
        images.read_picture(str(picture_folder / "notes.txt"))


def test_a_picture_that_breaks_off_is_named(picture_folder):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    content = images.encode_png(noise)
    (picture_folder / "half.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"half\.png: a damaged picture"):
        images.read_picture(str(picture_folder / "half.png"))


def test_label_maps_must_have_one_channel(picture_folder):
    with pytest.raises(
        ValueError, match="8-bit RGB, a label map should be 8-bit g"
    ):
        images.decode_ids((picture_folder / "b.png").read_bytes())


def test_encoded_pixels_come_back():
    ids = np.array([[0, 33], [255, 7]], np.uint8)
    np.testing.assert_array_equal(
        images.decode_ids(images.encode_png(ids)), ids
    )


def encoded(pixels: np.ndarray, name: str, **options) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name, **options)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["PNG", "BMP", "TIFF", "WEBP", "JPEG"])
def test_every_format_of_the_list_is_read(name):
    grey = np.full((4, 6, 3), 77, np.uint8)
    options = {"WEBP": {"lossless": True}}.get(name, {})
    found = images.decode_upright(encoded(grey, name, **options))
    np.testing.assert_array_equal(found, grey)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("photo.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        ("photo.png", b"DDS " + bytes(200)),
        ("photo.png", encoded(trees.picture(0), "GIF")),
        ("photo.jpg", b""),
    ],
)
def test_a_file_of_another_format_is_named_and_never_run(
    tmp_path, name, content
):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name}: not a PNG, JPEG, "):
        images.read_picture(str(tmp_path / name))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_is_turned_upright_as_pillow_does(orientation, name):
    pixels = np.full((8, 16, 3), 128, np.uint8)
    pixels[:4, :4] = 0
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = encoded(pixels, name, exif=exif.tobytes())
    with Image.open(io.BytesIO(content)) as picture:
        expected = np.asarray(ImageOps.exif_transpose(picture))
    np.testing.assert_array_equal(images.decode_upright(content), expected)


def test_exif_data_that_mean_nothing_turn_nothing():
    pixels = trees.picture(0)
    for exif in (b"Exif\0\0" + bytes(9), b"MM\0*\0\0\0\x08\0\xff\x01\x12"):
        content = encoded(pixels, "PNG", exif=exif)
        np.testing.assert_array_equal(images.decode_upright(content), pixels)


def test_a_frames_picture_keeps_its_stored_pixels():
    for name, content in odd_pngs.harmless(pixels := trees.picture(1)).items():
        np.testing.assert_array_equal(
            images.decode_rgb(content), pixels, err_msg=name
        )


def test_a_palettes_indices_are_ids_and_scaled_greys_are_not():
    ids = trees.label_map(0, (5, 7))
    indexed = Image.fromarray(ids, "P")
    indexed.putpalette(bytes(range(256)) * 3)
    stream = io.BytesIO()
    indexed.save(stream, "PNG")
    np.testing.assert_array_equal(images.decode_ids(stream.getvalue()), ids)
    with pytest.raises(ValueError, match="^8-bit RGB, a label map should be"):
        images.decode_ids(images.encode_png(np.zeros((2, 2, 3), np.uint8)))


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
def test_grey_values_of_any_depth_are_the_ids(bits):
    ids = np.arange(1 << min(bits, 8)).reshape(2, -1).astype(np.uint8)
    found = images.decode_ids(odd_pngs.grey(ids, bits))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, ids)


def test_grey_values_that_are_no_ids_are_refused():
    with pytest.raises(ValueError, match="the id 256, ids are at most 255"):
        images.decode_ids(odd_pngs.grey(np.full((2, 2), 256, np.uint16), 16))


@pytest.mark.parametrize("decode", [images.decode_upright, images.decode_ids])
def test_a_picture_that_is_too_large_is_refused_by_its_header(decode):
    head = (b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 0, 0, 0, 0))
    rest = [(b"IDAT", zlib.compress(bytes(99))), (b"IEND", b"")]
    with pytest.raises(ValueError, match="of 20000x20000 pixels by its header"):
        decode(odd_pngs.file_of([head, *rest]))
