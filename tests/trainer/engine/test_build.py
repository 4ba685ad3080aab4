import numpy as np
import pytest

from schemas.class_weights import PixelCounts
from tests import tiny_run
from trainer.backends.devices import Device
from trainer.config.flag import ConfigError
from trainer.engine.build import build_training

TWO = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1"))
THREE = Device("GPU", is_gpu=True, members=("GPU:0", "GPU:1", "GPU:2"))


def refuse(text, device, num_examples=100, **options):
    config = tiny_run.make_config("data", "run", **options)
    counts = PixelCounts(*np.ones((2, 34), np.int64))
    with pytest.raises(ConfigError, match=text):
        build_training(config, num_examples, counts, device)


def test_a_batch_divides_over_the_devices_and_parts():
    refuse("--batch_size=8.*3 devices.* of 3", THREE, batch_size=8)
    refuse(
        "2 devices with --accumulate_steps=2; .* of 4",
        TWO,
        batch_size=6,
        accumulate_steps=2,
    )


def test_a_batch_of_devices_is_not_cut_to_a_small_split():
    refuse("=4 is more than the 3 frames of tr", TWO, 3, batch_size=4)
