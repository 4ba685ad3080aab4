import io
import struct

import pytest
import tensorflow as tf

from schemas.shards import tfrecord


def framed(*payloads: bytes) -> bytes:
    parts = []
    for payload in payloads:
        header, footer = tfrecord.frame(payload)
        parts += [header, payload, footer]
    return b"".join(parts)


def test_framing_equals_tensorflows_writer(tmp_path):
    path = tmp_path / "a.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        for payload in (b"one", b"", b"three" * 1000):
            writer.write(payload)
    assert path.read_bytes() == framed(b"one", b"", b"three" * 1000)


def test_records_come_back_with_their_offsets():
    stream = io.BytesIO(framed(b"one", b"three"))
    assert list(tfrecord.read_records(stream)) == [(0, b"one"), (19, b"three")]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "record 1 at byte 19 breaks off in its pay"),
        (lambda data: data[:22], "record 1 at byte 19 breaks off in its head"),
        (lambda data: data[:13] + b"?" + data[14:], "record 0 .* wrong payl"),
        (lambda data: b"\xff" + data[1:], "record 0 .* wrong length checksum"),
    ],
)
def test_damage_names_record_and_byte(damage, message):
    stream = io.BytesIO(damage(framed(b"one", b"three")))
    with pytest.raises(tfrecord.CorruptRecordError, match=message):
        list(tfrecord.read_records(stream))


def test_a_length_beyond_reason_is_damage_not_memory():
    length = struct.pack("<Q", 1 << 40)
    crc = struct.pack("<I", tfrecord.masked_crc32c(length))
    with pytest.raises(tfrecord.CorruptRecordError, match="claims to hold"):
        list(tfrecord.read_records(io.BytesIO(length + crc)))
