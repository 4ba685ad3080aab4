import numpy as np
import pytest

from schemas.labels.cityscapes import (
    CITYSCAPES,
    LABEL_IDS,
    TRAIN_IDS,
    is_of_cityscapes,
)
from schemas.labels.table import ignoring


def test_the_table_has_the_34_rows_of_label_maps():
    assert [row.label_id for row in CITYSCAPES.classes] == [*range(34)]


def test_nineteen_ids_have_a_train_id():
    of_train = {
        row.train_id: row.label_id
        for row in CITYSCAPES.classes
        if row.train_id != 255
    }
    assert of_train == dict(
        enumerate(
            (7, 8, 11, 12, 13, 17, 19, 20, 21, 22)
            + (23, 24, 25, 26, 27, 28, 31, 32, 33)
        )
    )


def test_label_ids_map_to_train_ids_by_table_and_all_else_to_ignore():
    table = TRAIN_IDS.stored
    assert table.dtype == np.uint8
    assert table.shape == (256,)
    assert [table[i] for i in (0, 7, 9, 26, 33, 34, 255)] == [
        255, 0, 255, 13, 18, 255, 255,
    ]  # fmt: skip


def test_train_ids_map_back_to_label_ids():
    for train_id in range(19):
        label_id = TRAIN_IDS.to_label_ids[train_id]
        assert TRAIN_IDS.stored[label_id] == train_id


def test_the_seven_categories_stand_in_table_order():
    assert CITYSCAPES.categories == (
        "flat", "construction", "object", "nature", "sky", "human", "vehicle",
    )  # fmt: skip


def test_evaluated_ids_are_those_with_a_train_id():
    assert LABEL_IDS.evaluated.sum() == 19
    assert not LABEL_IDS.evaluated[[0, 6, 9, 10, 14, 29, 30]].any()
    assert TRAIN_IDS.evaluated.all()


@pytest.mark.parametrize(
    ("space", "ids", "is_right"),
    [
        (LABEL_IDS, [0, 33], True),
        (LABEL_IDS, [0, 34], False),
        (LABEL_IDS, [0, 255], False),
        (TRAIN_IDS, [0, 18, 255], True),
        (TRAIN_IDS, [19, 255], False),
        (TRAIN_IDS, [254], False),
    ],
)
def test_ids_outside_the_space_are_named(space, ids, is_right):
    ids = np.array(ids, np.uint8)
    if is_right:
        space.check_ids(ids)
        return
    with pytest.raises(
        ValueError, match=rf"holds the id \d+, {space.name} are"
    ):
        space.check_ids(ids)


def test_the_same_classes_in_other_colours_are_cityscapes():
    assert is_of_cityscapes(CITYSCAPES)
    assert is_of_cityscapes(ignoring(CITYSCAPES, 255))
    assert not is_of_cityscapes(ignoring(CITYSCAPES, 7))
