import dataclasses
import json
import pickle

import numpy as np
import pytest

from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.rows import Label
from schemas.labels.table import LabelTable, first_difference, ignoring

ROWS = (
    Label("ground", 0, 255, "", (0, 0, 0)),
    Label("road", 3, 1, "flat", (128, 64, 128)),
    Label("tram", 7, 0, "vehicle", (0, 80, 100)),
)
TABLE = LabelTable(ROWS, ignore_id=9)


def changed(index: int, **change) -> tuple[Label, ...]:
    rows = list(ROWS)
    rows[index] = dataclasses.replace(rows[index], **change)
    return tuple(rows)


def test_a_table_comes_back_from_json_and_from_a_worker():
    text = json.dumps(TABLE.to_json())
    assert LabelTable.from_json(json.loads(text)) == TABLE
    assert pickle.loads(pickle.dumps(TABLE)) == TABLE
    assert TABLE.to_json() == {
        "ignore_id": 9,
        "classes": [
            {
                "name": "ground",
                "id": 0,
                "train_id": None,
                "category": "",
                "color": [0, 0, 0],
            },
            {
                "name": "road",
                "id": 3,
                "train_id": 1,
                "category": "flat",
                "color": [128, 64, 128],
            },
            {
                "name": "tram",
                "id": 7,
                "train_id": 0,
                "category": "vehicle",
                "color": [0, 80, 100],
            },
        ],
    }


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (changed(1, name="tram"), "class 2: the name 'tram' is another class"),
        (changed(1, name=""), "class 1: the name '' should be 1 to 100 char"),
        (changed(1, name="a\nb"), "class 1: the name"),
        (changed(1, name=7), "class 1: the name 7 should"),
        (changed(1, category=None), "class 1: the category None should"),
        (changed(1, label_id=7), "class 2: the id 7 is that of 'road', too"),
        (changed(2, label_id=255), "id 255 should be a whole number from 0 to"),
        (changed(2, label_id=True), "the id True should be a whole number"),
        (changed(2, train_id=1), "the train id 1 is that of 'road', too"),
        (changed(1, train_id=2), "the train id 2 is too high: those of 2 cl"),
        (changed(1, train_id=255), "1 of the classes is evaluated, at least"),
        (changed(0, color=(1, 2)), "class 0: the color .1, 2. should be three"),
        (changed(0, color=(1, 2, 256)), "class 0: the color 256 should be"),
        (ROWS[::-1], "do not stand in the order of ids"),
        ((), "0 of the classes are evaluated, at least 2"),
    ],
)
def test_rows_that_are_no_table_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        LabelTable(rows)


@pytest.mark.parametrize("ignore_id", [3, 256, -1, "9"])
def test_an_id_to_ignore_is_no_classs(ignore_id):
    with pytest.raises(ValueError, match="ignore_id"):
        LabelTable(ROWS, ignore_id)


def test_train_ids_are_the_evaluated_classes_in_their_order():
    space = TABLE.train_ids
    assert space.class_names == ("tram", "road")
    assert space.ids == (0, 1)
    assert space.has_ignored
    expected = np.full(256, 255)
    expected[[3, 7]] = 1, 0
    assert (space.stored == expected).all()
    assert space.to_label_ids[:3].tolist() == [7, 3, 255]
    assert space.palette[:3].tolist() == [[0, 80, 100], [128, 64, 128], [0] * 3]
    space.check_storable()


def test_label_ids_with_gaps_are_for_label_maps_alone():
    space = TABLE.label_ids
    assert space.ids == (0, 3, 7)
    assert space.evaluated.tolist() == [False, True, True]
    assert space.to_label_ids[[0, 1, 3, 7, 9]].tolist() == [0, 255, 3, 7, 255]
    assert space.palette[7].tolist() == [0, 80, 100]
    with pytest.raises(
        ValueError, match="label_ids have to be 0, 1, 2 .* the 2. is 3, 'road'"
    ):
        space.check_storable()


def test_label_maps_may_hold_255_where_the_table_ignores_an_id():
    table = ignoring(CITYSCAPES, 255)
    assert table.label_ids.has_ignored
    table.label_ids.check_ids(np.array([33, 255], np.uint8))
    assert not CITYSCAPES.label_ids.has_ignored


def test_ignoring_a_class_leaves_it_out_of_evaluation():
    table = ignoring(CITYSCAPES, 8)
    names = list(CITYSCAPES.train_ids.class_names)
    names.remove("sidewalk")
    assert list(table.train_ids.class_names) == names
    assert table.label_ids.class_names == CITYSCAPES.label_ids.class_names
    assert (table.ignore_id, ignoring(TABLE, 0).ignore_id) == (None, 9)
    with pytest.raises(ValueError, match="1 of the classes is evaluated"):
        ignoring(TABLE, 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color": (1, 2, 3), "category": "x"}, ""),
        (
            {"name": "tree"},
            "id 3 is 'tree' of train id 1 here and 'road' of train id 1 there",
        ),
        (
            {"label_id": 2},
            "id 2 is 'road' of train id 1 here and no class there",
        ),
    ],
)
def test_the_first_class_that_differs_is_named(change, message):
    assert first_difference(LabelTable(changed(1, **change)), TABLE) == message


def test_a_class_that_one_table_does_not_evaluate_differs():
    assert first_difference(ignoring(CITYSCAPES, 33), CITYSCAPES) == (
        "id 33 is 'bicycle', which is not evaluated, here and 'bicycle' of "
        "train id 18 there"
    )
