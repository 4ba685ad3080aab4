"""croissant.json: the data set in the words of MLCommons' Croissant 1.1.

Croissant has no word for TFRecord, and mlcroissant (1.1.1 was tried) reads
none.  What it does is to hand on a text file's bytes as they are, so shards
are called `text/plain` beside their own format, and a record of a split's
record set is a shard: its name and its bytes, from which docs/
read_elsewhere.md takes the frames.  A second copy of the frames in a format
that it does read, Parquet, would double the data set.

Licence and date are left out: the conversion knows neither.
"""

from typing import Any

from schemas.descriptions import origin
from schemas.labels.table import LabelSpace
from schemas.manifest import Manifest
from schemas.quantities import counted

FILE_NAME = "croissant.json"
CLASSES = "classes"
"""The record set of the classes; the others are named by their splits."""

_TFRECORD = "https://www.tensorflow.org/tutorials/load_data/tfrecord"
"""What Croissant asks for where a format has no registered type: its page."""

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape citeAs column containedIn equivalentProperty extract "
            "field fileObject fileProperty fileSet format includes isArray "
            "isLiveDataset jsonPath key md5 parentField path recordSet "
            "references regex repeated replace samplingRate separator source "
            "subField transform"
        ).split()
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}
"""The context that the specification prints."""

_CLASS_FIELDS = {
    "id": "sc:Integer",
    "name": "sc:Text",
    "category": "sc:Text",
    "color": "sc:Text",
    "evaluated": "sc:Boolean",
}


def metadata(content: Manifest) -> dict[str, Any]:
    """Describes a data set in JSON-LD.

    Args:
        content: The data set's manifest.

    Returns:
        The JSON of croissant.json, the same for the same manifest.
    """
    source = {"citeAs": origin.CITATION, "url": origin.HOMEPAGE}
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": origin.name(content),
        "description": origin.describe(content),
        "version": origin.VERSION,
        **(source if origin.is_like_cityscapes(content) else {}),
        "distribution": [
            _file_set(name, len(split.shards))
            for name, split in content.splits.items()
        ],
        "recordSet": [
            _class_records(content.space),
            *(
                _shard_records(name, split.num_examples, len(split.shards))
                for name, split in content.splits.items()
            ),
        ],
    }


def _file_set(split: str, num_shards: int) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{split}-shards",
        "name": f"{split}-shards",
        "description": (
            "TFRecord files of tf.train.Examples. text/plain stands beside "
            "their format because mlcroissant hands on the bytes of that."
        ),
        "encodingFormat": [_TFRECORD, "text/plain"],
        "includes": f"{split}-*-of-{num_shards:05d}.tfrecord",
    }


def _shard_records(split: str, num_frames: int, num: int) -> dict[str, Any]:
    def field(name: str, file_property: str, what: str) -> dict[str, Any]:
        return _field(split, name, "sc:Text") | {
            "description": what,
            "source": {
                "fileSet": {"@id": f"{split}-shards"},
                "extract": {"fileProperty": file_property},
            },
        }

    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": (
            f"{counted(num_frames, 'frame')} in {counted(num, 'shard')}; each "
            "record is a shard."
        ),
        "key": {"@id": f"{split}/shard"},
        "field": [
            field("shard", "filename", "The file's name."),
            field("content", "content", "The file's bytes, a TFRecord file."),
        ],
    }


def _class_records(space: LabelSpace) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": CLASSES,
        "name": CLASSES,
        "description": "What the ids of the label maps mean.",
        "key": {"@id": f"{CLASSES}/id"},
        "field": [
            _field(CLASSES, name, kind) for name, kind in _CLASS_FIELDS.items()
        ],
        "data": [
            {
                f"{CLASSES}/id": class_id,
                f"{CLASSES}/name": row.name,
                f"{CLASSES}/category": row.category,
                f"{CLASSES}/color": row.hex_color,
                f"{CLASSES}/evaluated": not row.is_void,
            }
            for class_id, row in enumerate(space.classes)
        ],
    }


def _field(record_set: str, name: str, kind: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "dataType": kind,
    }
