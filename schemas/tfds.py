"""Metadata with which TensorFlow Datasets opens a converted folder.

`tfds.builder_from_directory(data_dir)` reads two files, features.json and
dataset_info.json.  They are written here as TFDS itself writes them (checked
against tensorflow-datasets 4.9.10), without importing it.
"""

import json
from typing import Any

from schemas import example
from schemas.labels.cityscapes import is_of_cityscapes
from schemas.manifest import NATIVE, SEVERAL, Manifest

FEATURES_FILE = "features.json"
INFO_FILE = "dataset_info.json"
FILE_TEMPLATE = "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}"

_FEATURES_MODULE = "tensorflow_datasets.core.features"
_HOMEPAGE = "https://www.cityscapes-dataset.com/"
_CITATION = """@inproceedings{Cordts2016Cityscapes,
  title = {The Cityscapes Dataset for Semantic Urban Scene Understanding},
  author = {Cordts, Marius and Omran, Mohamed and Ramos, Sebastian and Rehfeld,
    Timo and Enzweiler, Markus and Benenson, Rodrigo and Franke, Uwe and Roth,
    Stefan and Schiele, Bernt},
  booktitle = {Proc. of the IEEE Conference on Computer Vision and Pattern
    Recognition (CVPR)},
  year = {2016}
}"""


def metadata_files(content: Manifest) -> dict[str, str]:
    """Renders the metadata files of a data set.

    Args:
        content: The data set's manifest.

    Returns:
        File name → text, the same text for the same manifest.
    """
    return {
        FEATURES_FILE: _to_text(features(content)),
        INFO_FILE: _to_text(dataset_info(content)),
    }


def features(content: Manifest) -> dict[str, Any]:
    """Builds the nested FeaturesDict that flattens to the record's keys.

    Both pictures decode to uint8: (height, width, 3), and (height, width, 1)
    for the label map; the sizes are unknown (-1) in a native data set.
    """
    native = content.image_size == NATIVE
    several = content.image_format == SEVERAL
    encoding = "" if several else content.image_format
    size = (-1, -1) if native else content.image_size
    tree: dict[str, Any] = {}
    for key, kind in example.FEATURES.items():
        *path, leaf = key.split("/")
        folder = tree
        for name in path:
            folder = folder.setdefault(name, {})
        if key == example.IMAGE_ENCODED:
            folder[leaf] = _image((*size, 3), encoding)
        elif key == example.LABEL_ENCODED:
            folder[leaf] = _image((*size, 1), "png")
        elif kind is bytes:
            folder[leaf] = _feature("text_feature.Text", text={})
        else:
            tensor = {"dtype": "int64", "encoding": "none", "shape": {}}
            folder[leaf] = _feature("tensor_feature.Tensor", tensor=tensor)
    return _features_dict(tree)


def dataset_info(content: Manifest) -> dict[str, Any]:
    """Builds the description of the splits, with each shard's length."""
    is_cityscapes = is_of_cityscapes(content.labels)
    origin = {"citation": _CITATION, "location": {"urls": [_HOMEPAGE]}}
    return {
        **(origin if is_cityscapes else {}),
        "description": (
            f"{'Street scenes' if is_cityscapes else 'Pictures'} with "
            f"{content.label_space} label maps, {content.num_classes} classes: "
            f"{', '.join(content.space.class_names)}."
        ),
        "fileFormat": "tfrecord",
        "name": "cityscapes" if is_cityscapes else "own_classes",
        "splits": [
            {
                "filepathTemplate": FILE_TEMPLATE,
                "name": name,
                "numBytes": str(split.num_bytes),
                "shardLengths": [str(s.num_examples) for s in split.shards],
            }
            for name, split in content.splits.items()
        ],
        "version": "1.0.0",
    }


def _features_dict(tree: dict[str, Any]) -> dict[str, Any]:
    """Wraps each level of nested features, innermost first."""
    wrapped = {
        name: node if "pythonClassName" in node else _features_dict(node)
        for name, node in tree.items()
    }
    return _feature(
        "features_dict.FeaturesDict", featuresDict={"features": wrapped}
    )


def _image(shape: tuple[int, int, int], image_format: str) -> dict[str, Any]:
    image = {
        "dtype": "uint8",
        "encodingFormat": image_format,
        "shape": {"dimensions": [str(side) for side in shape]},
    }
    return _feature("image_feature.Image", image=image)


def _feature(class_name: str, **content: Any) -> dict[str, Any]:
    return {"pythonClassName": f"{_FEATURES_MODULE}.{class_name}"} | content


def _to_text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
