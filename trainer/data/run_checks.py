"""What a training asks of its records, beside what any run does.

No TensorFlow: whatever does not fit is said before the slow imports.
"""

import itertools
from collections.abc import Iterable

from schemas.manifest import ManifestError
from schemas.quantities import counted
from trainer.config.data import steps_per_epoch
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig
from trainer.data import dataset
from trainer.data.dataset import Part
from trainer.data.run_records import RunRecords
from trainer.storage import notes


def check(config: TrainConfig, records: RunRecords, is_new: bool) -> None:
    """Checks a training's records.

    Args:
        config: The run.
        records: Those that `config.data` names.
        is_new: Whether it does not resume.

    Raises:
        ConfigError: A split is too small for the parts of a batch.
        ManifestError: They hold nothing that can be learned or scored, or
            the manifest lacks counts that a flag needs.
    """
    _check_parts(config, records)
    _note_warmup(config, records)
    if config.loss.ignore_void:
        _check_learned(records)
        if is_new:
            _check_scored(records.evaluation)
    weighting = config.loss.class_weights
    if weighting.endswith("median_frequency"):
        for part in records.train:
            dataset.check_counted(
                part, "present_pixels", f"--class_weights={weighting}"
            )


def _check_parts(config: TrainConfig, records: RunRecords) -> None:
    """Checks that the batch of a small split divides into its parts.

    Raises:
        ConfigError: It does not; names what does.
    """
    num_frames, num_parts = records.num_examples, config.accumulate_steps
    if min(config.batch_size, num_frames) % num_parts == 0:
        return
    fitting = num_frames - num_frames % num_parts
    remedy = "lower --accumulate_steps"
    if fitting:
        remedy = f"give --batch_size={fitting}"
    raise ConfigError(
        f"--batch_size={config.batch_size} is more than an epoch draws, "
        f"{records.describe()}, and these do not divide into "
        f"--accumulate_steps={num_parts} equal parts; {remedy}"
    )


def _note_warmup(config: TrainConfig, records: RunRecords) -> None:
    """Says where a run ends before its learning rate has risen."""
    num_frames, num_warmup = records.num_examples, config.optimizer.warmup_steps
    num_steps = config.epochs * steps_per_epoch(num_frames, config.batch_size)
    if num_warmup >= num_steps:
        notes.say(
            f"--warmup_steps={num_warmup} is not less than the run's "
            f"{counted(num_steps, 'step')}: its learning rate rises to the end"
        )


def _check_learned(records: RunRecords) -> None:
    """Checks that not all pixels of the training splits are ignored.

    Raises:
        ManifestError: They are; names the ids.
    """
    pixels = records.pixel_counts.class_pixels
    if any(itertools.compress(pixels, records.space.evaluated)):
        return
    raise ManifestError(
        f"100 % of the pixels of {' and '.join(map(str, records.train))} are "
        f"ignored: {_held(pixels)}; convert with --labels=FILE, "
        "the table of their classes, or give --ignore_void=false to learn ids "
        "as they are"
    )


def _check_scored(part: Part) -> None:
    """Checks that some pixel of the evaluation split is scored.

    Raises:
        ManifestError: None is, so that no network would be the best; names
            the ids.
    """
    pixels = part.counts.class_pixels
    evaluated = part.records.manifest.space.evaluated
    if not any(itertools.compress(pixels, evaluated)):
        raise ManifestError(
            f"100 % of the pixels of {part}, the evaluation split, are "
            f"ignored: {_held(pixels)}; give --eval_split one that has labels, "
            "like val: Cityscapes publishes none of test"
        )


def _held(pixels: Iterable[int]) -> str:
    """Says which ids label maps hold, of which none is evaluated."""
    ids = ", ".join(str(i) for i, count in enumerate(pixels) if count)
    return (
        f"the label maps hold {f'the ids {ids}' if ids else 'no class'}, and "
        "the label table evaluates none of these"
    )
