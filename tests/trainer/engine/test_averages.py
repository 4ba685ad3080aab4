import types

import keras
import numpy as np
import pytest

from trainer.engine.averages import Updates, unbiased_statistics
from trainer.models.encoders import FeaturePyramid, encoder_layers
from trainer.models.kinds import Kinds

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
    with unbiased_statistics(stepper, Updates(num_updates)):
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
    with unbiased_statistics(stepper, Updates(num_updates)):
        np.testing.assert_array_equal(layer.moving_mean, before)
    assert stepper.copies == []


def test_the_steps_of_a_frozen_encoder_do_not_count_for_its_averages():
    kinds = Kinds(momentum=0.9)
    inputs = keras.Input((None, None, 3))
    feature = keras.layers.BatchNormalization()(inputs)
    pyramid = FeaturePyramid(keras.Model(inputs, [feature]), [1])
    pictures = keras.Input((None, None, 3))
    placed = pyramid.place(pictures, kinds, is_frozen=True)[1]
    model = keras.Model(pictures, kinds.normalize(placed))
    encoder, decoder = encoder_layers(model)[-1], model.layers[-1]
    batch = np.random.default_rng(1).normal(5.0, 3.0, (8, 4, 4, 3))
    for is_frozen in (True, True, False):
        encoder.trainable = not is_frozen
        model(batch, training=True)
    nothing = lambda: None  # noqa: E731
    stepper = types.SimpleNamespace(model=model, sync=nothing, reload=nothing)
    decoded = np.asarray(decoder.moving_mean) / (1 - 0.9**3)
    with unbiased_statistics(stepper, Updates(3, num_frozen=2)):
        for moving, seen in (
            (encoder.moving_mean, batch.mean((0, 1, 2))),
            (encoder.moving_variance, batch.var((0, 1, 2))),
            (decoder.moving_mean, decoded),
        ):
            np.testing.assert_allclose(moving, seen, rtol=1e-4)
