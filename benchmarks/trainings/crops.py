r"""Streams the crops of a training to another program.

    python -m benchmarks.trainings.crops CITYSCAPES_ROOT TRAINER_FLAG... \
        | PYTHON -m benchmarks.trainings.smp SCORES.csv

Writes one line of JSON, `Header`'s fields, then each step's crops: (B, h, w, 3)
uint8 pictures and (B, h, w) uint8 ids, row by row.  They are what the trainer
itself takes at the same flags, in the same order.
"""

import contextlib
import dataclasses
import io
import json
import sys
import tempfile

from benchmarks.trainings.header import Header
from schemas import failures
from schemas.failures import Advice
from trainer.backends import tensorflow_settings
from trainer.config.flag import ConfigError
from trainer.config.options import all_flags, values
from trainer.config.training import TrainConfig

_BUILT_IN = {
    "label_space": "label_ids",
    "resize": None,
    "init_from": "",
    "accumulate_steps": 1,
    "encoder": "efficientnet_lite0",
    "encoder_weights": "imagenet",
    "freeze_encoder_epochs": 0,
    "batch_norm_momentum": 0.9,
    "optimizer": "adamw",
    "schedule": "poly",
    "clip_norm": 0.0,
    "ema_decay": 0.0,
    "loss": "cross_entropy_dice",
    "label_smoothing": 0.0,
    "ignore_void": True,
}
"""Flag → the value that `smp` has without being told."""


def main() -> int:
    """Streams what the command line asks for; returns the exit code."""
    advice = Advice("lower --batch_size", "run the same command again")
    return failures.exit_code(lambda: stream(sys.argv[1], sys.argv[2:]), advice)


def check(config: TrainConfig) -> None:
    """Raises ConfigError where the other program would train otherwise."""
    if not config.model.encoder_learning_rate:
        raise ConfigError(
            "--encoder_learning_rate=0: the peer does not freeze its encoder; "
            "give a larger one, or leave peer out of --contenders"
        )
    flags, found = all_flags(TrainConfig), values(config)
    for name, value in _BUILT_IN.items():
        if found[name] != value:
            given, wanted = map(flags[name].format, (found[name], value))
            raise ConfigError(
                f"--{name}={given}: the peer trains with --{name}={wanted} "
                "alone; give that one, or leave peer out of --contenders"
            )


def stream(cityscapes_root: str, flags: list[str]) -> None:
    """Writes the header and the crops of all steps to standard output.

    Raises:
        ConfigError: The flags are others than the other program trains with.
    """
    tensorflow_settings.use_defaults()
    from trainer import command_line, configure
    from trainer.backends import devices
    from trainer.config.data import steps_per_epoch
    from trainer.data import loader
    from trainer.engine.build import settle
    from trainer.losses.build import class_weights, logit_offsets

    given = command_line.parse(["crops", *flags]).given
    config, records = configure.train(given)
    check(config)
    weights = class_weights(config.loss, records.space, records.pixel_counts)
    offsets = logit_offsets(
        config.loss, weights, records.pixel_counts.class_pixels
    )
    # Unbuffered output, as of PYTHONUNBUFFERED, leaves bytes out where a
    # process is stopped and continued in the middle of them.
    output = io.BufferedWriter(sys.stdout.buffer)
    with (
        tempfile.TemporaryDirectory() as cache_dir,
        contextlib.redirect_stdout(sys.stderr),  # What the trainer says.
    ):
        batching = loader.Batching(
            config.batch_size,
            epochs=config.epochs,
            seed=config.seed,
            ignore_void=config.loss.ignore_void,
        )
        settled = settle(config, devices.find_device(), is_new=True)
        data = loader.RunData(config.data, records, batching, cache_dir)
        header = Header(
            cityscapes_root=cityscapes_root,
            eval_split=config.data.eval_split,
            batch=(config.batch_size, *config.data.crop),
            steps_per_epoch=steps_per_epoch(
                records.num_examples, config.batch_size
            ),
            epochs=config.epochs,
            seed=config.seed,
            class_weights=weights.tolist(),
            evaluated=records.space.evaluated.tolist(),
            logit_offsets=offsets.tolist(),
            region_loss_weight=config.loss.region_loss_weight,
            learning_rate=config.optimizer.learning_rate,
            encoder_factor=config.model.encoder_learning_rate,
            weight_decay=config.optimizer.weight_decay,
            warmup_steps=config.optimizer.warmup_steps,
            decoder_filters=list(config.model.decoder_filters),
            is_bfloat16=settled.mixed_precision == "bfloat16",
        )
        output.write(json.dumps(dataclasses.asdict(header)).encode() + b"\n")
        for images, ids in data.train_batches(0, 0):
            output.write(images.numpy().tobytes())
            output.write(ids.numpy().tobytes())
        output.detach()


if __name__ == "__main__":
    sys.exit(main())
