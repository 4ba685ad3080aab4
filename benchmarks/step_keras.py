"""Steps of the recipe or of this project; see `benchmarks.train_step`."""

import argparse
import os
from collections.abc import Callable

import numpy as np

from benchmarks import step_timing
from schemas.manifest import Split

_MIB_OF_MB = 1e6 / (1 << 20)


def main() -> None:
    """Prints the figures of one contender."""
    flags = _parse_flags()
    os.environ["KERAS_BACKEND"] = flags.backend
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    from trainer import devices, train  # noqa: F401  all that a run imports

    device = devices.find_device()
    images, labels = step_timing.draw_batch(flags.batch_size)
    base_mb = step_timing.resident_mb()
    keras.utils.set_random_seed(1)
    prepare = _recipe if flags.contender == "recipe" else _ours
    step = prepare(flags, device, images, labels)
    device_peak_mb = None
    if device.is_gpu:

        def device_peak_mb() -> float:
            return devices.peak_memory_mb(device) * _MIB_OF_MB

    step_timing.print_figures(flags, step, base_mb, device_peak_mb)


def _parse_flags() -> argparse.Namespace:
    parser = step_timing.parser(__doc__)
    parser.add_argument("--contender", choices=("recipe", "ours"))
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

    from benchmarks import recipe_model

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

    from trainer import building
    from trainer.config import DataConfig, ModelConfig, TrainConfig
    from trainer.learning import LossConfig

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
    split = Split(flags.batch_size, 0, 0, (1,) * step_timing.NUM_CLASSES, ())
    stepper = building.build_training(config, split, device)
    images, labels = tf.constant(images), tf.constant(labels)
    return lambda: float(stepper.train(images, labels).loss)


if __name__ == "__main__":
    main()
