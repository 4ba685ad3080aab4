import ast
import pathlib
import struct

import pytest

from schemas import pictures
from tests import odd_pngs, trees
from tests.commands import ROOT


def header_of(*fields: int) -> bytes:
    content = struct.pack(">IIBBBBB", *fields)
    return odd_pngs.file_of([(b"IHDR", content)])


def test_a_header_says_size_and_kind():
    header = pictures.parse_png_header(trees.png(trees.picture(0, (4, 6))))
    assert header == pictures.PngHeader(4, 6, 8, pictures.RGB, False)
    assert header.kind in pictures.PICTURE_KINDS
    assert header.row_bytes(6) == 18


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%!PS-Adobe", "not a PNG"),
        (pictures.PNG_SIGNATURE, "truncated at byte 8"),
        (odd_pngs.file_of([(b"IEND", b"")] * 3), "a PNG without a header"),
        (header_of(4, 4, 3, 0, 0, 0, 0), "colour type 0 with 3 bits"),
        (header_of(4, 4, 8, 5, 0, 0, 0), "colour type 5 with 8 bits"),
        (header_of(4, 4, 8, 0, 1, 0, 0), "a PNG of compression method 1"),
        (header_of(4, 4, 8, 0, 0, 64, 0), "a PNG of filter method 64"),
        (header_of(4, 4, 8, 0, 0, 0, 2), "a PNG of interlace method 2"),
        (header_of(20000, 20000, 8, 0, 0, 0, 0), "of 20000x20000 pixels by"),
        (header_of(0, 4, 8, 0, 0, 0, 0), "of 4x0 pixels by its header"),
    ],
)
def test_a_header_that_means_nothing_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        pictures.parse_png_header(content)


def opens_without_formats(path: pathlib.Path) -> list[str]:
    """Finds calls of Pillow's `open` that take any format."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "open"
            and ast.unparse(node.func.value).split(".")[-1] == "Image"
            and "formats" not in [keyword.arg for keyword in node.keywords]
        ):
            found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    return found


def test_every_picture_is_opened_as_one_of_the_formats_expected():
    files = [
        path
        for room in ("preprocess", "schemas", "trainer", "benchmarks")
        for path in sorted((ROOT / room).rglob("*.py"))
    ]
    assert len(files) > 100
    assert [
        line for path in files for line in opens_without_formats(path)
    ] == []


def jpeg_of(marker=b"\xff\xc0", bits=8, size=(16, 32), channels=3):
    """Writes a JPEG's begin: a comment, the frame, the scan's marker."""
    height, width = (side.to_bytes(2, "big") for side in size)
    frame = bytes([bits]) + height + width + bytes([channels]) * 4
    length = (len(frame) + 2).to_bytes(2, "big")
    return b"".join(
        (
            b"\xff\xd8\xff\xfe\x00\x05abc\xff",
            marker + length + frame,
            b"\xff\xda\x00\x02",
        )
    )


@pytest.mark.parametrize("marker", [b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"])
def test_a_jpegs_header_is_read(marker):
    content = jpeg_of(marker)
    header = pictures.parse_jpeg_header(content)
    assert (header.height, header.width, header.channels) == (16, 32, 3)
    assert content[header.pixels_at :].startswith(b"\xff\xda")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a JPEG"),
        (b"\x89PNG", "not a JPEG"),
        (b"\xff\xd8", "truncated at byte 2"),
        (jpeg_of()[:-4], "truncated at byte"),
        (jpeg_of()[:20], "truncated at byte 20"),
        (b"\xff\xd8abcd", "a JPEG without a marker at byte 2"),
        (jpeg_of(b"\xff\xc9"), "a JPEG of a kind that readers do not decode"),
        (jpeg_of(b"\xff\xdb"), "a JPEG of a kind that readers do not decode"),
        (jpeg_of(bits=12), "a JPEG of 12 bits a channel, which should be 8"),
        (jpeg_of(size=(0, 4)), "a picture of 0x4 pixels by its header"),
        (jpeg_of(size=(65535, 65535)), "a picture of 65535x65535 pixels"),
    ],
)
def test_what_no_jpegs_header_can_be_is_said(content, reason):
    with pytest.raises(ValueError) as caught:
        pictures.parse_jpeg_header(content)
    assert str(caught.value).startswith(reason)
