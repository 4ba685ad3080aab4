r"""Follows the losses of the same steps in other arithmetic.

    python -m benchmarks.numerics --data_dir=OUT --num_steps=50

Each contender begins with the same weights and sees the same batches; the
figures are the largest deviations of its loss from float32's, relative to
it.  First of the steps' losses at the weights that float32 had before each:
what the arithmetic itself is off by.  Then of runs that go their own way: of
single steps, of means over ten, of the mean over all.

Training multiplies differences, whatever they come from.  So two contenders
compute in float32 throughout and only begin elsewhere: with weights each off
by up to the rounding of a bfloat16 (2^-9) or of a float32 (2^-24).  What
separates those from float32 is no fault of any arithmetic.

The weights of every step are kept in memory, 8 MB each at 16 filters.

The data set is one that `preprocess.main` wrote with --image_size=280x280 or
larger.
"""

import argparse
import dataclasses
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocess import command_line
from trainer.backends import tensorflow_settings

if TYPE_CHECKING:
    from trainer.backends.step import Stepper

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


@dataclasses.dataclass(frozen=True)
class Run:
    """A training.

    Attributes:
        losses: Of each step.
        weights: All of the network's, before each step.
    """

    losses: list[float]
    weights: list[list[np.ndarray]]


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
    tensorflow_settings.use_defaults()
    try:
        plain = train(flags, VARIANTS[PLAIN])
        print(
            f"float32: loss {plain.losses[0]:.4f} at step 1, "
            f"{plain.losses[-1]:.4f} at the end"
        )
        print(
            "| off float32's by up to | at float32's weights | single steps | "
            f"{_WINDOW}-step means | mean of all {len(plain.losses)} |\n"
            "|---|---:|---:|---:|---:|"
        )
        for name, variant in VARIANTS.items():
            if name != PLAIN:
                cells = " | ".join(_compare(flags, variant, plain))
                print(f"| {name} | {cells} |")
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _compare(
    flags: argparse.Namespace, variant: Variant, plain: Run
) -> list[str]:
    """Returns the cells of a variant's row."""
    cells = ["-"]  # Weights that are off are not float32's.
    if not variant.perturbation:
        told = train(flags, variant, plain.weights)
        cells = [f"{deviation(plain.losses, told.losses):.2%}"]
    own = train(flags, variant)
    num_steps = len(plain.losses)
    for window in (1, min(_WINDOW, num_steps), num_steps):
        off = deviation(plain.losses, own.losses, window)
        cells.append(f"{off:.2%}")
    return cells


def train(
    flags: argparse.Namespace,
    variant: Variant,
    weights: list[list[np.ndarray]] | None = None,
) -> Run:
    """Trains anew.

    Args:
        flags: Those of this command.
        variant: The contender.
        weights: Another run's, taken over before each step.

    Raises:
        ManifestError: The folder holds no data set.
    """
    import keras

    from trainer.backends import devices
    from trainer.config.data import DataConfig
    from trainer.config.model import ModelConfig
    from trainer.config.training import TrainConfig
    from trainer.data import pipeline, run_records, splits
    from trainer.data.epoch_plan import Order
    from trainer.engine import build

    crop = (flags.crop, flags.crop)
    data = DataConfig(flags.data_dir, eval_split="train", crop=crop)
    records = run_records.open_run(data)
    config = TrainConfig(
        model_dir="unused",
        data=data,
        model=ModelConfig(records.space.name, flags.base_filters),
        epochs=flags.num_steps,
        batch_size=flags.batch_size,
        **variant.options,
    )
    keras.utils.set_random_seed(_SEED)
    stepper = build.build_training(
        config,
        records.num_examples,
        records.pixel_counts,
        devices.find_device(),
        build.Milestones(flags.num_steps),
    )
    _perturb(stepper, variant.perturbation)
    order = Order(
        augmentation=data.augmentation(),
        batch_size=flags.batch_size,
        epochs=config.epochs,
        seed=_SEED,
    )
    batches = pipeline.train_batches(
        splits.open_train(data, records.train, ""), order
    )
    run = Run([], [])
    for step, batch in enumerate(batches.take(flags.num_steps)):
        if weights:
            stepper.model.set_weights(weights[step])
            stepper.reload()
        else:
            stepper.sync()
            run.weights.append(stepper.model.get_weights())
        run.losses.append(float(stepper.train(*batch).loss))
    return run


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
    parser = command_line.FlagParser(__doc__)
    parser.add_argument("--data_dir", required=True)
    for name, default in (
        ("num_steps", 50),
        ("base_filters", 16),
        ("batch_size", 4),
        ("crop", 256),
    ):
        parser.add_argument(
            f"--{name}", type=command_line.whole(1), default=default
        )
    return parser.parse_flags(None)


if __name__ == "__main__":
    sys.exit(main())
