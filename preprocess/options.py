"""What a conversion is asked to do."""

import dataclasses
from typing import Any

from schemas import manifest, pictures, sizes
from schemas.failures import FlagError
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelSpace, LabelTable
from schemas.layouts import table as layouts
from schemas.layouts.layout import Layout
from schemas.layouts.table import CITYSCAPES as CITYSCAPES_LAYOUT
from schemas.shards import names as shard_names

_NAMED_WHERE_UNUSUAL = {
    "check_pixels": True,
    "convert_pictures": False,
    "labels": CITYSCAPES.digest,
}
"""Options that came later: a manifest from before names none of them."""

_DECIDING = (
    "num_shards",
    "shard_size_mb",
    "on_error",
    "limit",
    "test_labels",
    "write_index",
)
"""Fields of `Options` that decide the output's bytes."""


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How frames are stored; all that decides a record's bytes.

    Attributes:
        image_size: (height, width) to resize to, or `manifest.NATIVE`.
        image_format: `png` or `jpeg`; label maps are always PNG.
        jpeg_quality: 1..100, of JPEG pictures.
        label_space: `label_ids` or `train_ids`.
        labels: The table of the classes.
        check_pixels: Whether the pixel streams of native pictures, which pass
            through byte for byte, are verified.
        convert_pictures: Whether opaque RGBA, grey and palette pictures and
            JPEGs are taken, as RGB.
    """

    image_size: sizes.Size | str = manifest.NATIVE
    image_format: str = "png"
    jpeg_quality: int = 95
    label_space: str = "label_ids"
    check_pixels: bool = True
    convert_pictures: bool = False
    labels: LabelTable = CITYSCAPES

    @property
    def space(self) -> LabelSpace:
        """The ids that records hold."""
        return self.labels.space(self.label_space)

    @property
    def png_level(self) -> int:
        """Zlib's level of what is encoded anew; 0 is read fastest."""
        return 0 if self.size else 6

    @property
    def size(self) -> sizes.Size | None:
        """(height, width) to resize to, None where pictures keep theirs."""
        return None if isinstance(self.image_size, str) else self.image_size


@dataclasses.dataclass(frozen=True)
class Options:
    """A conversion's options.

    Attributes:
        cityscapes_root: The folder with leftImg8bit/ and gtFine/, or the zips.
        output_dir: Where the data set goes.
        splits: Names of `shard_names.SPLITS`, in that order.
        layout: Where files lie below the root.
        encoding: How frames are stored.
        num_shards: Shards a split, None to choose by size.
        shard_size_mb: The size in MiB that is aimed at otherwise.
        on_error: `fail` stops at a bad frame, `skip` leaves it out.
        limit: The first so many frames a split, by name; None for all.
        test_labels: Whether the test split takes labels.
        write_index: Whether each shard gets an index file.
    """

    cityscapes_root: str
    output_dir: str
    splits: tuple[str, ...] = ("train", "val")
    layout: Layout = CITYSCAPES_LAYOUT
    encoding: Encoding = Encoding()
    num_shards: int | None = None
    shard_size_mb: float = 128.0
    on_error: str = "fail"
    limit: int | None = None
    test_labels: bool = False
    write_index: bool = False

    def has_labels(self, split: str) -> bool:
        """Whether the split's frames take a label map."""
        return split != "test" or self.test_labels

    def deciding(self) -> dict[str, Any]:
        """Returns the options that decide the output's bytes, as JSON."""
        encoding = dataclasses.asdict(self.encoding)
        encoding["labels"] = self.encoding.labels.digest
        for name, usual in _NAMED_WHERE_UNUSUAL.items():
            if encoding[name] == usual:
                del encoding[name]
        kept = self._place_options() | {
            name: getattr(self, name) for name in _DECIDING
        }
        return kept | _jsonable(encoding)

    def _place_options(self) -> dict[str, Any]:
        """Returns what decides which files are frames', as JSON."""
        layout = self.layout
        if layout.name == CITYSCAPES_LAYOUT.name:
            return {"annotation": layout.labels.pattern.partition("/")[0]}
        return {"layout": layout.to_json()}


def parse_size(text: str, image_format: str) -> tuple[int, int] | str:
    """Parses `native` or `HEIGHTxWIDTH`.

    Args:
        text: What --image_size says.
        image_format: `png` or `jpeg`.

    Raises:
        FlagError: It is neither, or it is a size that readers refuse or that
            the format does not have.
    """
    if text == manifest.NATIVE:
        return text
    try:
        height, width = sizes.parse(text)
    except ValueError as error:
        raise FlagError(f"--image_size: {error}, or native") from error
    if height * width > pictures.MAX_PIXELS:
        raise FlagError(
            f"--image_size={text} has {height * width} pixels, pictures of at "
            f"most {pictures.MAX_PIXELS} are taken"
        )
    if image_format == "jpeg" and max(height, width) > pictures.MAX_JPEG_SIDE:
        raise FlagError(
            f"--image_size={text}: a JPEG has at most "
            f"{pictures.MAX_JPEG_SIDE} pixels a side; --image_format=png has "
            "no such bound"
        )
    return height, width


def parse_ignore_id(text: str) -> int | None:
    """Parses an id of label maps, or `none`.

    Raises:
        FlagError: It is neither.
    """
    if text.lower() == "none":
        return None
    if not text.isdecimal() or int(text) > IGNORE_ID:
        raise FlagError(
            f"--ignore_id={text} should be an id from 0 to {IGNORE_ID}, or none"
        )
    return int(text)


def parse_layout(
    name: str | None,
    annotation: str,
    image_pattern: str | None,
    label_pattern: str | None,
    val_share: float | None,
) -> Layout:
    """Returns the layout that flags describe; each is None if not given.

    Raises:
        FlagError: They contradict each other, or one means nothing.
    """
    try:
        layout = layouts.choose(name, image_pattern, label_pattern, val_share)
    except ValueError as error:
        raise FlagError(str(error)) from error
    if annotation == "gtCoarse":
        if layout.name != CITYSCAPES_LAYOUT.name:
            raise FlagError(
                f"--annotation={annotation} is of --layout=cityscapes alone"
            )
        return dataclasses.replace(
            layouts.CITYSCAPES_COARSE, val_share=layout.val_share
        )
    return layout


def parse_splits(names: list[str]) -> tuple[str, ...]:
    """Returns the splits in their canonical order and names.

    Raises:
        FlagError: A name is no split of Cityscapes, or none is given.
    """
    known = shard_names.SPLITS
    splits = set(map(shard_names.split_name, names))
    wrong = sorted(splits.difference(known))
    if wrong or not splits:
        raise FlagError(
            f"split {wrong[0] if wrong else ''!r} should be one of "
            f"{', '.join((*known, *shard_names.SPLIT_ALIASES))}"
        )
    return tuple(name for name in known if name in splits)


def _jsonable(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in fields.items()
    }
