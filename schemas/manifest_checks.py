"""Whether what a JSON file holds can be a manifest: types and ranges.

A manifest comes with a data set, and a data set may come from anybody.
"""

import hashlib
import json
import re
from typing import Any

_MAX_COUNT = 1 << 62
_CRC32C = re.compile(r"[0-9a-f]{8}")
_SIZE = re.compile(r"[1-9]\d{0,5}x[1-9]\d{0,5}")


class ManifestError(ValueError):
    """A manifest is missing, damaged or disagrees with its files."""


def checksum(content: dict[str, Any]) -> str:
    """Returns the digest of a manifest's content, however it is laid out."""
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def check(content: dict[str, Any]) -> None:
    """Checks the types and ranges of a manifest's entries.

    Raises:
        ManifestError: One is not what it should be; names it.
        KeyError, TypeError, AttributeError: One is missing, or of a type that
            holds no entries.
    """
    _check_text("label_space", content["label_space"])
    _check_count("num_classes", content["num_classes"])
    _check_text("image format", content["image"]["format"])
    for name in ("options", "versions"):
        if not isinstance(content[name], dict):
            raise _wrong(name, content[name], "entries with names")
    for name, split in content["splits"].items():
        _check_split(name, split)


def _check_split(name: str, split: dict[str, Any]) -> None:
    for key in ("num_examples", "num_bytes", "num_skipped"):
        _check_count(f"{key} of {name}", split[key])
    for key in ("class_pixels", "present_pixels"):
        for count in split.get(key, ()):
            _check_count(f"{key} of {name}", count)
    for size, count in split.get("image_sizes", {}).items():
        if not _SIZE.fullmatch(size):
            raise _wrong(f"image_sizes of {name}", size, "HEIGHTxWIDTH")
        _check_count(f"image_sizes of {name}", count)
    _check_text(f"inputs of {name}", split.get("inputs", ""))
    for shard in split["shards"]:
        _check_text(f"a shard of {name}", shard["name"])
        for key in ("num_examples", "num_bytes"):
            _check_count(f"{key} of {shard['name']}", shard[key])
        _check_text(f"crc32c of {shard['name']}", shard["crc32c"])
        if not _CRC32C.fullmatch(shard["crc32c"]):
            raise _wrong(
                f"crc32c of {shard['name']}",
                shard["crc32c"],
                "eight hexadecimal digits",
            )


def _check_count(what: str, value: Any) -> None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= value <= _MAX_COUNT:
        raise _wrong(what, value, "a whole number from 0 up")


def _check_text(what: str, value: Any) -> None:
    if not isinstance(value, str):
        raise _wrong(what, value, "text")


def _wrong(what: str, value: Any, wanted: str) -> ManifestError:
    shown = repr(value)
    if len(shown) > 40:
        shown = f"{shown[:40]}..."
    return ManifestError(f"{what} is {shown}, should be {wanted}")
