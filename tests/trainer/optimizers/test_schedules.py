import numpy as np
import pytest

from trainer.optimizers.schedules import WarmupDecay

RATE, WARMUP, TOTAL = 0.5, 4, 14


def rate(schedule, step, warmup_steps=WARMUP):
    function = WarmupDecay(RATE, schedule, warmup_steps, TOTAL)
    return float(function(step))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "poly"])
def test_the_warmup_rises_in_equal_steps(schedule):
    rates = [rate(schedule, step) for step in range(5)]
    np.testing.assert_allclose(rates, [0.125, 0.25, 0.375, 0.5, 0.5])


def test_constant_stays():
    assert rate("constant", 0, warmup_steps=0) == RATE
    assert rate("constant", 10**6) == RATE


def test_cosine_is_half_in_the_middle_and_zero_at_the_end():
    assert rate("cosine", 0, warmup_steps=0) == pytest.approx(RATE)
    assert rate("cosine", 9) == pytest.approx(RATE / 2)
    assert rate("cosine", 14) == pytest.approx(0, abs=1e-7)
    assert rate("cosine", 20) == pytest.approx(0, abs=1e-7)


def test_poly_falls_with_power_nine_tenths():
    assert rate("poly", 0, warmup_steps=0) == pytest.approx(RATE)
    assert rate("poly", 9) == pytest.approx(RATE * 0.5**0.9)
    assert rate("poly", 13) == pytest.approx(RATE * 0.1**0.9)
    assert rate("poly", 14) == 0
    assert rate("poly", 20) == 0
