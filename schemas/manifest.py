"""manifest.json: what a data set holds, written last, read first.

A folder without a manifest is not a data set: the conversion did not finish.
"""

import dataclasses
import functools
import json
from collections.abc import Callable
from typing import Any

from schemas import manifest_checks
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import SPACES, LabelSpace, LabelTable
from schemas.manifest_checks import ManifestError as ManifestError
from schemas.shards import names

FILE_NAME = "manifest.json"
FORMATS = (1, 2)
"""1 is Cityscapes' table, with which its first readers do; 2 is any other."""

SEVERAL = "several"
"""Pictures some of which are PNGs and some JPEGs, as their records say."""

IMAGE_FORMATS = ("png", "jpeg", SEVERAL)
NATIVE = "native"
"""The image size of pictures that pass through byte for byte."""

_CHECKSUM = "checksum"


class EditedManifestError(ManifestError):
    """A manifest was changed after it was written.

    Attributes:
        manifest: What it says now.
    """

    def __init__(self, message: str, manifest: "Manifest"):
        """Takes the line to print and the manifest as it is."""
        super().__init__(message)
        self.manifest = manifest


@dataclasses.dataclass(frozen=True)
class Shard:
    """One TFRecord file.

    Attributes:
        name: The file's name in the data set's folder.
        num_examples: The number of records.
        num_bytes: The file's size.
        crc32c: The CRC-32C of the whole file, eight hexadecimal digits.
    """

    name: str
    num_examples: int
    num_bytes: int
    crc32c: str


@dataclasses.dataclass(frozen=True)
class Split:
    """One split's totals and files.

    Attributes:
        num_examples: Records over all shards.
        num_bytes: Bytes over all shards.
        num_skipped: Frames left out, each named in skipped.jsonl.
        class_pixels: Pixels of each class id, in id order; all zeros where
            the split has no labels.
        shards: The files, in order.
        present_pixels: For each class id, the pixels of any class in the
            frames that hold it; what median-frequency weights divide by.
        image_sizes: `HEIGHTxWIDTH` of the stored pictures → their number.
        inputs: A digest of the source files' names, sizes and versions.
    """

    num_examples: int
    num_bytes: int
    num_skipped: int
    class_pixels: tuple[int, ...]
    shards: tuple[Shard, ...]
    present_pixels: tuple[int, ...] = ()
    image_sizes: dict[str, int] = dataclasses.field(default_factory=dict)
    inputs: str = ""


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The description of a finished data set.

    Attributes:
        label_space: One of `SPACES`.
        num_classes: The number of class ids.
        image_size: (height, width) of every picture, or `NATIVE`.
        image_format: One of `IMAGE_FORMATS`.
        options: The conversion's options that decide the bytes.
        versions: Package name → version that wrote the set.
        splits: Split name → its totals and files.
        labels: The table of the classes.
    """

    label_space: str
    num_classes: int
    image_size: tuple[int, int] | str
    image_format: str
    options: dict[str, Any]
    versions: dict[str, str]
    splits: dict[str, Split]
    labels: LabelTable = CITYSCAPES

    @functools.cached_property
    def space(self) -> LabelSpace:
        """The ids of the records."""
        return self.labels.space(self.label_space)

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The shards of all splits, in order."""
        splits = self.splits.values()
        return tuple(shard for split in splits for shard in split.shards)

    def split(self, name: str) -> Split:
        """Returns a split by its own name or DeepLab's.

        Raises:
            ManifestError: The data set has no such split.
        """
        split = self.splits.get(names.split_name(name))
        if split is None:
            raise ManifestError(
                f"the data set has no split {name!r}, only "
                f"{', '.join(self.splits)}; {names.missing_split_remedy(name)}"
            )
        return split

    def to_json(self) -> str:
        """Renders the manifest as the text of manifest.json."""
        splits = {
            name: dataclasses.asdict(split)
            for name, split in self.splits.items()
        }
        content = {
            "format": 1 if self.labels == CITYSCAPES else 2,
            "label_space": self.label_space,
            "num_classes": self.num_classes,
            "labels": self.labels.to_json(),
            "image": {"size": self.image_size, "format": self.image_format},
            "options": self.options,
            "versions": self.versions,
            "splits": splits,
        }
        content[_CHECKSUM] = manifest_checks.checksum(content)
        return json.dumps(content, indent=1) + "\n"


def parse(text: str) -> Manifest:
    """Reads and checks the text of a manifest.json.

    Raises:
        EditedManifestError: It is well-formed, but not as it was written.
        ManifestError: The text is no manifest of this format, or its counts
            contradict each other.
    """
    try:
        content = json.loads(text)
        if content["format"] not in FORMATS:
            raise ManifestError(
                f"format {content['format']!r} is not known, only 1 and 2"
            )
        written = content.pop(_CHECKSUM, None)
        manifest_checks.check(content)
        splits = {}
        for name, fields in content["splits"].items():
            shards = tuple(Shard(**shard) for shard in fields["shards"])
            tuples = {
                "class_pixels": tuple(fields["class_pixels"]),
                "present_pixels": tuple(fields.get("present_pixels", ())),
                "shards": shards,
            }
            splits[name] = Split(**fields | tuples)
        size = content["image"]["size"]
        manifest = Manifest(
            label_space=content["label_space"],
            num_classes=content["num_classes"],
            image_size=size if isinstance(size, str) else tuple(size),
            image_format=content["image"]["format"],
            options=content["options"],
            versions=content["versions"],
            splits=splits,
            labels=_parse_labels(content),
        )
        _check(manifest)
        if written not in (None, manifest_checks.checksum(content)):
            raise EditedManifestError(
                "it was changed after it was written: its checksum is "
                f"{written}, its content's {manifest_checks.checksum(content)}",
                manifest,
            )
    except ManifestError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ManifestError(
            f"not a manifest: {type(error).__name__}: {error}"
        ) from error
    except RecursionError as error:
        raise ManifestError("not a manifest: nested too deep") from error
    return manifest


def load(data_dir: str, read_text: Callable[[str], str]) -> Manifest:
    """Reads the manifest of a data set.

    Args:
        data_dir: The data set's folder, local or remote.
        read_text: Returns the text of a path, or raises OSError.

    Raises:
        ManifestError: There is none, or it is damaged; names the file.
    """
    path = f"{data_dir.rstrip('/')}/{FILE_NAME}"
    try:
        text = read_text(path)
    except FileNotFoundError as error:
        raise ManifestError(
            f"{path} does not exist: the conversion has not finished there. "
            "Run python -m preprocess.main with this --output_dir."
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from error
    try:
        return parse(text)
    except EditedManifestError as error:
        raise EditedManifestError(
            f"{path}: {error}. Convert again with --overwrite, or, where the "
            f"change is meant, remove the entry {_CHECKSUM!r}.",
            error.manifest,
        ) from error
    except ManifestError as error:
        raise ManifestError(
            f"{path}: {error}. Convert again with --overwrite."
        ) from error


def _parse_labels(content: dict[str, Any]) -> LabelTable:
    """Reads the table; the first sets name none and have Cityscapes'."""
    if content["format"] == 1 and "labels" not in content:
        return CITYSCAPES
    return LabelTable.from_json(content["labels"])


def _check(manifest: Manifest) -> None:
    """Raises ManifestError where the manifest contradicts itself."""
    is_space = manifest.label_space in SPACES
    if not is_space or manifest.space.num_classes != manifest.num_classes:
        raise ManifestError(
            f"label space {manifest.label_space!r} with "
            f"{manifest.num_classes} classes is not known"
        )
    manifest.space.check_storable()
    if manifest.image_format not in IMAGE_FORMATS:
        raise ManifestError(
            f"image format {manifest.image_format!r} is not one of "
            f"{', '.join(IMAGE_FORMATS)}"
        )
    size = manifest.image_size
    if size != NATIVE and not (
        isinstance(size, tuple)
        and len(size) == 2
        and all(isinstance(side, int) and side > 0 for side in size)
    ):
        raise ManifestError(f"image size {size!r} is not a size")
    for name, split in manifest.splits.items():
        _check_split(name, split, manifest.num_classes)


def _check_split(name: str, split: Split, num_classes: int) -> None:
    if name not in names.SPLITS:
        known = ", ".join(names.SPLITS)
        raise ManifestError(f"split {name!r} is not one of {known}")
    num_shards = len(split.shards)
    for index, shard in enumerate(split.shards):
        if shard.name != names.shard_name(name, index, num_shards):
            raise ManifestError(f"shard {index} of {name} is {shard.name!r}")
    for field in ("num_examples", "num_bytes"):
        total = sum(getattr(shard, field) for shard in split.shards)
        if getattr(split, field) != total:
            raise ManifestError(
                f"{field} of {name} is {getattr(split, field)}, its shards "
                f"hold {total}"
            )
    for field, counts in (
        ("class_pixels", split.class_pixels),
        ("present_pixels", split.present_pixels or split.class_pixels),
    ):
        if len(counts) != num_classes:
            raise ManifestError(
                f"{field} of {name} has {len(counts)} counts, not {num_classes}"
            )
