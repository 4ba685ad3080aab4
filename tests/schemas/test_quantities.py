import pytest

from schemas.quantities import byte_size, counted, noun


def test_only_one_is_singular():
    assert [counted(number, "shard") for number in (0, 1, 2)] == [
        "0 shards",
        "1 shard",
        "2 shards",
    ]


def test_words_with_plurals_of_their_own():
    assert counted(1, "process", "processes") == "1 process"
    assert counted(3, "process", "processes") == "3 processes"
    assert [noun(number, "is", "are") for number in (1, 2)] == ["is", "are"]


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 39, "1.5 TiB"),
        (5 << 50, "5,120.0 TiB"),
    ],
)
def test_a_size_takes_the_unit_that_fits(num_bytes, text):
    assert byte_size(num_bytes) == text
