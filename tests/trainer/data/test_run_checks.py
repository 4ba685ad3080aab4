import dataclasses

import pytest

from tests import tiny_dataset, tiny_run
from trainer.config.flag import ConfigError
from trainer.config.optimization import OptimizerConfig
from trainer.data import run_checks
from trainer.data.run_records import open_run


@pytest.mark.parametrize(
    ("batch_size", "num_parts", "remedy"),
    [(8, 2, "give --batch_size=4"), (16, 8, "lower --accumulate_steps")],
)
def test_the_batch_of_a_small_split_divides_into_its_parts(
    tmp_path, batch_size, num_parts, remedy
):
    tiny_dataset.write_dataset(tmp_path, 5, 1)
    config = tiny_run.make_config(
        tmp_path,
        tmp_path / "run",
        batch_size=batch_size,
        accumulate_steps=num_parts,
    )
    records = open_run(config.data)
    with pytest.raises(ConfigError) as error:
        run_checks.check(config, records, is_new=True)
    assert str(error.value) == (
        f"--batch_size={batch_size} is more than an epoch draws, 5 frames of "
        f"train, and these do not divide into --accumulate_steps={num_parts} "
        f"equal parts; {remedy}"
    )
    run_checks.check(
        dataclasses.replace(config, batch_size=4, accumulate_steps=2),
        records,
        is_new=True,
    )


@pytest.mark.parametrize(("num_warmup", "is_told"), [(5, False), (6, True)])
def test_a_warm_up_that_takes_the_whole_run_is_told(
    tmp_path, capsys, num_warmup, is_told
):
    tiny_dataset.write_dataset(tmp_path, 6, 1)
    config = tiny_run.make_config(
        tmp_path,
        tmp_path / "run",
        batch_size=2,
        optimizer=OptimizerConfig(warmup_steps=num_warmup),
    )
    run_checks.check(config, open_run(config.data), is_new=True)
    line = (
        "note: --warmup_steps=6 is not less than the run's 6 steps: its "
        "learning rate rises to the end\n"
    )
    assert capsys.readouterr().err == line * is_told
