import io

import google_crc32c
import pytest

from schemas.manifest import ManifestError, Shard
from schemas.shards import check, tfrecord

PAYLOADS = [b"one", b"two"]
CONTENT = b"".join(
    header + payload + footer
    for payload in PAYLOADS
    for header, footer in [tfrecord.frame(payload)]
)
SHARD = Shard(
    "val-00000-of-00001.tfrecord",
    len(PAYLOADS),
    len(CONTENT),
    f"{google_crc32c.value(CONTENT):08x}",
)


def read(content: bytes) -> list[bytes]:
    return list(check.read_checked(SHARD, io.BytesIO(content)))


def test_a_shard_as_it_was_written_gives_its_records():
    assert read(CONTENT) == PAYLOADS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-1], r"val-00000-of-00001\.tfrecord: record 1 at byte 19 br"),
        (CONTENT[:19], "records 1, the manifest says 2; .* bytes 19, the"),
        (CONTENT + CONTENT[:19], "records 3, the manifest says 2"),
        (
            CONTENT[19:] + CONTENT[:19],
            f"^val-00000-of-00001.tfrecord: CRC-32C .{{8}}, the manifest says "
            f"{SHARD.crc32c}$",
        ),
    ],
)
def test_another_file_is_told_from_the_written_one(content, message):
    with pytest.raises(ManifestError, match=message):
        read(content)
