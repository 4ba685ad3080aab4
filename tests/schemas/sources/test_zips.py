import io
import zipfile

import pytest

from schemas.sources import zips


def packed(
    content: bytes, name: str = "a", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture(params=["disk", "memory"])
def read(request, tmp_path):
    """Reads a zip's entry from a file that has a descriptor or has none."""

    def read_from_memory(data: bytes, name: str = "a") -> bytes:
        return zips.read_entry(zips.open_zip(io.BytesIO(data)), name)

    def read_from_disk(data: bytes, name: str = "a") -> bytes:
        path = tmp_path / "a.zip"
        path.write_bytes(data)
        with path.open("rb") as file:
            return zips.read_entry(zips.open_zip(file), name)

    return read_from_disk if request.param == "disk" else read_from_memory


@pytest.mark.parametrize("content", [b"", b"a", bytes(range(256)) * 999])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_entry_is_read_whole(read, content, method):
    data = b"stub" + packed(b"other", "b") + packed(content, method=method)
    assert read(data) == content


def test_an_encrypted_entry_is_refused(read):
    data = bytearray(packed(b"content"))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(ValueError, match="encrypted"):
        read(bytes(data))


@pytest.mark.parametrize("name", ["a", "../../a", "/etc/a", "C:\\a"])
def test_a_name_is_only_a_name(read, name):
    assert read(packed(b"content", name), name) == b"content"


@pytest.mark.parametrize(
    "method",
    [
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    ],
)
def test_every_kind_of_damage_is_one_kind_of_error(read, method):
    whole = packed(bytes(range(256)) * 9, method=method)
    for at in range(0, len(whole), 3):
        data = bytearray(whole)
        data[at] ^= 0x55
        try:
            assert len(read(bytes(data))) <= 256 * 9
        except ValueError as error:
            assert str(error)


def test_an_entry_too_large_is_not_unpacked(read, monkeypatch):
    monkeypatch.setattr(zips, "MAX_ENTRY_BYTES", 99)
    assert len(read(packed(bytes(99)))) == 99
    with pytest.raises(ValueError, match="unpacks to 100 bytes, the limit is"):
        read(packed(bytes(100)))


def test_no_more_is_unpacked_than_an_entry_claims(read):
    bomb = packed(bytes(1 << 20))
    claimed = (1 << 20).to_bytes(4, "little")
    with pytest.raises(ValueError, match="Bad CRC-32"):
        read(bomb.replace(claimed, (100).to_bytes(4, "little")))


def test_a_missing_entry_and_no_zip_are_named(read):
    with pytest.raises(ValueError, match="no item named 'b'"):
        read(packed(b""), "b")
    with pytest.raises(ValueError, match="not a zip file"):
        zips.open_zip(io.BytesIO(b"PK"))


def test_an_end_that_the_disk_does_not_give_is_not_a_damaged_zip():
    class Failing(io.BytesIO):
        def read(self, *_):
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        zips.open_zip(Failing(packed(b"content")))


def test_a_disk_that_fails_is_not_a_damaged_zip(monkeypatch):
    archive = zips.open_zip(io.BytesIO(packed(b"content")))

    def fail(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(archive, "read", fail)
    with pytest.raises(OSError, match="Input/output error"):
        zips.read_entry(archive, "a")
