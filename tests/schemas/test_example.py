import dataclasses

import pytest
import tensorflow as tf

from schemas import example

RECORD = example.Record(
    name="bad-honnef_000012_000190",
    image=b"\x89PNG picture",
    image_format="png",
    label=b"\x89PNG label",
    height=1024,
    width=2048,
)


def tensorflow_bytes(record: example.Record) -> bytes:
    def of_bytes(value):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))

    def of_int(value):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))

    feature = {
        "image/encoded": of_bytes(record.image),
        "image/filename": of_bytes(record.name.encode()),
        "image/format": of_bytes(record.image_format.encode()),
        "image/height": of_int(record.height),
        "image/width": of_int(record.width),
        "image/channels": of_int(3),
        "image/segmentation/class/encoded": of_bytes(record.label),
        "image/segmentation/class/format": of_bytes(b"png"),
    }
    message = tf.train.Example(features=tf.train.Features(feature=feature))
    return message.SerializeToString(deterministic=True)


@pytest.mark.parametrize("num_bytes", [0, 1, 100, 127, 128, 20_000, 3_000_000])
def test_bytes_equal_those_of_tensorflow(num_bytes):
    record = dataclasses.replace(
        RECORD, image=bytes(num_bytes), label=bytes(num_bytes // 2)
    )
    assert example.encode(record) == tensorflow_bytes(record)


@pytest.mark.parametrize("side", [1, 127, 128, 65_536])
def test_numbers_equal_those_of_tensorflow(side):
    record = dataclasses.replace(RECORD, height=side, width=side + 1)
    assert example.encode(record) == tensorflow_bytes(record)


def test_decode_returns_what_encode_took():
    assert example.decode(example.encode(RECORD)) == RECORD


def test_a_missing_feature_is_named():
    message = tf.train.Example()
    with pytest.raises(ValueError, match="no feature 'image/encoded'"):
        example.decode(message.SerializeToString())


def test_bytes_that_are_no_example_are_refused():
    with pytest.raises(ValueError, match="not a tf.train.Example"):
        example.decode(b"\xff\xff\xff")


def test_a_feature_of_another_kind_is_named():
    message = tf.train.Example.FromString(example.encode(RECORD))
    message.features.feature["image/height"].float_list.value.append(1.0)
    with pytest.raises(ValueError, match="'image/height' should hold one"):
        example.decode(message.SerializeToString())


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", "a\\b", "a\0b"])
def test_a_name_that_leads_out_of_a_folder_is_refused(name):
    record = dataclasses.replace(RECORD, name=name)
    with pytest.raises(ValueError, match="cannot be a frame's name"):
        example.decode(example.encode(record))
