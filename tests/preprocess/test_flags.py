import os

import pytest
from absl import flags as absl_flags
from absl.testing import flagsaver

from preprocess import flags
from preprocess.errors import ConversionError
from schemas.failures import FlagError
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import ignoring


@pytest.fixture(autouse=True)
def own_flags():
    with flagsaver.flagsaver():
        for flag in flags.FLAGS.flags_by_module_dict()["preprocess.flags"]:
            flag.unparse()
        yield


def options(*arguments):
    given = ("--cityscapes_root=root", "--output_dir=out")
    flags.FLAGS(["main", *given, *arguments], known_only=True)
    return flags.parse_options()


def test_the_flags_of_an_earlier_call_do_not_count(tmp_path):
    given = ["main", f"--cityscapes_root={tmp_path}", "--output_dir=out"]
    flags.parse([*given, "--limit=1", "--overwrite", "--splits=val"])
    parsed, _ = flags.parse(given)
    assert (parsed.limit, parsed.splits) == (None, ("train", "val"))
    assert not flags.FLAGS.overwrite
    assert not flags.FLAGS["splits"].present
    with pytest.raises(FlagError, match="--cityscapes_root is missing"):
        flags.parse(["main", "--cityscapes_root="])
    with pytest.raises(FlagError, match="--output_dir is missing"):
        flags.parse(given[:2])


@pytest.mark.parametrize(
    "flag",
    [
        "--val_share=nan",
        "--shard_size_mb=nan",
        "--shard_size_mb=inf",
        "--shard_size_mb=0",
        "--image_size=99999x99999",
        "--image_size=0x64",
    ],
)
def test_a_number_without_sense_is_refused_by_its_flag(flag):
    with pytest.raises(FlagError, match=flag.partition("=")[0]):
        options(flag)


def test_a_size_that_no_jpeg_has_is_refused_for_jpegs_alone():
    assert options("--image_size=2x65501").encoding.size == (2, 65501)
    jpeg = "--image_format=jpeg"
    assert options("--image_size=2x65500", jpeg).encoding.size == (2, 65500)
    with pytest.raises(
        FlagError, match="--image_size=65501x2: a JPEG has at most 65500 pixels"
    ):
        options("--image_size=65501x2", jpeg)


@pytest.mark.parametrize(
    "flag",
    [
        "--limit=100000000000000000000",
        "--limit=0",
        "--num_shards=100000000000000000000",
        "--workers=0",
        "--jpeg_quality=101",
    ],
)
def test_a_number_out_of_bounds_is_refused_by_its_flag(flag):
    name = flag.partition("=")[0].removeprefix("--")
    with pytest.raises(absl_flags.IllegalFlagValueError, match=name):
        options(flag)


def test_a_file_of_flags_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(FlagError) as caught:
        flags.parse(["main", "--flagfile=no.flags"])
    assert str(caught.value) == (
        "--flagfile=no.flags cannot be read: No such file or directory"
    )
    (tmp_path / "photo.flags").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(FlagError, match=f"={tmp_path}/photo.flags, or a file"):
        flags.parse(["main", f"--flagfile={tmp_path}/photo.flags"])


TABLE = "name,id\nroad,{}\nsky,{}\n"


def labels(tmp_path, text, *arguments):
    path = tmp_path / "classes.csv"
    path.write_text(text)
    return options(f"--labels={path}", *arguments).encoding.labels


def test_the_label_table_is_cityscapes_where_no_file_is_given():
    assert options().encoding.labels == CITYSCAPES
    with_255 = options("--ignore_id=255").encoding.labels
    assert with_255 == ignoring(CITYSCAPES, 255)


def test_a_file_of_labels_is_the_table_and_255_is_ignored(tmp_path):
    table = labels(tmp_path, "\ufeff" + TABLE.format(0, 1))
    assert table.label_ids.class_names == ("road", "sky")
    assert table.ignore_id == 255
    text = TABLE.format(0, 1)
    assert labels(tmp_path, text, "--ignore_id=7").ignore_id == 7
    assert labels(tmp_path, text, "--ignore_id=none").ignore_id is None


def test_255_stays_ignored_where_a_class_is_to_be(tmp_path):
    text = TABLE.format(1, 2) + "background,0\n"
    table = labels(tmp_path, text, "--ignore_id=0")
    assert table.train_ids.class_names == ("road", "sky")
    assert table.ignore_id == 255


@pytest.mark.parametrize("ignore_id", ["256", "-1", "all", ""])
def test_an_id_to_ignore_that_is_none_is_refused(ignore_id):
    with pytest.raises(FlagError, match=f"--ignore_id={ignore_id} should be"):
        options(f"--ignore_id={ignore_id}")


def test_an_id_to_ignore_that_leaves_one_class_is_refused(tmp_path):
    with pytest.raises(FlagError, match="--ignore_id=1: .* 1 of the classes"):
        labels(tmp_path, TABLE.format(0, 1), "--ignore_id=1")


def test_ids_with_gaps_are_for_train_ids(tmp_path):
    text = TABLE.format(3, 9)
    with pytest.raises(
        FlagError, match="the 1. is 3, 'road'; .* --label_space=train_ids"
    ):
        labels(tmp_path, text)
    remedy = labels(tmp_path, text, "--label_space=train_ids")
    assert remedy.label_ids.ids == (3, 9)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name,id\nroad,0\nroad,1\n", "line 3: the name 'road' is another"),
        (b"\xff\xfen\0", "classes.csv: .* codec can't decode byte 0xff"),
        (None, "classes.csv: No such file or directory"),
    ],
)
def test_a_file_that_is_no_table_is_named(tmp_path, content, message):
    path = tmp_path / "classes.csv"
    if content:
        path.write_bytes(content)
    with pytest.raises(ConversionError, match=message):
        options(f"--labels={path}")


def test_a_leading_tilde_is_the_home_folder():
    given = options("--cityscapes_root=~/city", "--output_dir=~")
    home = os.path.expanduser("~")
    assert given.cityscapes_root == os.path.join(home, "city")
    assert given.output_dir == home


def test_help_names_each_suffix_that_a_pattern_takes():
    told = flags.FLAGS["image_pattern"].help
    assert "any of .png, .jpg, .jpeg, .jfif." in told
