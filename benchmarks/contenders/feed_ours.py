r"""Measures the trainer's input pipeline at its defaults.

    python -m benchmarks.contenders.feed_ours \
        DATA_DIR CACHE first|later uint8|float32 [AUGMENTATION]

prints the images a second of the first epoch or of those after it.  CACHE is
the trainer's --cache.  The trainer takes uint8 and normalizes on the device;
float32 normalizes on the host, as the recipe does.  AUGMENTATION is one of
`AUGMENTATIONS`; without it, the recipe's crop and flip.
"""

import sys
import tempfile
from typing import Any

import tensorflow as tf

from benchmarks.contenders import feeding
from trainer.config.data import AppearanceConfig, DataConfig
from trainer.data import pipeline, run_records, splits
from trainer.data.epoch_plan import Order

_MANY = 1 << 20
"""Epochs; more than any measurement reaches."""

_SPLIT = "train"

_SCALES = (0.5, 2.0)
AUGMENTATIONS: dict[str, dict[str, Any]] = {
    "recipe": {},
    "scale": {"random_scale": _SCALES},
    "colors": {"appearance": AppearanceConfig(0.2, 0.2, 0.2)},
    "rectangles": {"appearance": AppearanceConfig(coarse_dropout=8)},
    "rare": {"rare_class_crops": 0.5},
    "all": {
        "random_scale": _SCALES,
        "appearance": AppearanceConfig(0.2, 0.2, 0.2, coarse_dropout=8),
    },
}
"""Name → options of `DataConfig`."""


def measure(
    data_dir: str,
    cache: str,
    epoch: str,
    dtype: str,
    augmentation: str = "recipe",
) -> float:
    """Returns images a second."""
    data = DataConfig(
        data_dir,
        eval_split=_SPLIT,
        cache=cache,
        **AUGMENTATIONS[augmentation],
    )
    records = run_records.open_run(data)
    num_images = records.num_examples
    with tempfile.TemporaryDirectory() as cache_dir:

        def open_batches() -> tf.data.Dataset:
            order = Order(
                data.augmentation(records.rarity(True).tolist()),
                feeding.BATCH_SIZE,
                epochs=_MANY,
                seed=2019,
            )
            sources = splits.open_train(data, records.train, cache_dir)
            batches = pipeline.train_batches(sources, order)
            if dtype == "float32":
                batches = batches.map(_normalize).prefetch(tf.data.AUTOTUNE)
            return batches

        if epoch == "first":
            return feeding.first_epoch_rate(open_batches, num_images)
        return feeding.later_rate(iter(open_batches()), num_images)


def _normalize(
    images: tf.Tensor, labels: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Brings a batch of uint8 pictures to [-1, 1] in one pass."""
    images = tf.quantization.dequantize(
        tf.bitcast(images, tf.quint8), -1.0, 1.0, mode="MIN_COMBINED"
    )
    return images, labels


if __name__ == "__main__":
    print(measure(*sys.argv[1:]))
