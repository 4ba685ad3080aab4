import json

import pytest

from schemas.manifest import ManifestError
from tests import tiny_dataset
from trainer.data import dataset, integrity

ONE, OTHER = (f"train-0000{i}-of-00002.tfrecord" for i in (0, 1))


@pytest.fixture
def data_dir(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 6, 2, (16, 16))
    return tmp_path


def verify(data_dir):
    integrity.verify_shards(dataset.load(str(data_dir)), ("train", "val"))


def test_a_data_set_as_it_was_written_passes(data_dir):
    verify(data_dir)


def test_a_flipped_bit_is_named_with_its_record(data_dir):
    path = data_dir / ONE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ManifestError, match=rf"^1 of 4 shards .* first {ONE}: record 1 at byte"
    ):
        verify(data_dir)


def test_a_shard_under_anothers_name_is_told(data_dir):
    (data_dir / ONE).write_bytes((data_dir / OTHER).read_bytes())
    with pytest.raises(
        ManifestError, match=f"first {ONE}: .*it is {OTHER} under this name"
    ):
        verify(data_dir)


def test_a_manifest_with_other_counts_is_told(data_dir):
    path = data_dir / "manifest.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    train = content["splits"]["train"]
    train["num_examples"] -= 1
    train["shards"][1]["num_examples"] -= 1
    path.write_text(json.dumps(content))
    with pytest.raises(
        ManifestError, match=f"first {OTHER}: records 3, the manifest says 2"
    ):
        verify(data_dir)


def test_a_shard_that_cannot_be_read_is_named(data_dir):
    (data_dir / ONE).unlink()
    (data_dir / ONE).mkdir()
    with pytest.raises(ManifestError, match=f"first {ONE}: .*Is a directory"):
        verify(data_dir)


def test_what_is_too_large_to_read_twice_is_left(data_dir, monkeypatch):
    monkeypatch.setattr(integrity, "MAX_BYTES", 99)
    said = []
    records = dataset.load(str(data_dir))
    (data_dir / ONE).unlink()
    integrity.verify_shards(records, ("train",), said.append)
    assert said[0].endswith("preprocess.verify --quick verifies them")
