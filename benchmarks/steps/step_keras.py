"""Steps of the recipe or of this project; see `benchmarks.train_step`."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.steps import step_timing
from schemas.class_weights import PixelCounts
from trainer.backends import tensorflow_settings
from trainer.config.encoders import NO_ENCODER

if TYPE_CHECKING:
    from trainer.backends.devices import Device

_MIB_OF_MB = 1e6 / (1 << 20)
_COUNTS_A_STEP = 20  # takes about as long as a step, and is as certain


class Prepared(NamedTuple):
    """A contender, as `step_timing.print_figures` takes it.

    Attributes:
        step: Takes one step and waits for its loss.
        base_mb: The process's memory when imports and data were there.
        device_peak_mb: Gives the device's peak; None on a CPU.
    """

    step: Callable[[], float]
    base_mb: float
    device_peak_mb: Callable[[], float] | None


def main() -> None:
    """Prints the figures of one contender."""
    flags = parse_flags()
    step_timing.print_figures(flags, *prepare(flags))


def prepare(flags: argparse.Namespace) -> Prepared:
    """Makes a contender ready for its first step, which compiles."""
    os.environ["KERAS_BACKEND"] = flags.backend
    if flags.contender != "recipe":  # That is as its user has it.
        tensorflow_settings.use_defaults()
    import keras

    from trainer.backends import devices

    device = devices.find_device()
    batch = step_timing.draw_batch(flags.batch_size, flags.size)
    base_mb = step_timing.resident_mb()
    keras.utils.set_random_seed(1)
    step = _CONTENDERS[flags.contender](
        flags, device, *map(keras.ops.convert_to_tensor, batch)
    )
    device_peak_mb = None
    if device.is_gpu:

        def device_peak_mb() -> float:
            return devices.peak_memory_mb(device) * _MIB_OF_MB

    return Prepared(step, base_mb, device_peak_mb)


def parse_flags(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Reads the contender's flags, the command's own ones where None."""
    parser = step_timing.parser(__doc__)
    parser.add_argument("--contender", choices=tuple(_CONTENDERS))
    parser.add_argument("--backend", default="tensorflow")
    parser.add_argument("--jit_compile", default="auto")
    parser.add_argument("--encoder", default=NO_ENCODER)
    parser.add_argument("--remat", action="store_true")
    parser.add_argument("--accumulate_steps", type=int, default=1)
    return parser.parse_args(arguments)


def _recipe(
    flags: argparse.Namespace, device: "Device", images: Any, labels: Any
) -> Callable[[], float]:
    """Prepares the recipe's step: Keras's own, in float32."""
    from keras import ops

    from benchmarks.contenders import recipe_model

    model = recipe_model.build_model(flags.base_filters, size_px=flags.size[0])
    recipe_model.compile_model(model)
    images = ops.cast(images, "float32") / 127.5 - 1
    labels = ops.cast(labels[..., None], "int32")
    return lambda: model.train_on_batch(images, labels)[0]


def _ours(
    flags: argparse.Namespace, device: "Device", images: Any, labels: Any
) -> Callable[[], float]:
    """Prepares the step that `trainer.task` would take."""
    from trainer.config.data import DataConfig
    from trainer.config.model import ModelConfig
    from trainer.config.optimization import LossConfig
    from trainer.config.training import TrainConfig
    from trainer.engine import build

    config = TrainConfig(
        model_dir="unused",
        data=DataConfig("unused"),
        model=ModelConfig(
            "label_ids",
            flags.base_filters,
            encoder=flags.encoder,
            encoder_weights="none",
        ),
        loss=LossConfig(ignore_void=False),
        batch_size=flags.batch_size,
        mixed_precision=flags.precision,
        jit_compile=flags.jit_compile,
        remat=flags.remat,
        accumulate_steps=flags.accumulate_steps,
    )
    counts = PixelCounts(*np.ones((2, step_timing.NUM_CLASSES), np.int64))
    steps = build.Milestones(end=1)
    config = build.settle(config, device, is_new=True)
    stepper = build.build_training(
        config, flags.batch_size, counts, device, steps
    )
    return lambda: float(stepper.train(images, labels).loss)


def _split_joins(
    flags: argparse.Namespace, device: "Device", images: Any, labels: Any
) -> Callable[[], float]:
    """Prepares the step of `_ours` with joins that are never made."""
    from trainer.backends import devices
    from trainer.backends.build import build_stepper
    from trainer.backends.step import StepOptions
    from trainer.config.model import ModelConfig
    from trainer.config.optimization import LossConfig, OptimizerConfig
    from trainer.losses.build import build_loss
    from trainer.models import joins
    from trainer.models.kinds import Kinds
    from trainer.models.unet import build_unet
    from trainer.optimizers.build import build_optimizer

    jit_compile = devices.choose_jit(flags.jit_compile, device)
    precision = flags.precision
    if precision == "auto":
        is_narrow = ModelConfig("label_ids", flags.base_filters).is_narrow
        precision, _ = devices.choose_precision(device, jit_compile, is_narrow)
    kinds = Kinds(devices.policy_of(precision), join_conv=joins.JoinConv2D)
    num_classes = step_timing.NUM_CLASSES
    stepper = build_stepper(
        build_unet((None, None, 3), num_classes, flags.base_filters, kinds),
        build_optimizer(OptimizerConfig(), total_steps=1),
        build_loss(LossConfig(), np.ones(num_classes, np.float32)),
        StepOptions(jit_compile),
    )
    return lambda: float(stepper.train(images, labels).loss)


def _counts(
    flags: argparse.Namespace, device: "Device", images: Any, labels: Any
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
    logits = keras.random.normal((*labels.shape, step_timing.NUM_CLASSES))
    flags.num_steps *= _COUNTS_A_STEP
    return lambda: float(count(labels, logits)[0, 0])


_CONTENDERS = {
    "recipe": _recipe,
    "ours": _ours,
    "split_joins": _split_joins,
    "counts": _counts,
}


if __name__ == "__main__":
    main()
