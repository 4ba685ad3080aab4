"""The layouts that are known by name, and those of a user's own patterns.

The rows follow what each data set documents: Cityscapes' README, KITTI's
devkit_semantics, doc.bdd100k.com/format.html, ACDC's README, IDD's public-code
(AutoNUE), the README of Mapillary Vistas v1.2, and the SegNet tutorial's
packaging of CamVid.
"""

import dataclasses
import re

from schemas.layouts.kinds import FRAME_SUFFIXES, Kind
from schemas.layouts.layout import Layout

CUSTOM = "custom"
"""The name of a layout by patterns."""

FIELDS = ("{split}", "{city}", "{stem}")


def _of_cityscapes(annotation: str) -> Layout:
    hint = "<city>_<sequence>_<frame>"
    return Layout(
        "cityscapes",
        Kind(
            "leftImg8bit/{split}/**/{stem}_leftImg8bit.png",
            mark="_leftimg8bit",
            stem_hint=hint,
        ),
        Kind(
            f"{annotation}/{{split}}/**/{{stem}}_{annotation}_labelIds.png",
            mark="_labelids",
            siblings=rf"_{annotation}_(?!labelIds\.)[^/]*",
            stem_hint=hint,
        ),
        title="Cityscapes",
    )


CITYSCAPES = _of_cityscapes("gtFine")
CITYSCAPES_COARSE = _of_cityscapes("gtCoarse")


def _pairs(images: str, masks: str, otherwise: Layout | None = None) -> Layout:
    return Layout(
        "pairs",
        Kind(f"{images}/{{city}}/{{stem}}.*", zips=""),
        Kind(f"{masks}/{{city}}/{{stem}}.png", zips=""),
        otherwise=otherwise,
    )


_PAIRS_BY_SPLIT = _pairs(
    "{split}/images", "{split}/masks", otherwise=_pairs("images", "masks")
)

_ROWS = (
    CITYSCAPES,
    Layout(
        "kitti",
        Kind("{split}/image_2/{stem}.png", zips="data_semantics"),
        Kind("{split}/semantic/{stem}.png", zips="data_semantics"),
        title="KITTI",
        folders={"train": "training", "val": "training", "test": "testing"},
    ),
    Layout(
        "bdd100k",
        Kind("images/10k/{split}/{stem}.jpg", zips="bdd100k_images_10k"),
        Kind("labels/sem_seg/masks/{split}/{stem}.png", zips="bdd100k_sem_seg"),
        title="BDD100K",
        table="cityscapes_train_ids",
    ),
    Layout(
        "acdc",
        Kind("rgb_anon/**/{split}/**/{stem}_rgb_anon.png", mark="_rgb_anon."),
        Kind(
            "gt/**/{split}/**/{stem}_gt_labelIds.png",
            mark="_labelids",
            siblings=r"_gt_(?!labelIds\.)[^/]*",
        ),
        title="ACDC",
    ),
    Layout(
        "idd",
        Kind(
            "leftImg8bit/{split}/{city}/{stem}_leftImg8bit.*",
            mark="_leftimg8bit",
        ),
        Kind(
            "gtFine/{split}/{city}/{stem}_gtFine_labelids.png",
            mark="_labelids",
            siblings=r"_gtFine_(?!labelids\.)[^/]*",
        ),
        title="IDD",
        table="idd",
    ),
    Layout(
        "mapillary",
        Kind("{split}/images/{stem}.jpg", zips="mapillary"),
        Kind("{split}/labels/{stem}.png", zips="mapillary"),
        title="Mapillary Vistas",
        table="mapillary",
        folders={"train": "training", "val": "validation", "test": "testing"},
    ),
    Layout(
        "camvid",
        Kind("{split}/{stem}.png", zips="camvid"),
        Kind("{split}annot/{stem}.png", zips="camvid"),
        title="CamVid",
        table="camvid",
    ),
    _pairs("images/{split}", "masks/{split}", otherwise=_PAIRS_BY_SPLIT),
)

LAYOUTS = {row.name: row for row in _ROWS}


def choose(
    name: str | None,
    image_pattern: str | None,
    label_pattern: str | None,
    val_share: float | None = None,
) -> Layout:
    """Returns the layout that flags describe; empty ones are not given.

    Raises:
        ValueError: They contradict each other, or one means nothing.
    """
    if not image_pattern and not label_pattern:
        layout = LAYOUTS[name or CITYSCAPES.name]
    elif name or not (image_pattern and label_pattern):
        raise ValueError(
            "--image_pattern and --label_pattern should be given together, and "
            "without --layout"
        )
    else:
        layout = by_patterns(image_pattern, label_pattern)
    return dataclasses.replace(layout, val_share=val_share or 0.0)


def by_patterns(image_pattern: str, label_pattern: str) -> Layout:
    """Makes a layout of a user's own.

    Raises:
        ValueError: A pattern cannot be read, or the two name no same frames.
    """
    for flag, pattern, suffixes in (
        ("--image_pattern", image_pattern, (*FRAME_SUFFIXES, ".*")),
        ("--label_pattern", label_pattern, (".png",)),
    ):
        problem = _problem(pattern, suffixes)
        if problem:
            raise ValueError(f"{flag}={pattern}: {problem}")
    for field in ("{split}", "{city}"):
        if (field in image_pattern) != (field in label_pattern):
            raise ValueError(
                f"--image_pattern={image_pattern} and --label_pattern="
                f"{label_pattern}: both, or none, should have {field}"
            )
    if image_pattern == label_pattern:
        raise ValueError(
            f"--label_pattern={label_pattern} should be another than "
            "--image_pattern"
        )
    return Layout(
        CUSTOM, Kind(image_pattern, zips=""), Kind(label_pattern, zips="")
    )


def restore(
    name: str, image_pattern: str, label_pattern: str, val_share: float = 0.0
) -> Layout:
    """Returns the layout that a data set was converted from.

    Raises:
        ValueError: There is none of these patterns.
    """
    row = LAYOUTS.get(name)
    while row and row.pictures.pattern != image_pattern:
        row = row.otherwise
    if row is None or row.labels.pattern != label_pattern:
        row = by_patterns(image_pattern, label_pattern)
    return dataclasses.replace(row, val_share=val_share)


def _problem(pattern: str, suffixes: tuple[str, ...]) -> str:
    """Says why a pattern is none; empty where it is one."""
    unknown = [
        field
        for field in re.findall(r"\{[^}]*\}?|\}", pattern)
        if field not in FIELDS
    ]
    if unknown:
        return f"{unknown[0]} is no field, these are: {', '.join(FIELDS)}"
    if pattern.count("{stem}") != 1 or pattern.count("{city}") > 1:
        return "it should have {stem} once, and {city} at most once"
    if not pattern.lower().endswith(suffixes):
        return f"it should end with {' or '.join(suffixes)}"
    parts = pattern.split("/")
    if "" in parts or "." in parts or ".." in parts or "\\" in pattern:
        return "it should be a path below the root, with single slashes"
    rest = re.sub(r"(^|/)\*\*/", r"\1", pattern).removesuffix(".*")
    if "*" in rest:
        return "a * may stand as the folder **/ or as the suffix .* alone"
    return ""
