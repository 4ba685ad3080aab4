import dataclasses
import json

import pytest

from preprocess.storage.files import read_text
from schemas import manifest
from schemas.labels import files

SPLIT = manifest.Split(
    num_examples=3,
    num_bytes=30,
    num_skipped=0,
    class_pixels=tuple(range(34)),
    shards=(
        manifest.Shard("val-00000-of-00002.tfrecord", 1, 10, "00000000"),
        manifest.Shard("val-00001-of-00002.tfrecord", 2, 20, "ffffffff"),
    ),
    present_pixels=tuple(range(34)),
    image_sizes={"280x280": 3},
    inputs="3-00",
)
CONTENT = manifest.Manifest(
    label_space="label_ids",
    num_classes=34,
    image_size=(280, 280),
    image_format="png",
    options={"limit": None},
    versions={"numpy": "2"},
    splits={"val": SPLIT},
)


def test_parse_returns_what_to_json_wrote():
    assert manifest.parse(CONTENT.to_json()) == CONTENT


def test_the_json_has_the_agreed_keys():
    content = json.loads(CONTENT.to_json())
    assert content["format"] == 1
    assert content["image"] == {"size": [280, 280], "format": "png"}
    assert content["splits"]["val"]["shards"][1] == {
        "name": "val-00001-of-00002.tfrecord",
        "num_examples": 2,
        "num_bytes": 20,
        "crc32c": "ffffffff",
    }


OWN = files.parse("0 0 0 ground\n128 64 128 road\n")


def test_other_classes_than_cityscapes_make_format_2():
    split = dataclasses.replace(
        SPLIT, class_pixels=(1, 2), present_pixels=(3, 3)
    )
    content = dataclasses.replace(
        CONTENT, num_classes=2, labels=OWN, splits={"val": split}
    )
    assert manifest.parse(content.to_json()) == content
    entries = json.loads(content.to_json())
    assert entries["format"] == 2
    assert [row["name"] for row in entries["labels"]["classes"]] == [
        "ground",
        "road",
    ]


def test_a_manifest_that_names_no_table_is_of_cityscapes():
    content = json.loads(CONTENT.to_json())
    del content["labels"], content["checksum"]
    assert manifest.parse(json.dumps(content)) == CONTENT
    with pytest.raises(manifest.ManifestError, match="KeyError: 'labels'"):
        manifest.parse(json.dumps(content | {"format": 2}))


def test_a_table_that_is_none_is_refused():
    content = json.loads(CONTENT.to_json())
    del content["checksum"]
    content["labels"]["classes"][3]["name"] = "road"
    with pytest.raises(
        manifest.ManifestError, match="class 7: the name 'road' is another"
    ):
        manifest.parse(json.dumps(content))


def test_ids_that_records_cannot_hold_are_refused():
    gaps = files.parse("name,id\nroad,3\nsky,9\n")
    content = dataclasses.replace(
        CONTENT, num_classes=2, labels=gaps, splits={}
    )
    with pytest.raises(manifest.ManifestError, match="the 1. is 3, 'road'"):
        manifest.parse(content.to_json())


def test_deeplabs_split_names_are_understood():
    assert CONTENT.split("val_fine") == SPLIT
    text = "no split 'train_fine', only val; convert it with --splits=train$"
    with pytest.raises(manifest.ManifestError, match=text):
        CONTENT.split("train_fine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_examples": 4}, "num_examples of val is 4, its shards hold 3"),
        ({"num_bytes": 31}, "num_bytes of val is 31, its shards hold 30"),
        ({"class_pixels": (1,)}, "class_pixels of val has 1 counts, not 34"),
        ({"shards": SPLIT.shards[::-1]}, "shard 0 of val is 'val-00001"),
    ],
)
def test_a_split_that_contradicts_itself_is_refused(change, message):
    split = dataclasses.replace(SPLIT, **change)
    content = dataclasses.replace(CONTENT, splits={"val": split})
    with pytest.raises(manifest.ManifestError, match=message):
        manifest.parse(content.to_json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_classes": 19}, "'label_ids' with 19 classes is not known"),
        ({"image_format": "gif"}, "'gif' is not one of png, jpeg"),
        (
            {"image_size": (280, 0)},
            "is not a size",
        ),
    ],
)
def test_a_manifest_out_of_range_is_refused(change, message):
    content = dataclasses.replace(CONTENT, **change)
    with pytest.raises(manifest.ManifestError, match=message):
        manifest.parse(content.to_json())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', "[" * 9999])
def test_text_that_is_no_manifest_is_refused(text):
    with pytest.raises(manifest.ManifestError):
        manifest.parse(text)


def test_a_missing_manifest_says_that_the_conversion_has_not_finished(tmp_path):
    with pytest.raises(manifest.ManifestError, match="has not finished there"):
        manifest.load(str(tmp_path), read_text)


def test_a_damaged_manifest_is_named(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(manifest.ManifestError, match="manifest.json: not a"):
        manifest.load(str(tmp_path), read_text)


def test_the_checksum_tells_an_edit_from_another_layout():
    content = json.loads(CONTENT.to_json())
    assert manifest.parse(json.dumps(content, sort_keys=True)) == CONTENT
    content["versions"]["numpy"] = "3"
    with pytest.raises(
        manifest.EditedManifestError, match="changed after it was written"
    ) as caught:
        manifest.parse(json.dumps(content))
    assert caught.value.manifest.versions == {"numpy": "3"}
    del content["checksum"]
    assert manifest.parse(json.dumps(content)).versions == {"numpy": "3"}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("splits/val/num_skipped", -1, "num_skipped of val is -1, should be"),
        ("splits/val/num_skipped", 0.5, "should be a whole number"),
        ("splits/val/num_skipped", True, "num_skipped of val is True"),
        ("splits/val/class_pixels", ["1"] * 34, "class_pixels of val is '1'"),
        ("splits/val/image_sizes", {"axb": 3}, "'axb', should be HEIGHTxWIDTH"),
        ("splits/val/shards/0/crc32c", "0", "should be eight hexadecimal"),
        ("splits/val/shards/0/name", 7, "a shard of val is 7, should be text"),
        ("splits", {"../val": {}}, "not a manifest: KeyError"),
        ("image/size", "large", "is not a size"),
        ("image/size", [1, 2, 3], "is not a size"),
        ("options", [], "should be entries with names"),
        ("label_space", ["x" * 99], "xxx..., should be text"),
    ],
)
def test_an_entry_of_another_type_or_range_is_named(path, value, message):
    content = json.loads(CONTENT.to_json())
    *folders, leaf = path.split("/")
    entry = content
    for name in folders:
        entry = entry[int(name) if name.isdecimal() else name]
    entry[int(leaf) if leaf.isdecimal() else leaf] = value
    with pytest.raises(manifest.ManifestError, match=message):
        manifest.parse(json.dumps(content))


def test_a_split_cannot_lead_out_of_the_folder():
    shard = dataclasses.replace(
        SPLIT.shards[0], name="../x-00000-of-00001.tfrecord"
    )
    split = dataclasses.replace(
        SPLIT, shards=(shard,), num_examples=1, num_bytes=10
    )
    content = dataclasses.replace(CONTENT, splits={"../x": split})
    with pytest.raises(manifest.ManifestError, match=r"split '\.\./x' is not"):
        manifest.parse(content.to_json())
