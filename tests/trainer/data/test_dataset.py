import pytest

from schemas.manifest import ManifestError
from tests import tiny_dataset
from trainer.data.dataset import Part, load


@pytest.fixture
def parts(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 2)
    records = load(str(tmp_path))
    return Part(records, "train"), Part(records, "val")


def test_the_same_records_written_again_are_the_same(parts, tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 2)
    for part in parts:
        part.check_unchanged()


def test_other_records_are_noticed_in_the_split_that_has_them(parts, tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 2, num_shards=1)
    for part in parts:
        with pytest.raises(
            ManifestError,
            match=f"the data set in {tmp_path} has changed since this "
            f"command opened it: '{part.split}' holds other records",
        ):
            part.check_unchanged()


def test_a_split_that_was_added_does_not_matter(parts, tmp_path):
    other = tmp_path / "other"
    tiny_dataset.write_dataset(other, 4, 3)
    (tmp_path / "manifest.json").write_bytes(
        (other / "manifest.json").read_bytes()
    )
    train, val = parts
    train.check_unchanged()
    with pytest.raises(ManifestError, match="'val' holds other records"):
        val.check_unchanged()


def test_a_conversion_under_way_is_noticed(parts, tmp_path):
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(ManifestError, match="manifest.json does not exist"):
        parts[0].check_unchanged()
