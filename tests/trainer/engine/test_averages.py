import types

import keras
import numpy as np
import pytest

from trainer.engine.averages import unbiased_statistics

BATCH = np.random.default_rng(1).normal(5.0, 3.0, (8, 4, 4, 2))


def stepper_after(num_updates: int):
    """A network of one normalization that saw the same batch each time."""
    inputs = keras.Input((4, 4, 2))
    layer = keras.layers.BatchNormalization()
    model = keras.Model(inputs, layer(inputs))
    for _ in range(num_updates):
        model(BATCH, training=True)
    copies = []
    return types.SimpleNamespace(
        model=model,
        copies=copies,
        sync=lambda: copies.append("from the device"),
        reload=lambda: copies.append("to the device"),
    )


@pytest.mark.parametrize("num_updates", [1, 20])
def test_a_short_run_is_scored_with_the_statistics_that_it_saw(num_updates):
    stepper = stepper_after(num_updates)
    layer = stepper.model.layers[-1]
    before = [np.array(layer.moving_mean), np.array(layer.moving_variance)]
    assert before[0].max() < 2.0  # still near the 0 that it started from
    with unbiased_statistics(stepper, num_updates):
        np.testing.assert_allclose(
            layer.moving_mean, BATCH.mean((0, 1, 2)), rtol=1e-4
        )
        np.testing.assert_allclose(
            layer.moving_variance, BATCH.var((0, 1, 2)), rtol=1e-3
        )
    np.testing.assert_array_equal(layer.moving_mean, before[0])
    np.testing.assert_array_equal(layer.moving_variance, before[1])


@pytest.mark.parametrize("num_updates", [0, 1000])
def test_before_the_first_step_and_in_long_runs_nothing_changes(num_updates):
    stepper = stepper_after(3)
    layer = stepper.model.layers[-1]
    before = np.array(layer.moving_mean)
    with unbiased_statistics(stepper, num_updates):
        np.testing.assert_array_equal(layer.moving_mean, before)
    assert stepper.copies == []
