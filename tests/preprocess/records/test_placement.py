import pytest

from preprocess.records import placement


def test_placement_never_changes():
    """These are part of the format: other values are other shards."""
    name = "aachen_000000_000019"
    assert placement.stable_hash(name) == 8424849397009711503
    assert placement.shard_of(name, 64) == 15


def test_all_shards_get_frames():
    shards = {placement.shard_of(f"ulm_{i:06d}_000019", 8) for i in range(200)}
    assert shards == set(range(8))


def test_order_in_a_shard_is_not_that_of_the_names():
    names = [f"ulm_{i:06d}_000019" for i in range(50)]
    assert sorted(names, key=placement.order_in_shard) != names


@pytest.mark.parametrize(
    ("num_frames", "num_bytes", "num_shards"),
    [
        (2975, 64 * 2**27, 64),  # by size
        (2975, 1, 8),  # small, shared by readers all the same
        (48, 1, 6),
        (7, 1, 1),
        (3, 2**40, 3),  # never more shards than frames
        (10**8, 230 * 2**40, 99_999),  # nor than five digits can number
    ],
)
def test_the_number_of_shards(num_frames, num_bytes, num_shards):
    found = placement.choose_num_shards(num_frames, num_bytes, 128)
    assert found == num_shards


def test_shard_keys_are_integers_that_come_back():
    key = placement.shard_key("train_extra", 4711)
    assert isinstance(key, int)
    assert placement.from_shard_key(key) == ("train_extra", 4711)
