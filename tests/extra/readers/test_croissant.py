"""mlcroissant reads what a conversion describes: `make test-readers`."""

import pathlib

import pytest

from tests import recipes
from tests.extra.readers.reading import check_pairs, convert, reader, run_apart

mlcroissant = reader("mlcroissant")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return convert(tmp_path_factory.mktemp("native"))


def test_mlcroissant_finds_nothing_wrong_and_loads_every_pair(
    tmp_path, data_dir
):
    code = """
pairs = list(dataset)
issues = croissant.metadata.ctx.issues
assert not issues.errors, issues.errors
missing = {"license", "datePublished"}  # Not the conversion's to say.
assert len(issues.warnings) == len(missing), issues.warnings
for word in missing:
    assert any(word in warning for warning in issues.warnings), word
assert classes[7:9] == ["road", "sidewalk"]
"""
    recipe = recipes.on_page("Croissant")
    check_pairs(run_apart(tmp_path, recipe, data_dir, code))


def test_mlcroissant_reads_past_empty_shards(tmp_path):
    data_dir = convert(tmp_path, num_shards=16)
    dataset = mlcroissant.Dataset(f"{data_dir}/croissant.json")
    shards = {
        record["train/shard"].decode(): record["train/content"]
        for record in dataset.records("train")
    }
    assert shards == {
        path.name: path.read_bytes()
        for path in pathlib.Path(data_dir).glob("train-*")
    }
