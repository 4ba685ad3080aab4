"""Measures the 2021 recipe's input pipeline.

    python -m benchmarks.contenders.feed_recipe CITYSCAPES_ROOT first|later

prints the images a second of the first epoch, or of the epochs after it,
which replay the first one's crops from memory (F4).
"""

import sys

from benchmarks.contenders import feeding, recipe_input


def measure(cityscapes_root: str, epoch: str) -> float:
    """Returns images a second."""
    data = recipe_input.datasets(cityscapes_root, feeding.BATCH_SIZE)
    if epoch == "first":
        return feeding.first_epoch_rate(lambda: data.train, data.num_train)
    return feeding.later_rate(iter(data.train), data.num_train)


if __name__ == "__main__":
    print(measure(*sys.argv[1:]))
