import time

import pytest

from schemas.labels import files
from schemas.labels.rows import Label

COLORS = """# Made by hand
0 0 0 background\r
\r
128 64 128\troad marking
"""


def test_label_colors_number_the_classes_by_their_order():
    assert files.parse(COLORS).classes == (
        Label("background", 0, 0, "", (0, 0, 0)),
        Label("road marking", 1, 1, "", (128, 64, 128)),
    )


def test_cvats_labelmap_is_read_too():
    text = "# label:color_rgb:parts:actions\nbackground:0,0,0::\ntree:9,8,7::\n"
    assert files.parse(text).classes == (
        Label("background", 0, 0, "", (0, 0, 0)),
        Label("tree", 1, 1, "", (9, 8, 7)),
    )


def test_csv_may_give_train_ids_categories_and_colors():
    text = (
        "color;Name;id;trainId;category\n"
        "#804080;road;7;0;flat\n"
        "(70, 130, 180);sky;0;1;\n"
        "0 0 0;void;3;ignored;none\n"
    )
    table = files.parse(text)
    assert table.classes == (
        Label("sky", 0, 1, "", (70, 130, 180)),
        Label("void", 3, 255, "none", (0, 0, 0)),
        Label("road", 7, 0, "flat", (128, 64, 128)),
    )
    assert table.ignore_id is None


def test_csv_without_train_ids_evaluates_all_in_the_order_of_ids():
    table = files.parse('id,name\n4,"tree, tall"\n2,road\n9,sky\n')
    assert table.train_ids.class_names == ("road", "tree, tall", "sky")
    # The colours of ids 2, 4 and 9 in PASCAL VOC's label maps.
    assert table.train_ids.palette[:3].tolist() == [
        [0, 128, 0],
        [0, 0, 128],
        [192, 0, 0],
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it holds no class"),
        ("# only this\n", "it holds no class"),
        ("road\nsky\n", "line 1: 'road' should be `red green blue name` or"),
        ("name,id,size\n", "line 1: 'name,id,size' should be"),
        ("name,name,id\n", "line 1: 'name,name,id' should be"),
        ("name,id\n", "line 1: 0 of the classes are evaluated, at least 2"),
        ("name,id\na,0\nb\n", "line 3: 1 columns, the header has 2"),
        ("name,id\na,0\nb,one\n", "line 3: the id 'one' should be a whole"),
        ("name,id\na,0\n\na,1\n", "line 4: the name 'a' is another class's"),
        ("name,id\na,0\nb,0\n", "line 3: the id 0 is that of 'a', too"),
        ("name,id\na,0\nb,255\n", "line 3: the id 255 should be a whole"),
        (
            "name,id,train_id\na,0,0\nb,1,2\n",
            "line 3: the train id 2 is too high: those of 2 classes have to be",
        ),
        (
            "name,id,color\na,0,1 2 3\nb,1,red\n",
            "line 3: the color 'red' should be three numbers",
        ),
        ("0 0 0 a\n0 0 b\n", "line 2: '0 0 b' is not like line 1, '0 0 0 a'"),
        ("0 0 0 a\n0 0 256 b\n", "line 2: the color 256 should be a whole"),
        ("0 0 0 a\n\n", "line 1: 1 of the classes is evaluated, at least 2"),
    ],
)
def test_what_is_no_table_is_refused_by_its_line(text, message):
    with pytest.raises(ValueError, match=message):
        files.parse(text)


def test_a_file_of_the_most_lines_is_read_in_their_number():
    text = "name,id\n" + "".join(f"a,{i % 255}\n" for i in range(60_000))
    begin = time.process_time()
    with pytest.raises(ValueError, match="line 3: the name 'a' is another cl"):
        files.parse(text)
    assert time.process_time() - begin < 5


def test_a_file_of_another_kind_is_not_quoted_at_length():
    with pytest.raises(ValueError, match="line 1: ") as caught:
        files.parse("x" * 10_000)
    assert len(str(caught.value)) < 300
