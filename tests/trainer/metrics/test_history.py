import math

import pytest

from trainer.metrics import history


def test_rows_are_read_by_their_columns():
    text = "epoch,loss,changes\n1,0.5,\n2,,step 4: epochs=3\n"
    first, second = history.parse(text, ("epoch", "loss"))
    assert first == {"epoch": 1, "loss": 0.5}
    assert second["epoch"] == 2 and math.isnan(second["loss"])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("epoch\n1\n", "it has no column 'loss'"),
        ("{", "it has no column 'loss'"),
        ("epoch,loss\n1,high\n", "could not convert string to float: 'high'"),
        (f"loss\n{'9' * 200_000}\n", "field larger than field limit"),
        ("", None),
    ],
)
def test_what_is_no_such_file_is_refused(text, reason):
    if reason is None:
        assert history.parse(text, ("loss",)) == []
        return
    with pytest.raises(ValueError, match=reason):
        history.parse(text, ("loss",))
