r"""Follows the losses of the same steps in other arithmetic.

    python -m benchmarks.numerics --data_dir=OUT --num_steps=50

Each contender begins with the same weights and sees the same batches; the
figure is the largest deviation of its loss from float32's, relative to it.
The data set is one that `preprocess.main` wrote with --image_size=280x280 or
larger.
"""

import argparse
import os
import sys

from preprocess import tool

_VARIANTS = {
    "float32": {"mixed_precision": "float32"},
    "remat": {"mixed_precision": "float32", "remat": True},
    "bfloat16": {"mixed_precision": "bfloat16"},
    "bfloat16, remat": {"mixed_precision": "bfloat16", "remat": True},
}
_SEED = 2019


def main() -> int:
    """Prints each variant's largest deviation; returns the exit code."""
    flags = _parse_flags()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        found = {
            name: losses(flags, options) for name, options in _VARIANTS.items()
        }
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    plain = found["float32"]
    print(f"float32: loss {plain[0]:.4f} at step 1, {plain[-1]:.4f} at the end")
    for name, others in found.items():
        print(f"{name}: deviates by up to {deviation(plain, others):.3%}")
    return 0


def losses(flags: argparse.Namespace, options: dict) -> list[float]:
    """Trains anew and returns the loss of each step.

    Args:
        flags: Those of this command.
        options: Fields of `TrainConfig` that the variant sets.

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
        **options,
    )
    keras.utils.set_random_seed(_SEED)
    split = manifest.split("train")
    stepper = building.build_training(config, split, devices.find_device())
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


def deviation(plain: list[float], others: list[float]) -> float:
    """Returns the largest relative difference of two runs' losses."""
    return max(
        abs(other - loss) / loss
        for loss, other in zip(plain, others, strict=True)
    )


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
