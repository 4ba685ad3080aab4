"""Steps that devices share; a child of stage d.

python -m benchmarks.gpu_kit.stages.shared_step --number=2 --data_dir=DIR
"""

import argparse
import json
import time

import jax
import keras
import numpy as np

from benchmarks.gpu_kit.stages import frames
from trainer.backends import devices, processes
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions, Stepper
from trainer.config.devices import DevicesConfig
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.losses.build import build_loss
from trainer.models.build import build_training_network
from trainer.optimizers.build import build_optimizer

_NUM_STEPS = 3
_NUM_TIMED = 10
_SEED = 2019


def main() -> None:
    """Prints the losses of some steps, and images a second, as JSON."""
    flags = _parse_flags()
    options = DevicesConfig(
        flags.strategy,
        flags.coordinator,
        num_processes=2 if flags.coordinator else 1,
        process_id=flags.process_id,
    )
    with processes.joined(options):
        device = devices.find_device(options)
        told = {
            "losses": _losses(flags, device, options),
            "rate": _rate(flags, device, options),
            "devices": device.count,
        }
    print(json.dumps(told), flush=True)


def _losses(
    flags: argparse.Namespace, device: devices.Device, options: DevicesConfig
) -> list[float]:
    """Learns from the same batches, whoever shares them."""
    side = 64 if flags.small else 128
    train = frames.read_split(flags.data_dir, "train")
    batches = frames.batches(train, 4 * flags.number, (side, side), _SEED)
    losses = []
    with jax.default_matmul_precision("highest"):
        stepper = _stepper(flags, "float32", device)
        for _, batch in zip(range(_NUM_STEPS), batches, strict=False):
            losses.append(float(stepper.train(*_own(batch, options)).loss))
    return losses


def _rate(
    flags: argparse.Namespace, device: devices.Device, options: DevicesConfig
) -> float:
    """Returns images a second, of all devices together."""
    side, each = (64, 2) if flags.small else (256, 32)
    train = frames.read_split(flags.data_dir, "train")
    number = each * device.count
    batch = _own(
        next(frames.batches(train, number, (side, side), _SEED)), options
    )
    stepper = _stepper(flags, "mixed_bfloat16", device)
    float(stepper.train(*batch).loss)  # compiles
    begin = time.perf_counter()
    for _ in range(_NUM_TIMED):
        result = stepper.train(*batch)
    float(result.loss)
    return number * _NUM_TIMED / (time.perf_counter() - begin)


def _stepper(
    flags: argparse.Namespace, policy: str, device: devices.Device
) -> Stepper:
    keras.utils.set_random_seed(_SEED)
    config = ModelConfig("label_ids", 4 if flags.small else 64)
    return build_stepper(
        build_training_network(config, policy, has_kernels=False),
        build_optimizer(OptimizerConfig("sgd", learning_rate=0.01), 1),
        build_loss(LossConfig(), np.ones(config.num_classes, np.float32)),
        StepOptions(jit_compile=True, devices=device.members),
    )


def _own(batch: frames.Frames, options: DevicesConfig) -> frames.Frames:
    """Returns this process's part of a batch."""
    return frames.Frames(
        *(
            np.split(part, options.num_processes)[options.process_id]
            for part in batch
        )
    )


def _parse_flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--data_dir", required=True)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--strategy", default="auto")
    parser.add_argument("--coordinator", default="")
    parser.add_argument("--process_id", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()
