import pytest

from schemas.manifest import ManifestError
from tests import tiny_dataset
from trainer.data import dataset


@pytest.fixture
def records(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 2)
    return dataset.load(str(tmp_path))


def test_the_same_records_written_again_are_the_same(records):
    tiny_dataset.write_dataset(records.folder, 4, 2)
    records.check_unchanged(("train", "val"))


def test_other_records_are_noticed_in_the_split_that_has_them(records):
    tiny_dataset.write_dataset(records.folder, 4, 2, num_shards=1)
    for split in ("train", "val"):
        with pytest.raises(
            ManifestError,
            match=f"the data set in {records.folder} has changed since this "
            f"command opened it: '{split}' holds other records",
        ):
            records.check_unchanged((split,))


def test_a_split_that_was_added_does_not_matter(records, tmp_path):
    other = tmp_path / "other"
    tiny_dataset.write_dataset(other, 4, 3)
    (tmp_path / "manifest.json").write_bytes(
        (other / "manifest.json").read_bytes()
    )
    records.check_unchanged(("train",))
    with pytest.raises(ManifestError, match="'val' holds other records"):
        records.check_unchanged(("train", "val"))


def test_a_conversion_under_way_is_noticed(records, tmp_path):
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ManifestError, match="manifest.json does not exist"):
        records.check_unchanged(("train",))
