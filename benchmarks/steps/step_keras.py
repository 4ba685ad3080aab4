"""Steps of the recipe or of this project; see `benchmarks.train_step`."""

import argparse
import os
from collections.abc import Callable

import numpy as np

from benchmarks.steps import step_timing
from schemas.class_weights import PixelCounts

_MIB_OF_MB = 1e6 / (1 << 20)
_COUNTS_A_STEP = 20  # takes about as long as a step, and is as certain


def main() -> None:
    """Prints the figures of one contender."""
    flags = _parse_flags()
    os.environ["KERAS_BACKEND"] = flags.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    from trainer.backends import devices

    device = devices.find_device()
    images, labels = step_timing.draw_batch(flags.batch_size)
    base_mb = step_timing.resident_mb()
    keras.utils.set_random_seed(1)
    prepare = {"recipe": _recipe, "ours": _ours, "counts": _counts}
    step = prepare[flags.contender](flags, device, images, labels)
    device_peak_mb = None
    if device.is_gpu:

        def device_peak_mb() -> float:
            return devices.peak_memory_mb(device) * _MIB_OF_MB

    step_timing.print_figures(flags, step, base_mb, device_peak_mb)


def _parse_flags() -> argparse.Namespace:
    parser = step_timing.parser(__doc__)
    parser.add_argument("--contender", choices=("recipe", "ours", "counts"))
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--jit_compile", default="auto")
    parser.add_argument("--remat", action="store_true")
    parser.add_argument("--accumulate_steps", type=int, default=1)
    return parser.parse_args()


def _recipe(
    flags: argparse.Namespace, device, images: np.ndarray, labels: np.ndarray
) -> Callable[[], float]:
    """Prepares the recipe's step: Keras's own, in float32."""
    from keras import ops

    from benchmarks.contenders import recipe_model

    model = recipe_model.build_model(flags.base_filters)
    recipe_model.compile_model(model)
    images = ops.convert_to_tensor(images.astype("float32") / 127.5 - 1)
    labels = ops.convert_to_tensor(labels[..., None].astype("int32"))
    return lambda: model.train_on_batch(images, labels)[0]


def _ours(
    flags: argparse.Namespace, device, images: np.ndarray, labels: np.ndarray
) -> Callable[[], float]:
    """Prepares the step that `trainer.task` would take."""
    import tensorflow as tf

    from trainer.config.data import DataConfig
    from trainer.config.model import ModelConfig
    from trainer.config.optimization import LossConfig
    from trainer.config.training import TrainConfig
    from trainer.engine import build

    config = TrainConfig(
        model_dir="unused",
        data=DataConfig("unused"),
        model=ModelConfig("label_ids", flags.base_filters),
        loss=LossConfig(ignore_void=False),
        batch_size=flags.batch_size,
        mixed_precision=flags.precision,
        jit_compile=flags.jit_compile,
        remat=flags.remat,
        accumulate_steps=flags.accumulate_steps,
    )
    counts = PixelCounts(*np.ones((2, step_timing.NUM_CLASSES), np.int64))
    stepper = build.build_training(config, flags.batch_size, counts, device)
    images, labels = tf.constant(images), tf.constant(labels)
    return lambda: float(stepper.train(images, labels).loss)


def _counts(
    flags: argparse.Namespace, device, images: np.ndarray, labels: np.ndarray
) -> Callable[[], float]:
    """Prepares what a step of `_ours` does for its confusion matrix."""
    import keras

    from trainer.backends import devices
    from trainer.metrics import on_device

    if flags.backend == "jax":
        import jax

        count = jax.jit(on_device.logit_counts)
    else:
        import tensorflow as tf

        jit_compile = devices.choose_jit(flags.jit_compile, device)
        count = tf.function(on_device.logit_counts, jit_compile=jit_compile)
    labels = keras.ops.convert_to_tensor(labels)
    logits = keras.random.normal((*labels.shape, step_timing.NUM_CLASSES))
    flags.num_steps *= _COUNTS_A_STEP
    return lambda: float(count(labels, logits)[0, 0])


if __name__ == "__main__":
    main()
