"""What other people's readers ask of the records, without installing them."""

import io

import numpy as np
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from PIL import Image

from preprocess.options import Encoding, Options
from preprocess.pipeline import job
from tests import recipes, trees


def convert(tmp_path, **encoding) -> str:
    root = trees.write_tree(tmp_path / "cityscapes")
    options = Options(
        str(root),
        str(tmp_path / "out"),
        splits=("train",),
        encoding=Encoding(**encoding),
        num_shards=2,
        write_index=True,
    )
    job.run(options, PipelineOptions([]), overwrite=False, num_workers=1)
    return options.output_dir


def serialized(data_dir) -> tf.data.Dataset:
    return tf.data.TFRecordDataset(tf.io.gfile.glob(f"{data_dir}/train-*"))


def test_six_lines_of_tf_data_read_every_pair(tmp_path):
    data_dir = convert(tmp_path)
    recipe = recipes.on_card(data_dir)["read-tf-data"]
    assert len(recipe.splitlines()) == 6
    pairs = list(recipes.run(recipe, data_dir)["dataset"])
    found = {image.numpy().tobytes(): ids.numpy() for image, ids in pairs}
    assert len(found) == len(pairs) == len(trees.STEMS)
    for seed in range(len(trees.STEMS)):
        ids = found[trees.picture(seed).tobytes()]
        np.testing.assert_array_equal(ids[..., 0], trees.label_map(seed))


def test_the_six_lines_read_jpeg_too(tmp_path):
    data_dir = convert(tmp_path, image_format="jpeg")
    recipe = recipes.on_card(data_dir)["read-tf-data"]
    records = list(serialized(data_dir))
    assert len(records) == len(trees.STEMS)
    dataset = recipes.run(recipe, data_dir)["dataset"]
    for record, (image, _) in zip(records, dataset, strict=True):
        feature = tf.train.Example.FromString(record.numpy()).features.feature
        encoded = feature["image/encoded"].bytes_list.value[0]
        with Image.open(io.BytesIO(encoded)) as picture:
            assert picture.format == "JPEG"
            difference = np.asarray(picture, float) - image.numpy()
        assert np.abs(difference).mean() < 2


def test_the_records_parse_by_deeplab2s_specification(tmp_path):
    """Its `SegmentationDecoder` in deeplab2/data/data_utils.py.

    Read at commit 0a0959a879d77838608fb95fda6d2a3f2e54d72a, for
    `is_panoptic_dataset=False`; none of the keys has a default there.
    """
    text = tf.io.FixedLenFeature((), tf.string)
    number = tf.io.FixedLenFeature((), tf.int64)
    specification = {
        "image/encoded": text,
        "image/filename": text,
        "image/format": text,
        "image/height": number,
        "image/width": number,
        "image/channels": number,
        "image/segmentation/class/encoded": text,
    }
    names = set()
    for record in serialized(convert(tmp_path)):
        parsed = tf.io.parse_single_example(record, specification)
        image = tf.io.decode_image(
            parsed["image/encoded"], channels=3, expand_animations=False
        )
        label = tf.io.decode_image(
            parsed["image/segmentation/class/encoded"], channels=1
        )
        size = parsed["image/height"], parsed["image/width"]
        assert image.shape == (*size, parsed["image/channels"])
        assert label.shape == (*size, 1)
        assert parsed["image/format"] == b"png"
        names.add(parsed["image/filename"].numpy().decode())
    assert names == set(trees.STEMS)


def test_the_records_parse_by_model_gardens_specification(tmp_path):
    """Its `Decoder` in official/vision/dataloaders/segmentation_input.py.

    Read at commit 00b830c7ca641413f37e5147cf059c89f79b0e8e; its defaults
    would hide a key that is missing, so they are left out here.
    """
    specification = {
        "image/encoded": tf.io.FixedLenFeature((), tf.string),
        "image/height": tf.io.FixedLenFeature((), tf.int64),
        "image/width": tf.io.FixedLenFeature((), tf.int64),
        "image/segmentation/class/encoded": tf.io.FixedLenFeature(
            (), tf.string
        ),
    }
    records = list(serialized(convert(tmp_path, image_size=(8, 8))))
    assert len(records) == len(trees.STEMS)
    for record in records:
        parsed = tf.io.parse_single_example(record, specification)
        label = tf.io.decode_image(
            parsed["image/segmentation/class/encoded"], channels=1
        )
        size = parsed["image/height"], parsed["image/width"]
        assert tf.reshape(label, (1, *size)).shape == (1, 8, 8)


@pytest.mark.parametrize("shard", (0, 1))
def test_an_index_gives_each_whole_records_offset_and_length(tmp_path, shard):
    folder = convert(tmp_path)
    name = f"train-{shard:05d}-of-00002.tfrecord"
    with open(f"{folder}/{name}", "rb") as file:
        data = file.read()
    with open(f"{folder}/index/{name}.index") as file:
        lines = [tuple(map(int, line.split(" "))) for line in file]
    records = [r.numpy() for r in tf.data.TFRecordDataset(f"{folder}/{name}")]
    assert records
    # 8 bytes of length and 4 of its checksum before, 4 of checksum after.
    assert [data[at + 12 : at + n - 4] for at, n in lines] == records
    assert sum(length for _, length in lines) == len(data)
