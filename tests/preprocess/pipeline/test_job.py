"""What a conversion says of what it did."""

import pytest

from preprocess.output.mend import Repairs
from preprocess.pipeline.job import Outcome


@pytest.mark.parametrize(
    ("repairs", "summary"),
    [
        (None, "Done"),
        (Repairs(), "Nothing to do, the data set is there and undamaged"),
        (
            Repairs(1, 2),
            "Made 1 shard again and wrote 2 files beside the shards, the rest "
            "of the data set was there and undamaged",
        ),
        (
            Repairs(were_read=False),
            "Nothing to do, the data set is there and its shards have the "
            "right sizes (preprocess.verify also reads them)",
        ),
        (
            Repairs(num_others=1, were_read=False),
            "Wrote 1 file beside the shards, the data set was there and its "
            "shards have the right sizes (preprocess.verify also reads them)",
        ),
    ],
)
def test_no_more_is_said_than_was_looked_at(repairs, summary):
    assert Outcome(None, repairs).summary == summary
