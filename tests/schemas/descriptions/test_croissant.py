import dataclasses
import fnmatch

import pytest

from schemas.descriptions import croissant
from schemas.labels import files
from schemas.layouts.table import LAYOUTS
from tests import tiny_dataset


@pytest.fixture
def content(tmp_path):
    return tiny_dataset.write_dataset(tmp_path, 3, 2)


def record_sets(content) -> dict[str, dict]:
    found = croissant.metadata(content)["recordSet"]
    return {record_set["@id"]: record_set for record_set in found}


def test_each_class_is_a_record_with_its_color(content):
    rows = record_sets(content)["classes"]["data"]
    assert len(rows) == 34
    assert rows[7] == {
        "classes/id": 7,
        "classes/name": "road",
        "classes/category": "flat",
        "classes/color": "#804080",
        "classes/evaluated": True,
    }
    assert not rows[0]["classes/evaluated"]


def test_fields_belong_to_their_record_sets_and_files_are_there(content):
    file_sets = {
        file_set["@id"]
        for file_set in croissant.metadata(content)["distribution"]
    }
    for name, record_set in record_sets(content).items():
        ids = [field["@id"] for field in record_set["field"]]
        assert all(field_id.startswith(f"{name}/") for field_id in ids)
        assert record_set["key"]["@id"] in ids
        sources = [f["source"] for f in record_set["field"] if "source" in f]
        assert {s["fileSet"]["@id"] for s in sources} <= file_sets
        assert bool(sources) != ("data" in record_set)


def test_a_file_set_is_the_shards_of_its_split(content):
    names = [shard.name for shard in content.shards]
    names += ["train_extra-00000-of-00002.tfrecord", "index.html"]
    for file_set in croissant.metadata(content)["distribution"]:
        split = file_set["@id"].removesuffix("-shards")
        assert fnmatch.filter(names, file_set["includes"]) == [
            shard.name for shard in content.splits[split].shards
        ]


def test_own_classes_are_described_without_cityscapes(tmp_path, content):
    table = files.parse("0 0 0 ground\n1 1 1 road\n")
    own = tiny_dataset.write_dataset(tmp_path / "own", 2, 1, labels=table)
    metadata = croissant.metadata(own)
    assert metadata["name"] == "own_classes"
    assert not {"citeAs", "url"} & set(metadata)
    assert {"citeAs", "url"} <= set(croissant.metadata(content))
    assert record_sets(own)["train"]["description"] == (
        "2 frames in 2 shards; each record is a shard."
    )


def test_other_data_sets_of_cityscapes_classes_do_not_cite_it(content):
    options = {"layout": LAYOUTS["kitti"].to_json()}
    metadata = croissant.metadata(dataclasses.replace(content, options=options))
    assert metadata["name"] == "kitti"
    assert not {"citeAs", "url"} & set(metadata)


def test_nobodys_licence_or_date_is_made_up(content):
    assert not {"license", "datePublished", "creator"} & set(
        croissant.metadata(content)
    )
