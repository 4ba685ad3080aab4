import dataclasses
import json

import pytest

from schemas import example, manifest
from schemas.descriptions import tfds
from schemas.labels import files
from schemas.layouts.table import LAYOUTS
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
        "image/segmentation/class/encoded": "LabeledImage",
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
        "Pictures, with label_ids label maps, 2 classes: ground, road."
    )
    assert info["name"] == "own_classes"
    assert not {"citation", "location"} & set(info)
    assert tfds.dataset_info(content)["name"] == "cityscapes"


def test_other_data_sets_of_cityscapes_classes_do_not_cite_it(content):
    options = {"layout": LAYOUTS["acdc"].to_json()}
    info = tfds.dataset_info(dataclasses.replace(content, options=options))
    assert info["name"] == "acdc"
    assert not {"citation", "location"} & set(info)


def test_label_maps_know_names_and_colors(content):
    label = flatten(tfds.features(content))["image/segmentation/class/encoded"]
    assert label["image"]["label"] == {"numClasses": "34"}
    assert "1 ego vehicle #000000, " in label["description"]
    assert "7 road #804080, 8 sidewalk #f423e8" in label["description"]
    names = tfds.metadata_files(content)[
        "image-segmentation-class-encoded.labels.txt"
    ]
    assert names.splitlines() == list(content.space.class_names)


def test_the_supervised_folder_names_features_by_the_keys(content):
    features = tfds.supervised_features(content)["featuresDict"]["features"]
    nested = flatten(tfds.features(content))
    assert set(features) < set(nested)
    assert features == {key: nested[key] for key in features}
    info = tfds.supervised_info(content)
    assert {
        name
        for item in info["supervisedKeys"]["tuple"]["items"]
        for name in item.values()
    } == {"image/encoded", "image/segmentation/class/encoded"}
    assert {split["filepathTemplate"] for split in info["splits"]} == {
        "../{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}"
    }


def test_the_supervised_folder_has_the_splits_with_labels(content):
    blank = dataclasses.replace(content.splits["val"], class_pixels=(0,) * 34)
    splits = {**content.splits, "test": blank}
    info = tfds.supervised_info(dataclasses.replace(content, splits=splits))
    assert [split["name"] for split in info["splits"]] == ["train", "val"]


def test_each_file_is_always_the_same(content):
    texts = tfds.metadata_files(content)
    assert tuple(texts) == tfds.FILES
    assert json.loads(texts["features.json"]) == tfds.features(content)
    assert json.loads(texts["dataset_info.json"]) == tfds.dataset_info(content)
    assert tfds.metadata_files(content) == texts
