import pytest

from tests.tiny_run import make_row
from trainer.config.flag import ConfigError
from trainer.engine.plan import Plan
from trainer.engine.state import RunState


def state_of(step=0, num_rows=0, position=0):
    rows = [make_row(number) for number in range(1, num_rows + 1)]
    return RunState(None, step, rows, position)


def test_epochs_of_one_batch_size_end_alike():
    plan = Plan(num_examples=11, batch_size=4, epochs=3)
    ends = [0, 2, 4, 6]
    for state in (state_of(), state_of(1, 0, 4), state_of(3, 1, 4)):
        found = [plan.end_of_epoch(number, state) for number in range(4)]
        assert found == ends


def test_another_batch_size_takes_what_the_epoch_has_left():
    # Two epochs of 2 steps, and one step of the third, were batches of 4.
    state = state_of(step=5, num_rows=2, position=4)
    plan = Plan(num_examples=11, batch_size=3, epochs=4)
    # Of 7 frames 6 make 2 steps; an epoch of this size has 3.
    ends = [plan.end_of_epoch(number, state) for number in range(5)]
    assert ends == [0, 2, 4, 7, 10]
    later = state_of(step=6, num_rows=2, position=7)
    assert plan.end_of_epoch(3, later) == 7


def test_an_epoch_with_less_than_a_batch_left_is_done():
    state = state_of(step=1, position=6)
    assert Plan(11, 6, 2).end_of_epoch(1, state) == 1


def test_a_run_does_not_resume_with_fewer_epochs_than_are_done():
    Plan(8, 4, epochs=2).check_epochs(state_of(4, 2), "run")
    Plan(8, 4, epochs=3).check_epochs(state_of(5, 2, 4), "run")
    with pytest.raises(ConfigError, match="=1 is less than the run in run "):
        Plan(8, 4, epochs=1).check_epochs(state_of(4, 2), "run")
    with pytest.raises(
        ConfigError,
        match="done: 2 epochs and a part of one more; .*epochs=3",
    ):
        Plan(8, 4, epochs=2).check_epochs(state_of(5, 2, 4), "run")
