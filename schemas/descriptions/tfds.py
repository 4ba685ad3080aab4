"""Metadata with which TensorFlow Datasets opens a converted folder.

`tfds.builder_from_directory(data_dir)` reads features.json,
dataset_info.json and the classes' names.  They are written here as TFDS
itself writes them (checked against tensorflow-datasets 4.9.10), without
importing it.

TFDS looks up the two keys of `as_supervised`, and the picture of
`show_examples`, among a data set's outermost features.  Those of the folder
are nested, as they were from the first version on, so the folder
`SUPERVISED_DIR` describes the same shards a second time, by features whose
names are the records' keys.
"""

from collections.abc import Iterable
from typing import Any

from schemas import example
from schemas.descriptions import origin
from schemas.labels.table import LabelSpace
from schemas.manifest import SEVERAL, Manifest, Split

FEATURES_FILE = "features.json"
INFO_FILE = "dataset_info.json"
SUPERVISED_DIR = "supervised"
FILE_TEMPLATE = "{SPLIT}-{SHARD_X_OF_Y}.{FILEFORMAT}"
FILES = (
    FEATURES_FILE,
    INFO_FILE,
    f"{example.LABEL_ENCODED.replace('/', '-')}.labels.txt",
    f"{SUPERVISED_DIR}/{FEATURES_FILE}",
    f"{SUPERVISED_DIR}/{INFO_FILE}",
    f"{SUPERVISED_DIR}/{example.LABEL_ENCODED.replace('/', '.')}.labels.txt",
)
"""Where they lie below a data set's folder."""

_FEATURES_MODULE = "tensorflow_datasets.core.features"
_SUPERVISED_KEYS = (example.IMAGE_ENCODED, example.LABEL_ENCODED)


def metadata_files(content: Manifest) -> dict[str, str]:
    """Renders the metadata files of a data set.

    Args:
        content: The data set's manifest.

    Returns:
        Each of `FILES` → text, the same text for the same manifest.
    """
    names = "".join(f"{name}\n" for name in content.space.class_names)
    described = (
        *(features(content), dataset_info(content)),
        *(supervised_features(content), supervised_info(content)),
    )
    nested, info, flat, flat_info = map(origin.to_text, described)
    texts = (nested, info, names, flat, flat_info, names)
    return dict(zip(FILES, texts, strict=True))


def features(content: Manifest) -> dict[str, Any]:
    """Builds the nested FeaturesDict that flattens to the record's keys.

    Both pictures decode to uint8: (height, width, 3), and (height, width, 1)
    for the label map; the sizes are unknown (-1) in a native data set.
    """
    tree: dict[str, Any] = {}
    for key in example.FEATURES:
        *path, leaf = key.split("/")
        folder = tree
        for name in path:
            folder = folder.setdefault(name, {})
        folder[leaf] = _feature_of(key, content)
    return _features_dict(tree)


def supervised_features(content: Manifest) -> dict[str, Any]:
    """Builds the FeaturesDict of picture, label map and name, by their keys."""
    keys = (*_SUPERVISED_KEYS, example.IMAGE_FILENAME)
    return _features_dict({key: _feature_of(key, content) for key in keys})


def dataset_info(content: Manifest) -> dict[str, Any]:
    """Builds the description of the splits, with each shard's length."""
    return _info(content, content.splits.items(), FILE_TEMPLATE)


def supervised_info(content: Manifest) -> dict[str, Any]:
    """Builds the description of the splits that have label maps."""
    splits = content.splits.items()
    labelled = [(name, s) for name, s in splits if any(s.class_pixels)]
    items = [{"featureKey": key} for key in _SUPERVISED_KEYS]
    return {
        **_info(content, labelled, f"../{FILE_TEMPLATE}"),
        "supervisedKeys": {"tuple": {"items": items}},
    }


def _info(
    content: Manifest, splits: Iterable[tuple[str, Split]], template: str
) -> dict[str, Any]:
    source = {
        "citation": origin.CITATION,
        "location": {"urls": [origin.HOMEPAGE]},
    }
    return {
        **(source if origin.is_like_cityscapes(content) else {}),
        "description": origin.describe(content),
        "fileFormat": "tfrecord",
        "name": origin.name(content),
        "splits": [
            {
                "filepathTemplate": template,
                "name": name,
                "numBytes": str(split.num_bytes),
                "shardLengths": [str(s.num_examples) for s in split.shards],
            }
            for name, split in splits
        ],
        "version": origin.VERSION,
    }


def _feature_of(key: str, content: Manifest) -> dict[str, Any]:
    """Builds the feature of one of a record's keys."""
    size = content.image_size
    if isinstance(size, str):  # NATIVE
        size = (-1, -1)
    if key == example.IMAGE_ENCODED:
        several = content.image_format == SEVERAL
        return _image((*size, 3), "" if several else content.image_format)
    if key == example.LABEL_ENCODED:
        return _labels((*size, 1), content)
    if example.FEATURES[key] is bytes:
        return _feature("text_feature.Text", text={})
    tensor = {"dtype": "int64", "encoding": "none", "shape": {}}
    return _feature("tensor_feature.Tensor", tensor=tensor)


def _labels(shape: tuple[int, int, int], content: Manifest) -> dict[str, Any]:
    """Builds the feature of label maps, which knows the classes.

    Their names stand in a file of its own; there is no place for colors but
    the description.
    """
    labels = _image(shape, "png")
    labels["image"] |= {
        "label": {"numClasses": str(content.num_classes)},
        "useColormap": True,
    }
    return labels | {
        "description": describe_labels(content.space),
        "pythonClassName": f"{_FEATURES_MODULE}.labeled_image.LabeledImage",
    }


def describe_labels(space: LabelSpace) -> str:
    """Writes the ids of label maps with their names and colors."""
    named = (
        f"{class_id} {row.name} {row.hex_color}"
        for class_id, row in enumerate(space.classes)
    )
    return f"Class ids, names and colors: {', '.join(named)}."


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
