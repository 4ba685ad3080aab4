import collections
import itertools

import numpy as np
import pytest

from tests import tiny_dataset
from trainer.config.data import DataConfig
from trainer.data import pipeline, splits
from trainer.data.epoch_plan import Order, divide
from trainer.data.process_share import WHOLE, Share
from trainer.data.run_records import open_run

SIZE = (32, 32)
EPOCHS = 3


def numbered_frame(number):
    """A frame all of whose pixels are its number."""
    return np.full((*SIZE, 3), number, np.uint8), np.zeros(SIZE, np.uint8)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """Two data sets: frames 0 to 8, val from 6 on, and 100 to 111."""
    folder = tmp_path_factory.mktemp("data")
    for name, first, num_train, num_val in (("a", 0, 6, 3), ("b", 100, 12, 1)):
        frames = [
            numbered_frame(first + index)
            for index in range(num_train + num_val)
        ]
        tiny_dataset.write_dataset(
            folder / name, num_train, num_val, SIZE, frames=frames
        )
    return f"{folder}/a,{folder}/b"


def batches(
    data_dir, place=(0, 0), batch_size=2, share=WHOLE, seed=1, **options
) -> list[np.ndarray]:
    """Returns the numbers of the frames of each batch, (B,) uint8."""
    data = DataConfig(data_dir, resize=SIZE, crop=(16, 16), **options)
    parts = open_run(data).train
    order = Order(data.augmentation(), batch_size, EPOCHS, seed, *place)
    sources = splits.open_train(data, parts, "", lambda line: None, share=share)
    return [
        images[:, 0, 0, 0].numpy()
        for images, _ in pipeline.train_batches(sources, order)
    ]


def epochs_of(found):
    return np.split(np.concatenate(found), EPOCHS)


def test_an_epoch_shows_every_frame_of_all_splits_once(data_dir):
    train = epochs_of(batches(data_dir))
    for epoch in train:
        assert sorted(epoch) == [*range(6), *range(100, 112)]
    assert len({tuple(epoch) for epoch in train}) == EPOCHS
    one = data_dir.split(",")[0]
    for epoch in epochs_of(batches(one, batch_size=3, train_split="train,val")):
        assert sorted(epoch) == list(range(9))


def test_splits_are_mixed(data_dir):
    for epoch in epochs_of(batches(data_dir)):
        changes = np.count_nonzero(np.diff((epoch < 100).astype(int)))
        assert changes > 3


def test_weights_say_how_often_a_frame_is_drawn(data_dir):
    found = epochs_of(batches(data_dir, data_weights=(2, 0.5)))
    for epoch in found:
        counts = collections.Counter(epoch.tolist())
        assert [counts[number] for number in range(6)] == [2] * 6
        others = [counts[number] for number in range(100, 112)]
        assert sorted(others) == [0] * 6 + [1] * 6
    assert len({frozenset(epoch.tolist()) for epoch in found}) > 1


def test_a_weight_of_one_split_makes_epochs_longer_or_shorter(data_dir):
    one = data_dir.split(",")[0]
    for epoch in epochs_of(batches(one, data_weights=(0.5,), batch_size=3)):
        assert len(set(epoch.tolist())) == 3
    for epoch in epochs_of(batches(one, data_weights=(1.5,), batch_size=3)):
        counts = collections.Counter(epoch.tolist())
        assert sorted(counts.values()) == [1, 1, 1, 2, 2, 2]


def test_what_an_epoch_leaves_out_is_the_end_of_its_mixture(data_dir):
    whole = epochs_of(batches(data_dir))
    for epoch, other in zip(
        epochs_of(batches(data_dir, batch_size=5)), whole, strict=True
    ):
        np.testing.assert_array_equal(epoch, other[:15])


def test_a_batch_of_another_size_goes_on_where_the_mixture_is(data_dir):
    options = {"data_weights": (1.5, 0.25)}
    whole = np.concatenate(batches(data_dir, **options)[6:12])
    rest = batches(data_dir, (1, 4), batch_size=3, **options)
    # Of 12 frames 8 are left: 2 batches of 3, and 4 of the third epoch.
    assert len(rest) == 2 + 4
    np.testing.assert_array_equal(np.concatenate(rest[:2]), whole[4:10])


@pytest.mark.parametrize("cache", ["ram", "none"])
@pytest.mark.parametrize("first_step", [1, 5, 6, 10, 16])
def test_batches_resume_from_any_step(data_dir, first_step, cache):
    options = {"data_weights": (1.5, 0.25), "cache": cache}
    whole = batches(data_dir, **options)
    place = first_step // 6, first_step % 6 * 2
    rest = batches(data_dir, place, **options)
    assert len(whole) == 18
    np.testing.assert_array_equal(whole[first_step:], rest)


def test_cached_and_stored_frames_come_alike(data_dir):
    np.testing.assert_array_equal(
        batches(data_dir, cache="ram"), batches(data_dir, cache="none")
    )
    assert not np.array_equal(batches(data_dir), batches(data_dir, seed=2))


def test_processes_learn_from_frames_of_their_own(data_dir):
    shown = []
    for index in range(2):
        found = batches(data_dir, batch_size=6, share=Share(index, 2))
        assert [len(batch) for batch in found] == [3] * 9
        for epoch in epochs_of(found):
            assert len(set(epoch.tolist())) == 9
        shown.append(set(np.concatenate(found).tolist()))
    assert not set.intersection(*shown)
    assert set.union(*shown) == {*range(6), *range(100, 112)}


def test_a_number_is_divided_in_proportion():
    for total, weights in itertools.product(
        range(50), ([1.0], [1.0, 2.0, 3.0], [0.1, 5.0])
    ):
        parts = divide(total, np.array(weights))
        exact = total * np.array(weights) / sum(weights)
        assert parts.sum() == total
        assert (np.abs(parts - exact) < 1).all()
