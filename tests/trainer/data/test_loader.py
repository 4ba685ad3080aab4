import numpy as np
import pytest

from tests import tiny_dataset
from trainer.config.data import DataConfig
from trainer.data.loader import Batching, RunData
from trainer.data.run_records import open_run

FRAME = (64, 96)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    tiny_dataset.write_dataset(folder, 16, 16, FRAME, native=True)
    return str(folder)


def eval_shape(data_dir, num_devices=1, batch_size=16, resize=None, parts=1):
    data = DataConfig(data_dir, crop=(32, 48), resize=resize, cache="none")
    batching = Batching(batch_size, parts, num_devices=num_devices)
    loaded = RunData(data, open_run(data), batching, "unused")
    images, ids = next(iter(loaded.eval_batches()))
    assert images.shape[:-1] == ids.shape
    return tuple(ids.shape)


def test_pictures_of_the_crop_s_size_come_in_batches_of_the_training(data_dir):
    assert eval_shape(data_dir, resize=(40, 60)) == (16, 32, 48)


def test_whole_pictures_come_in_fewer_of_as_many_pixels(data_dir):
    assert eval_shape(data_dir) == (4, *FRAME)
    assert eval_shape(data_dir, batch_size=2) == (1, *FRAME)


def test_a_part_of_a_batch_sets_the_size(data_dir):
    assert eval_shape(data_dir, parts=4) == (1, *FRAME)
    assert eval_shape(data_dir, resize=(40, 60), parts=4) == (4, 32, 48)


def test_each_device_has_a_picture(data_dir):
    assert eval_shape(data_dir, num_devices=3) == (3, *FRAME)
    assert eval_shape(data_dir, num_devices=8) == (8, *FRAME)


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_crops_on_rare_classes_resume(tmp_path, cache):
    road, pole, void = 7, 17, 0
    ids = np.full(FRAME, road, np.uint8)
    ids[20, 70], ids[40, 10] = pole, void
    frames = [(np.zeros((*FRAME, 3), np.uint8), ids)] * 5
    tiny_dataset.write_dataset(tmp_path, 4, 1, FRAME, frames=frames)
    data = DataConfig(
        str(tmp_path),
        resize=None,
        crop=(16, 16),
        cache=cache,
        rare_class_crops=1.0,
    )
    loaded = RunData(data, open_run(data), Batching(2, epochs=10), "unused")
    whole = [ids.numpy() for _, ids in loaded.train_batches(0, 0)]
    rest = [ids.numpy() for _, ids in loaded.train_batches(3, 2)]
    np.testing.assert_array_equal(whole[7:], rest)
    # One pole of 6,143 pixels: all crops but one in thousands hold it.
    assert (np.stack(whole) == pole).any((2, 3)).all()
