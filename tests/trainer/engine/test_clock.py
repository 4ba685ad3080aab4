import pytest

from trainer.engine import clock


@pytest.fixture
def at(monkeypatch):
    """Sets the time."""
    now = [100.0]
    monkeypatch.setattr(clock.time, "perf_counter", lambda: now[0])

    def set_time(seconds):
        now[0] = seconds

    return set_time


def test_rates_are_taken_over_the_steps_and_seconds_over_the_epoch(at):
    watch = clock.Clock(seconds_before=5.0)
    watch.count(4)
    watch.count(4)
    at(102.0)
    assert watch.images_per_second == 4.0
    assert watch.seconds_per_step == 1.0
    watch.stop()
    at(110.0)  # after validation
    assert watch.images_per_second == 4.0
    assert watch.seconds == 5.0 + 10.0


def test_the_wait_for_input_is_a_share_of_the_steps_time(at):
    watch = clock.Clock()

    with watch.waiting():
        at(101.0)
    at(102.0)
    with watch.waiting():
        at(102.5)
    at(104.0)
    watch.stop()
    at(200.0)
    assert watch.input_wait_share == (1.0 + 0.5) / 4.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0:00:00"), (59.6, "0:01:00"), (3661, "1:01:01"), (1e5, "27:46:40")],
)
def test_durations_are_written_with_hours(seconds, text):
    assert clock.format_seconds(seconds) == text
