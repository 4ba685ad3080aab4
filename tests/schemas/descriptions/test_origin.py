import dataclasses

import pytest

from schemas.descriptions import origin
from schemas.labels import files, named
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import ignoring
from schemas.layouts import table
from schemas.manifest import Manifest

OWN = files.parse("0 0 0 ground\n1 1 1 road\n")
PATTERNS = table.by_patterns("{stem}.jpg", "{stem}_ids.png")


def make(layout=None, labels=CITYSCAPES, **options) -> Manifest:
    """Describes a data set without frames, as a conversion would."""
    if layout:
        options["layout"] = layout.to_json()
    return Manifest(
        label_space="label_ids",
        num_classes=labels.label_ids.num_classes,
        image_size="native",
        image_format="png",
        options=options,
        versions={},
        splits={},
        labels=labels,
    )


@pytest.mark.parametrize("name", table.LAYOUTS)
def test_a_public_data_set_goes_by_its_own_name(name):
    layout = table.LAYOUTS[name]
    content = make(layout, named.table(layout.table))
    assert origin.name(content) == (name if name != "pairs" else "own_pictures")
    assert origin.is_like_cityscapes(content) == (name == "cityscapes")
    start = f"Street scenes laid out and labelled like {layout.title}, with "
    assert origin.describe(content).startswith(start) == (name != "pairs")
    assert ("Link" in origin.describe(content)) == (name == "cityscapes")


@pytest.mark.parametrize(
    "content",
    [
        make(annotation="gtFine"),
        make(annotation="gtCoarse"),
        make(),
        make(labels=ignoring(CITYSCAPES, 255)),
    ],
)
def test_cityscapes_layout_and_classes_are_not_said_to_be_its_pictures(content):
    assert origin.name(content) == "cityscapes"
    text = origin.describe(content)
    assert text.startswith(
        "Street scenes laid out and labelled like Cityscapes, with label_ids "
        "label maps, 34 classes: unlabeled, ego vehicle, "
    )
    assert text.endswith(
        " bicycle. Link and citation are of that layout and those classes."
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (make(PATTERNS), "own_pictures"),
        (make(PATTERNS, OWN), "own_classes"),
        (make(table.LAYOUTS["kitti"], OWN), "own_classes"),
        (make(labels=OWN), "own_classes"),
    ],
)
def test_ones_own_pictures_and_classes_are_nobody_elses(content, name):
    assert origin.name(content) == name
    assert not origin.is_like_cityscapes(content)
    text = origin.describe(content)
    assert text.startswith("Pictures, with label_ids label maps, ")
    assert "Cityscapes" not in text


def test_the_layout_counts_without_its_share_of_val():
    drawn = dataclasses.replace(table.LAYOUTS["kitti"], val_share=0.25)
    assert origin.name(make(drawn)) == "kitti"
