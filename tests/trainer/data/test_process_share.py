import itertools

import pytest

from tests import tiny_dataset
from trainer.data.process_share import WHOLE, Piece, Share

SHARDS = [7, 6, 1, 6]


def frames(share, counts):
    """The numbers in the split of the frames that a share reads."""
    starts = [0, *itertools.accumulate(counts)]
    return [
        starts[piece.shard] + frame
        for piece in share.pieces(counts)
        for frame in range(piece.begin, piece.end)
    ]


def test_a_single_process_reads_all_shards_whole():
    assert WHOLE.pieces(SHARDS) == [
        Piece(0, 0, 7),
        Piece(1, 0, 6),
        Piece(2, 0, 1),
        Piece(3, 0, 6),
    ]


def test_only_the_shards_at_its_ends_are_shared_with_others():
    assert Share(0, 2).pieces(SHARDS) == [Piece(0, 0, 7), Piece(1, 0, 3)]
    assert Share(1, 2).pieces(SHARDS) == [
        Piece(1, 3, 6),
        Piece(2, 0, 1),
        Piece(3, 0, 6),
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 20, 23])
def test_every_frame_is_in_one_share(count):
    shares = [frames(Share(index, count), SHARDS) for index in range(count)]
    assert sum(shares, []) == list(range(20))
    sizes = [len(share) for share in shares]
    assert max(sizes) == WHOLE.largest(20) // count + (20 % count > 0)
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_a_share_fills_its_part_of_every_batch(count):
    """Steps are those of the whole split, batches of `count` a process."""
    for num_examples in range(count, 40):
        for per_process in range(1, num_examples // count + 1):
            steps = num_examples // (per_process * count)
            for index in range(count):
                first, end = Share(index, count).bounds(num_examples)
                assert steps * per_process <= end - first


def test_the_largest_share_is_known_to_all():
    for num_examples in range(10):
        bounds = [Share(i, 4).bounds(num_examples) for i in range(4)]
        largest = max(end - first for first, end in bounds)
        assert Share(2, 4).largest(num_examples) == largest


def test_a_share_names_the_shards_that_it_is_in(tmp_path):
    content = tiny_dataset.write_dataset(tmp_path, 10, 2, num_shards=4)
    names = [
        shard.name[6:11] for shard in Share(0, 3).shards(content.split("train"))
    ]
    assert names == ["00000"]
