"""Steps over several devices of one machine, in one TensorFlow graph.

A batch is cut into equal parts, one a device.  There is one copy of the
variables, on the first device, and one update: each part reads them, and its
gradients add up there.  What belongs to the whole batch is computed from the
sums of the parts: the moments of batch normalization, and the loss.  So the
results are those of one device, but for the rounding of sums.
"""

import functools
from collections.abc import Callable

import keras
import tensorflow as tf
from keras import ops

from trainer.backends.step import StepResult
from trainer.backends.tensorflow_step import TensorFlowStepper
from trainer.metrics import confusion
from trainer.models import unet

Parts = list[tf.Tensor]
"""One tensor a device."""


class MirroredStepper(TensorFlowStepper):
    """Steps on all of `StepOptions.devices`."""

    def _score(self, images, labels, training: bool) -> StepResult:
        devices = self._options.devices
        with tf.device("CPU:0"):  # where batches come from
            images, labels = (
                tf.split(batch, len(devices)) for batch in (images, labels)
            )
        parts = _on_each(devices, unet.normalize, images)
        logits = forward(self.model, parts, devices, training)
        sums = _on_each(devices, self._loss.sums, labels, logits)
        counts = _on_each(devices, confusion.logit_counts, labels, logits)
        loss, weight = self._loss.mean(
            tf.nest.map_structure(lambda *values: tf.add_n(values), *sums)
        )
        return StepResult(loss, weight, tf.add_n(counts))


def forward(
    model: keras.Model,
    parts: Parts,
    devices: tuple[str, ...],
    training: bool,
) -> Parts:
    """Calls a network on all parts of a batch, layer by layer.

    Args:
        model: A network of layers that are called once each, with one input
            and one output.
        parts: (B / N, H, W, 3) float32 each.
        devices: TensorFlow's names of the N devices.
        training: Whether batch normalization uses the batch's moments.

    Returns:
        What `model(batch, training=training)` gives, in parts.
    """
    values = {id(model.inputs[0]): parts}
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        if isinstance(layer.input, list):
            sources = [values[id(tensor)] for tensor in layer.input]
            inputs = [list(part) for part in zip(*sources, strict=True)]
        else:
            inputs = values[id(layer.input)]
        if training and isinstance(layer, keras.layers.BatchNormalization):
            outputs = _normalize(layer, inputs, devices)
        else:
            call = functools.partial(layer, training=training)
            outputs = _on_each(devices, call, inputs)
        values[id(layer.output)] = outputs
    return values[id(model.outputs[0])]


def _normalize(
    layer: keras.layers.BatchNormalization,
    parts: Parts,
    devices: tuple[str, ...],
) -> Parts:
    """Normalizes by the moments of all parts and updates their averages."""

    def moments(part):
        # Keras does the same: float16 would overflow.
        part = _widened(part)
        return tf.nn.moments(part, list(range(part.shape.rank - 1)))

    means, variances = zip(*_on_each(devices, moments, parts), strict=True)
    mean = tf.add_n(means) / len(parts)  # the parts are of one size
    variance = tf.add_n(
        [
            part_variance + tf.square(part_mean - mean)
            for part_mean, part_variance in zip(means, variances, strict=True)
        ]
    ) / len(parts)
    kept = layer.momentum
    for average, value in (
        (layer.moving_mean, mean),
        (layer.moving_variance, variance),
    ):
        average.assign(average * kept + value * (1.0 - kept))

    def normalize(part):
        outputs = ops.batch_normalization(
            _widened(part),
            mean,
            variance,
            axis=-1,
            offset=layer.beta,
            scale=layer.gamma,
            epsilon=layer.epsilon,
        )
        return tf.cast(outputs, layer.compute_dtype)

    return _on_each(devices, normalize, parts)


def _widened(part: tf.Tensor) -> tf.Tensor:
    """Casts to float32 at least, as Keras does for moments."""
    return tf.cast(part, keras.backend.result_type(part.dtype, "float32"))


def _on_each(
    devices: tuple[str, ...], function: Callable, *parts: list
) -> list:
    """Calls a function with the arguments of each device, on it."""
    results = []
    for device, *arguments in zip(devices, *parts, strict=True):
        with tf.device(device):
            results.append(function(*arguments))
    return results
