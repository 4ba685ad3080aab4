r"""Follows the losses of the same steps in other arithmetic.

    python -m benchmarks.numerics --data_dir=OUT --num_steps=50

Each contender begins with the same weights and sees the same batches; the
figures are the largest deviations of its loss from float32's, relative to
it: of single steps, of means over ten, of the mean over all.

Training multiplies differences, whatever they come from.  So two contenders
compute in float32 throughout and only begin elsewhere: with weights each off
by up to the rounding of a bfloat16 (2^-9) or of a float32 (2^-24).  What
separates those from float32 is no fault of any arithmetic.

The data set is one that `preprocess.main` wrote with --image_size=280x280 or
larger.
"""

import argparse
import dataclasses
import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocess import tool

if TYPE_CHECKING:
    from trainer.stepper import Stepper

_SEED = 2019
_WINDOW = 10


@dataclasses.dataclass(frozen=True)
class Variant:
    """How a contender differs.

    Attributes:
        options: Fields of `TrainConfig`.
        perturbation: What its first weights are off by at most, relative to
            each.
    """

    options: dict[str, Any]
    perturbation: float = 0.0


PLAIN = "float32"
VARIANTS = {
    PLAIN: Variant({"mixed_precision": "float32"}),
    "float32, --remat": Variant({"mixed_precision": "float32", "remat": True}),
    "bfloat16": Variant({"mixed_precision": "bfloat16"}),
    "bfloat16, --remat": Variant(
        {"mixed_precision": "bfloat16", "remat": True}
    ),
    "float32, weights off by 2^-9": Variant(
        {"mixed_precision": "float32"}, 2.0**-9
    ),
    "float32, weights off by 2^-24": Variant(
        {"mixed_precision": "float32"}, 2.0**-24
    ),
}


def main() -> int:
    """Prints each variant's deviations; returns the exit code."""
    flags = _parse_flags()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        found = {
            name: losses(flags, variant) for name, variant in VARIANTS.items()
        }
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    plain = found.pop(PLAIN)
    print(f"float32: loss {plain[0]:.4f} at step 1, {plain[-1]:.4f} at the end")
    print(
        f"| off float32's by up to | single steps | {_WINDOW}-step means "
        f"| mean of all {len(plain)} |\n|---|---:|---:|---:|"
    )
    for name, others in found.items():
        cells = [
            f"{deviation(plain, others, window):.2%}"
            for window in (1, min(_WINDOW, len(plain)), len(plain))
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    return 0


def losses(flags: argparse.Namespace, variant: Variant) -> list[float]:
    """Trains anew and returns the loss of each step.

    Args:
        flags: Those of this command.
        variant: The contender.

    Raises:
        ManifestError: The folder holds no data set.
    """
    import keras

    from trainer import building, dataset, devices, input_pipeline, sources
    from trainer.config import DataConfig, ModelConfig, TrainConfig

    data = DataConfig(flags.data_dir, crop=(flags.crop, flags.crop))
    manifest = dataset.open_dataset(data, ("train",))
    config = TrainConfig(
        model_dir="unused",
        data=data,
        model=ModelConfig(manifest.label_space, flags.base_filters),
        epochs=flags.num_steps,
        batch_size=flags.batch_size,
        **variant.options,
    )
    keras.utils.set_random_seed(_SEED)
    split = manifest.split("train")
    stepper = building.build_training(config, split, devices.find_device())
    _perturb(stepper, variant.perturbation)
    order = input_pipeline.Order(
        crop=data.crop,
        scales=data.random_scale,
        batch_size=flags.batch_size,
        epochs=config.epochs,
        seed=_SEED,
    )
    batches = input_pipeline.train_batches(
        sources.open_train(data, manifest, ""), order
    )
    return [
        float(stepper.train(images, labels).loss)
        for images, labels in batches.take(flags.num_steps)
    ]


def deviation(
    plain: list[float], others: list[float], window: int = 1
) -> float:
    """Returns the largest relative difference of two runs' losses.

    Args:
        plain: What is compared with, a loss a step.
        others: As many.
        window: Steps that each compared mean is of; those of a last window
            that is not full are left out.
    """
    usable = len(plain) // window * window
    means, other_means = (
        np.reshape(run[:usable], (-1, window)).mean(axis=1)
        for run in (plain, others)
    )
    return float(np.max(np.abs(other_means - means) / means))


def _perturb(stepper: "Stepper", perturbation: float) -> None:
    """Multiplies each weight by its own draw near 1."""
    draws = np.random.default_rng(_SEED)
    for variable in stepper.model.trainable_variables:
        offsets = draws.uniform(-perturbation, perturbation, variable.shape)
        variable.assign(variable.numpy() * (1 + offsets))
    stepper.reload()


def _parse_flags() -> argparse.Namespace:
    parser = tool.FlagParser(__doc__)
    parser.add_argument("--data_dir", required=True)
    for name, default in (
        ("num_steps", 50),
        ("base_filters", 16),
        ("batch_size", 4),
        ("crop", 256),
    ):
        parser.add_argument(f"--{name}", type=tool.whole(1), default=default)
    return parser.parse_flags(None)


if __name__ == "__main__":
    sys.exit(main())
