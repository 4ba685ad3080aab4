import dataclasses

import pytest

from schemas.layouts import forms
from schemas.layouts.table import LAYOUTS

BY_SPLIT = LAYOUTS["pairs"]
FLAT = dataclasses.replace(BY_SPLIT.otherwise.otherwise, val_share=0.25)


def find(folders):
    """Finds the form of a root of pairs with folders in images/."""

    def holds(layout, split):
        parts = layout.place(split, False).folder.split("/")
        return parts[0] == "images" and "/".join(parts[1:]) in folders

    layout = dataclasses.replace(BY_SPLIT, val_share=0.25)
    return forms.find_form(
        layout,
        ("train", "val"),
        holds,
        lambda form: folders if form.folders == {} else [],
    )


@pytest.mark.parametrize(
    "folder",
    [
        "train",
        "val",
        "training",
        "Validation",
        "train2017",
        "test_set",
        "valid",
    ],
)
def test_a_folder_that_is_named_as_a_splits_decides_the_form(folder):
    assert find(["ulm", folder]) == dataclasses.replace(
        BY_SPLIT, val_share=0.25
    )


@pytest.mark.parametrize("folder", ["valencia", "trains", "test.txt", "dev"])
def test_other_folders_are_cities(folder):
    assert find(["ulm", folder]) == FLAT
