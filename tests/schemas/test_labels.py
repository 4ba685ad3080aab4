import numpy as np
import pytest

from schemas import labels


def test_the_table_has_the_official_35_rows():
    assert [row.label_id for row in labels.LABELS] == [*range(34), -1]


def test_nineteen_ids_have_a_train_id():
    of_train = {
        row.train_id: row.label_id
        for row in labels.LABELS
        if row.train_id not in (255, -1)
    }
    assert of_train == dict(
        enumerate(
            (7, 8, 11, 12, 13, 17, 19, 20, 21, 22)
            + (23, 24, 25, 26, 27, 28, 31, 32, 33)
        )
    )


def test_label_ids_map_to_train_ids_by_table_and_all_else_to_ignore():
    table = labels.LABEL_TO_TRAIN
    assert table.dtype == np.uint8
    assert table.shape == (256,)
    assert [table[i] for i in (0, 7, 9, 26, 33, 34, 255)] == [
        255, 0, 255, 13, 18, 255, 255,
    ]  # fmt: skip


def test_train_ids_map_back_to_label_ids():
    for train_id in range(19):
        label_id = labels.TRAIN_IDS.to_label_ids[train_id]
        assert labels.LABEL_TO_TRAIN[label_id] == train_id


def test_the_seven_categories_stand_in_table_order():
    assert labels.CATEGORIES == (
        "flat", "construction", "object", "nature", "sky", "human", "vehicle",
    )  # fmt: skip


def test_evaluated_ids_are_those_with_a_train_id():
    assert labels.LABEL_IDS.evaluated.sum() == 19
    assert not labels.LABEL_IDS.evaluated[[0, 6, 9, 10, 14, 29, 30]].any()
    assert labels.TRAIN_IDS.evaluated.all()


def test_overlay_mixes_colours_half_and_half_and_leaves_ignored_pixels():
    image = np.full((1, 2, 3), 100, np.uint8)
    ids = np.array([[7, 255]], np.uint8)
    mixed = labels.overlay(image, ids, labels.LABEL_IDS)
    assert mixed.tolist() == [[[114, 82, 114], [100, 100, 100]]]


@pytest.mark.parametrize(
    ("space", "ids", "is_right"),
    [
        (labels.LABEL_IDS, [0, 33], True),
        (labels.LABEL_IDS, [0, 34], False),
        (labels.LABEL_IDS, [0, 255], False),
        (labels.TRAIN_IDS, [0, 18, 255], True),
        (labels.TRAIN_IDS, [19, 255], False),
        (labels.TRAIN_IDS, [254], False),
    ],
)
def test_ids_outside_the_space_are_named(space, ids, is_right):
    ids = np.array(ids, np.uint8)
    assert set(ids.tolist()).isdisjoint(space.stray_ids) == is_right
    if is_right:
        space.check_ids(ids)
        return
    with pytest.raises(
        ValueError, match=rf"holds the id \d+, {space.name} are"
    ):
        space.check_ids(ids)
