import math

import pytest

from trainer.metrics import history


def test_rows_are_read_by_their_columns():
    text = "epoch,loss,changes\n1,0.5,\n2,,step 4: epochs=3\n"
    first, second = history.parse(text, ("epoch", "loss"))
    assert first == {"epoch": 1, "loss": 0.5}
    assert second["epoch"] == 2 and math.isnan(second["loss"])


@pytest.mark.parametrize("row", [",1", "1,", "inf,1"])
def test_an_epoch_without_its_number_is_refused_where_it_is_read(row):
    text = f"epoch,step,loss\n{row},0.5\n"
    with pytest.raises(ValueError, match="an epoch has no number"):
        history.parse(text, ("epoch", "step", "loss"))
    assert history.parse(text, ("loss",)) == [{"loss": 0.5}]


def test_a_file_that_cannot_be_read_is_named():
    def read_text(path):
        raise PermissionError("locked")

    with pytest.raises(ValueError, match=r"^run/metrics\.csv is .*\(locked\)"):
        history.load("run/metrics.csv", ("loss",), read_text)


def test_a_file_that_is_missing_stays_missing():
    def read_text(path):
        raise FileNotFoundError(path)

    with pytest.raises(FileNotFoundError):
        history.load("run/metrics.csv", ("loss",), read_text)


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
