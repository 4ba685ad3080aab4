import dataclasses
import json

import pytest

from schemas import example, manifest, tfds
from schemas.labels import files
from tests import tiny_dataset


@pytest.fixture
def content(tmp_path):
    return tiny_dataset.write_dataset(tmp_path, 3, 2, size=(20, 30))


def flatten(feature: dict, prefix: str = "") -> dict[str, dict]:
    if "featuresDict" not in feature:
        return {prefix: feature}
    flat = {}
    for name, inner in feature["featuresDict"]["features"].items():
        flat |= flatten(inner, f"{prefix}/{name}" if prefix else name)
    return flat


def test_the_features_flatten_to_the_keys_of_the_records(content):
    assert set(flatten(tfds.features(content))) == set(example.FEATURES)


def test_each_feature_has_the_class_that_decodes_it(content):
    names = {
        key: feature["pythonClassName"].rpartition(".")[2]
        for key, feature in flatten(tfds.features(content)).items()
    }
    assert names == {
        "image/encoded": "Image",
        "image/filename": "Text",
        "image/format": "Text",
        "image/height": "Tensor",
        "image/width": "Tensor",
        "image/channels": "Tensor",
        "image/segmentation/class/encoded": "Image",
        "image/segmentation/class/format": "Text",
    }


def test_pictures_of_one_size_have_that_shape(content):
    features = flatten(tfds.features(content))
    assert features["image/encoded"]["image"] == {
        "dtype": "uint8",
        "encodingFormat": "png",
        "shape": {"dimensions": ["20", "30", "3"]},
    }
    label = features["image/segmentation/class/encoded"]["image"]
    assert label["shape"] == {"dimensions": ["20", "30", "1"]}


def test_native_pictures_have_no_size_and_jpeg_is_told(content):
    native = dataclasses.replace(
        content, image_size=manifest.NATIVE, image_format="jpeg"
    )
    features = flatten(tfds.features(native))
    image = features["image/encoded"]["image"]
    label = features["image/segmentation/class/encoded"]["image"]
    assert image["shape"] == {"dimensions": ["-1", "-1", "3"]}
    assert image["encodingFormat"] == "jpeg"
    assert label["encodingFormat"] == "png"


def test_splits_carry_shard_lengths_and_bytes_as_protobuf_writes_them(content):
    assert tfds.dataset_info(content)["splits"] == [
        {
            "filepathTemplate": "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}",
            "name": "train",
            "numBytes": str(content.splits["train"].num_bytes),
            "shardLengths": ["2", "1"],
        },
        {
            "filepathTemplate": "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}",
            "name": "val",
            "numBytes": str(content.splits["val"].num_bytes),
            "shardLengths": ["1", "1"],
        },
    ]


def test_own_classes_are_described_without_cityscapes(tmp_path, content):
    table = files.parse("0 0 0 ground\n1 1 1 road\n")
    own = tiny_dataset.write_dataset(tmp_path / "own", 2, 1, labels=table)
    info = tfds.dataset_info(own)
    assert info["description"] == (
        "Pictures with label_ids label maps, 2 classes: ground, road."
    )
    assert info["name"] == "own_classes"
    assert not {"citation", "location"} & set(info)
    assert tfds.dataset_info(content)["name"] == "cityscapes"


def test_both_files_are_json_and_always_the_same(content):
    texts = tfds.metadata_files(content)
    assert list(texts) == ["features.json", "dataset_info.json"]
    assert json.loads(texts["features.json"]) == tfds.features(content)
    assert json.loads(texts["dataset_info.json"]) == tfds.dataset_info(content)
    assert tfds.metadata_files(content) == texts
