import numpy as np
import pytest

from benchmarks.gpu_kit.stages import frames
from schemas.labels.cityscapes import LABEL_IDS
from schemas.manifest_checks import ManifestError
from tests import tiny_dataset

SIZE = (40, 48)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(folder, 3, 2, SIZE)
    return str(folder)


def test_a_split_has_the_pictures_and_ids_that_were_stored(data_dir):
    val = frames.read_split(data_dir, "val")
    assert val.pictures.shape == (2, *SIZE, 3)
    made = [tiny_dataset.make_frame(index, SIZE, LABEL_IDS) for index in (3, 4)]
    found = {part.tobytes() for part in val.label_ids}
    assert found == {ids.tobytes() for _, ids in made}
    found = {part.tobytes() for part in val.pictures}
    assert found == {picture.astype(np.uint8).tobytes() for picture, _ in made}


def test_batches_are_windows_of_frames_the_same_for_a_seed(data_dir):
    train = frames.read_split(data_dir, "train")
    batch, again, other = (
        next(frames.batches(train, 4, (16, 32), seed)) for seed in (1, 1, 2)
    )
    assert batch.pictures.shape == (4, 16, 32, 3)
    assert batch.label_ids.shape == (4, 16, 32)
    np.testing.assert_array_equal(batch.pictures, again.pictures)
    assert not np.array_equal(batch.pictures, other.pictures)
    windows = {
        ids[top : top + 16, left : left + 32][:, ::flip].tobytes()
        for ids in train.label_ids
        for top in range(25)
        for left in range(17)
        for flip in (1, -1)
    }
    assert {part.tobytes() for part in batch.label_ids} <= windows


def test_a_damaged_shard_is_refused(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 2, 2, SIZE)
    (path, _) = sorted(tmp_path.glob("val-*"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ManifestError, match=path.name):
        frames.read_split(str(tmp_path), "val")
