"""Losses on JAX, of a batch on two devices, are those on TensorFlow."""

import sys

import keras
import numpy as np
import pytest

from tests import commands
from trainer.config.optimization import LossConfig
from trainer.losses.build import LOSSES, build_loss

pytest.importorskip("jax")

TWO_CPUS = {
    "KERAS_BACKEND": "jax",
    "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
}


def value_and_gradient(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Computes a loss of drawn logits on the backend that runs."""
    random = np.random.default_rng(2019)
    logits = random.normal(0, 2, (2, 16, 24, 5)).astype(np.float32)
    ids = random.integers(0, 6, (2, 16, 24), np.uint8)
    config = LossConfig(name, label_smoothing=0.1)
    function = build_loss(config, np.arange(1, 6, dtype=np.float32))
    if keras.backend.backend() == "jax":
        import jax

        mesh = jax.sharding.Mesh(jax.devices(), ("batch",))
        spec = jax.sharding.PartitionSpec("batch")
        layout = jax.sharding.NamedSharding(mesh, spec)
        step = jax.jit(jax.value_and_grad(lambda x, y: function(y, x)[0]))
        value, gradient = step(*jax.device_put((logits, ids), layout))
    else:
        import tensorflow as tf

        variable = tf.Variable(logits)
        with tf.GradientTape() as tape:
            value, _ = function(ids, variable)
        gradient = tape.gradient(value, variable)
    return np.asarray(value), np.asarray(gradient)


def save_all(path: str) -> None:
    """Keeps the value and the gradient of every loss."""
    arrays = {}
    for name in LOSSES:
        arrays[f"{name}/value"], arrays[f"{name}/gradient"] = (
            value_and_gradient(name)
        )
    np.savez(path, **arrays)


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory):
    """What JAX gives, in a process of its own."""
    path = tmp_path_factory.mktemp("out") / "losses.npz"
    done = commands.run("tests.extra.test_jax_losses", str(path), env=TWO_CPUS)
    assert done.returncode == 0, done.stderr
    return np.load(path)


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients_are_those_of_tensorflow(on_jax, name):
    value, gradient = value_and_gradient(name)
    np.testing.assert_allclose(on_jax[f"{name}/value"], value, rtol=1e-5)
    np.testing.assert_allclose(
        on_jax[f"{name}/gradient"], gradient, rtol=1e-4, atol=1e-8
    )


if __name__ == "__main__":
    save_all(*sys.argv[1:])
