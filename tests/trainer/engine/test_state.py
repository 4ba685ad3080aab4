import dataclasses
import math
import types

import pytest

from tests.tiny_run import make_row
from trainer.engine import state as run_state
from trainer.engine.checkpoints import CheckpointError
from trainer.engine.epoch import EpochScores
from trainer.engine.state import Digests, RunState

DIGESTS = Digests("train-records", "val-records")


def stepper():
    nothing = types.SimpleNamespace(variables=[], layers=[])
    return types.SimpleNamespace(
        model=nothing, optimizer=nothing, sync=list, reload=list
    )


def new_state(**fields):
    return RunState(EpochScores(2, None), **fields)


def checkpoint_of(finished, **host):
    state = new_state(step=7, rows=finished, epoch_seconds=2.5)
    made = run_state.to_checkpoint(state, stepper(), DIGESTS)
    return dataclasses.replace(made, host=made.host | host)


def restored(checkpoint, digests=DIGESTS):
    state = new_state()
    run_state.read_state(checkpoint, state, digests, first_batch_size=4)
    return state


def test_a_state_comes_back_as_it_was():
    rows = [make_row(1, 0.5, ema=0.25), make_row(2, 0.4, ema=0.125)]
    state = restored(checkpoint_of(rows))
    assert (state.step, state.rows) == (7, rows)
    assert (state.best, state.epoch_seconds) == (0.25, 2.5)


def test_a_checkpoint_without_its_position_is_of_the_first_batch_size():
    rows = [make_row(1), make_row(2)]  # of 2 steps each
    checkpoint = checkpoint_of(rows)
    assert restored(checkpoint).position == 0
    del checkpoint.host["position"]
    assert restored(checkpoint).position == (7 - 4) * 4


def test_the_best_score_is_that_of_the_rows_whatever_else_is_written():
    rows = [make_row(1, 0.5), make_row(2, 0.4), make_row(3, math.nan)]
    assert restored(checkpoint_of(rows, best=math.nan)).best == 0.5
    assert restored(checkpoint_of([])).best == -math.inf


def test_scores_on_other_records_are_not_compared():
    checkpoint = checkpoint_of([make_row(1)])
    with pytest.raises(
        CheckpointError,
        match="the run was scored on records of digest val-records, --data_dir "
        "now holds others; give the same data set, or train into another",
    ):
        restored(checkpoint, Digests("train-records", "others"))


def test_a_checkpoint_that_does_not_know_what_it_was_scored_on_resumes():
    checkpoint = checkpoint_of([make_row(1)])
    del checkpoint.host["eval_data"]
    assert restored(checkpoint, Digests("train-records", "others")).step == 7


@pytest.mark.parametrize(
    "rows",
    [None, [3], [{"epoch": 1}], [{"no": 1}], [dict.fromkeys(["loss"], "x")]],
)
def test_rows_that_are_none_are_refused(rows):
    with pytest.raises(CheckpointError, match="step 7 holds no state of a run"):
        restored(checkpoint_of([], rows=rows))
