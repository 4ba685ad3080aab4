import numpy as np
import pytest
import tensorflow as tf

from schemas import manifest
from schemas.labels.rows import IGNORE_ID
from tests import tiny_dataset
from trainer.config.data import Augmentation, DataConfig
from trainer.data import integrity, pipeline, splits
from trainer.data.epoch_plan import Order
from trainer.data.process_share import WHOLE, Share
from trainer.data.run_records import open_run
from trainer.inference.windows import Grid

SIZE = (40, 48)
CROP = (32, 32)
SILENT = dict(report=lambda line: None)


def place_frame(index):
    """A frame whose pixels say which frame, row and column they are of."""
    rows, columns = np.indices(SIZE)
    image = np.stack([rows, columns, np.full(SIZE, index)], -1)
    ids = (rows * 7 + columns * 3 + index) % 34
    return image.astype(np.uint8), ids.astype(np.uint8)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("data")
    frames = [place_frame(index) for index in range(27)]
    tiny_dataset.write_dataset(path, 20, 7, SIZE, frames=frames, num_shards=3)
    return str(path)


def open_both(data_dir, **options):
    data = DataConfig(data_dir, crop=CROP, **{"resize": SIZE} | options)
    return data, open_run(data)


def train_batches(
    data_dir, seed=1, place=(0, 0), batch_size=4, share=WHOLE, **options
):
    data, loaded = open_both(data_dir, **options)
    order = Order(Augmentation(CROP), batch_size, 3, seed, *place)
    sources = splits.open_train(
        data, loaded.train, f"{data_dir}/cache", share=share, **SILENT
    )
    batches = pipeline.train_batches(sources, order)
    return [(image.numpy(), label.numpy()) for image, label in batches]


def eval_batches(data_dir, batch_size=4, share=WHOLE, num_devices=1, **options):
    data, loaded = open_both(data_dir, **options)
    source = splits.open_eval(
        data, loaded.evaluation, f"{data_dir}/cache", share=share, **SILENT
    )
    size = splits.eval_size(data, loaded.evaluation, 16)
    batches = pipeline.eval_batches(source, size, 16, batch_size, num_devices)
    return [(image.numpy(), label.numpy()) for image, label in batches]


def equal(some, others):
    return all(
        (image == other_image).all() and (label == other_label).all()
        for (image, label), (other_image, other_label) in zip(
            some, others, strict=True
        )
    )


def corners_and_flips(images):
    """Per picture: top row, leftmost column, whether mirrored."""
    return [
        (
            image[0, 0, 0],
            image[..., 1].min(),
            bool(image[0, 0, 1] > image[0, -1, 1]),
        )
        for image in images
    ]


def test_picture_and_label_get_the_same_crop_and_flip(data_dir):
    for images, ids in train_batches(data_dir):
        row, column, index = np.moveaxis(images.astype(int), -1, 0)
        np.testing.assert_array_equal(ids, (row * 7 + column * 3 + index) % 34)


def test_crops_reach_every_corner_and_half_are_mirrored(data_dir):
    batches = [
        batch for seed in range(8) for batch in train_batches(data_dir, seed)
    ]
    tops, lefts, flips = np.transpose(
        [place for images, _ in batches for place in corners_and_flips(images)]
    )
    assert set(tops) == set(range(9))
    assert set(lefts) == set(range(17))
    assert 0.4 < np.mean(flips) < 0.6


def test_each_epoch_shows_every_frame_once(data_dir):  # F6
    batches = train_batches(data_dir)
    assert len(batches) == 15
    for epoch in range(3):
        epoch_batches = batches[5 * epoch : 5 * epoch + 5]
        shown = [
            image[0, 0, 2] for images, _ in epoch_batches for image in images
        ]
        assert sorted(shown) == list(range(20))


def test_the_second_epoch_has_other_crops_in_another_order(data_dir):  # F4
    batches = train_batches(data_dir, cache="ram")
    epochs = []
    for epoch in range(2):
        images = np.concatenate(
            [image for image, _ in batches[5 * epoch : 5 * epoch + 5]]
        )
        places = corners_and_flips(images)
        epochs.append(dict(zip(images[:, 0, 0, 2], places, strict=True)))
    assert list(epochs[0]) != list(epochs[1])
    moved = [
        index for index in range(20) if epochs[0][index] != epochs[1][index]
    ]
    assert len(moved) > 15


def test_the_same_seed_gives_the_same_batches(data_dir):
    assert equal(train_batches(data_dir, 5), train_batches(data_dir, 5))
    assert not equal(train_batches(data_dir, 5), train_batches(data_dir, 6))


@pytest.mark.parametrize("cache", ["ram", "disk", "auto"])
def test_cached_pictures_come_in_the_order_of_records(data_dir, cache):
    assert equal(
        train_batches(data_dir, cache=cache),
        train_batches(data_dir, cache="none"),
    )


@pytest.mark.parametrize("cache", ["ram", "none"])
@pytest.mark.parametrize("first_step", [3, 5, 14, 15])
def test_batches_go_on_from_any_step(data_dir, first_step, cache):
    whole = train_batches(data_dir, cache=cache)
    place = first_step // 5, first_step % 5 * 4
    rest = train_batches(data_dir, place=place, cache=cache)
    assert equal(whole[first_step:], rest)


def test_a_batch_of_another_size_goes_on_where_the_epoch_is(data_dir):
    def views(batches):
        return [view for pair in batches for view in zip(*pair, strict=True)]

    old, new = (train_batches(data_dir, batch_size=size) for size in (4, 3))
    rest = train_batches(data_dir, place=(1, 8), batch_size=3)
    # 8 of 20 frames are shown: 4 batches of 3 are left, and 6 of the third.
    assert len(rest) == 4 + 6
    assert equal(views(rest[:4]), views(old[5:10])[8:])
    assert equal(rest[4:], new[12:])
    rest = train_batches(data_dir, place=(2, 4), batch_size=10)
    # Of 16 frames 10 make a batch; 6 are left out, as by any epoch.
    assert equal(views(rest), views(old[10:])[4:14])


def test_fewer_frames_than_a_batch_make_one_smaller_batch(data_dir):
    batches = train_batches(data_dir, batch_size=64)
    assert [images.shape for images, _ in batches] == [(20, 32, 32, 3)] * 3


def test_native_records_are_decoded_once_and_kept(tmp_path):  # F5
    tiny_dataset.write_dataset(tmp_path, 4, 1, (80, 96), native=True)
    data, loaded = open_both(str(tmp_path))
    said = []
    sources = splits.open_train(data, loaded.train, "", report=said.append)
    for name in tmp_path.glob("train-*"):
        name.unlink()  # from here on, only what is kept can be read
    order = Order(Augmentation(CROP), 2, 2, seed=1)
    assert len(list(pipeline.train_batches(sources, order))) == 4
    assert said == [
        "decoding train once into 30.0 KiB of memory; preprocess.main "
        "--image_size=40x48 would do this once for every run"
    ]


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_evaluation_shows_every_frame_once_whole(data_dir, cache):
    batches = eval_batches(data_dir, cache=cache)
    assert [images.shape for images, _ in batches] == [(4, 32, 32, 3)] * 2
    images = np.concatenate([images for images, _ in batches])
    assert sorted(images[:7, 0, 0, 2]) == list(range(20, 27))
    assert (batches[-1][1][-1] == IGNORE_ID).all()


@pytest.mark.parametrize("cache", ["ram", "none"])
@pytest.mark.parametrize("count", [2, 3])
def test_processes_learn_from_frames_of_their_own(data_dir, count, cache):
    shown, draws = [], []
    for index in range(count):
        batches = train_batches(
            data_dir,
            batch_size=2 * count,
            share=Share(index, count),
            cache=cache,
        )
        num_steps = 20 // (2 * count)
        assert len(batches) == 3 * num_steps
        images = np.concatenate([image for image, _ in batches])
        epochs = np.split(images[:, 0, 0, 2], 3)
        assert all(len(set(epoch)) == 2 * num_steps for epoch in epochs)
        shown.append(set(images[:, 0, 0, 2]))
        draws.append(corners_and_flips(images))
    assert not set.intersection(*shown)
    assert set.union(*shown) == set(range(20))
    assert draws[0] != draws[1]


def test_tensorflows_own_seed_changes_nothing(data_dir):
    batches = []
    for seed in (3, 4):
        tf.random.set_seed(seed)
        batches.append(train_batches(data_dir))
    assert equal(*batches)


def test_a_share_goes_on_from_any_step(data_dir):
    options = {"share": Share(1, 2), "cache": "none"}
    whole = train_batches(data_dir, **options)
    assert equal(whole[7:], train_batches(data_dir, place=(1, 8), **options))


@pytest.mark.parametrize("cache", ["ram", "none"])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_processes_evaluate_every_frame_once_together(data_dir, count, cache):
    shown, num_batches = [], set()
    for index in range(count):
        batches = eval_batches(
            data_dir,
            batch_size=count,
            share=Share(index, count),
            num_devices=count,
            cache=cache,
        )
        num_batches.add(len(batches))
        for images, ids in batches:
            assert images.shape == (1, 32, 32, 3)
            if (ids != IGNORE_ID).any():
                shown.append(images[0, 0, 0, 2])
    assert sorted(shown) == list(range(20, 27))
    assert num_batches == {-(-7 // count)}


def test_evaluation_fills_a_small_split_up_to_all_devices(data_dir):
    [(images, ids)] = eval_batches(data_dir, batch_size=16, num_devices=8)
    assert images.shape == (8, 32, 32, 3)
    assert (ids[7] == IGNORE_ID).all()


def test_evaluation_labels_are_nearest_pixels(data_dir):  # F3
    (_, ids), *_ = eval_batches(data_dir)
    rows = np.floor((np.arange(32) + 0.5) * 40 / 32).astype(int)
    columns = np.floor((np.arange(32) + 0.5) * 48 / 32).astype(int)
    _, whole = place_frame(20)
    np.testing.assert_array_equal(ids[0], whole[rows][:, columns])


def test_without_resize_evaluation_shows_what_inference_shows(data_dir):
    (images, ids), *_ = eval_batches(data_dir, resize=None)
    image, label = place_frame(20)
    [window] = Grid(SIZE, (48, 48), 1.0, 16).cut(image)
    np.testing.assert_array_equal(images[0], window)
    np.testing.assert_array_equal(ids[0, 4:44], label)


def test_a_small_picture_of_a_batch_begins_as_in_inference():
    image, label = (pixels[:3, :37] for pixels in place_frame(1))
    filled, ids = pipeline.pad(image, label, (64, 48), 16)
    [window] = Grid((3, 37), (16, 48), 1.0, 16).cut(image)
    np.testing.assert_array_equal(filled[:16], window)
    expected = np.pad(label, ((6, 55), (5, 6)), constant_values=IGNORE_ID)
    np.testing.assert_array_equal(ids, expected)


def flip_byte(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("cache", ["ram", "none"])
def test_a_damaged_record_is_named(tmp_path, cache):
    tiny_dataset.write_dataset(tmp_path, 4, 2, SIZE, num_shards=1)
    flip_byte(tmp_path / "train-00000-of-00001.tfrecord", 3000)
    data, loaded = open_both(str(tmp_path), cache=cache)
    order = Order(Augmentation(CROP), 2, 1, seed=1)
    text = r"train-00000-of-00001.tfrecord: record \d+ at byte \d+ has a wrong"
    with pytest.raises(manifest.ManifestError, match=text):
        with integrity.naming_damage(*loaded.train):
            sources = splits.open_train(data, loaded.train, "", **SILENT)
            list(pipeline.train_batches(sources, order))
