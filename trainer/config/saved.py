"""RUN/config.json: the options that a run was begun with.

No TensorFlow: a changed flag is refused at once.
"""

import dataclasses
import json
import typing
from typing import Any, TypeVar

from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import LabelTable, first_difference
from trainer.config import run_dir
from trainer.config.flag import ConfigError
from trainer.config.options import all_flags, values
from trainer.config.training import Change, TrainConfig
from trainer.storage import files

FILE_NAME = "config.json"

_Config = TypeVar("_Config")

_MAX_BYTES = 1 << 20
"""A file that `save` wrote has some 2 KB."""


def save(config: TrainConfig) -> None:
    """Writes RUN/config.json; --allow_changes holds for once alone."""
    content = dataclasses.asdict(dataclasses.replace(config, allow_changes=()))
    content["model"]["labels"] = config.model.labels.to_json()
    if config.model.labels == CITYSCAPES:  # As runs do that know no other.
        del content["model"]["labels"]
    text = json.dumps(content, indent=1) + "\n"
    files.write_text(files.join(config.model_dir, FILE_NAME), text)


def load(
    model_dir: str, remedy: str = "train into another --model_dir"
) -> TrainConfig | None:
    """Reads RUN/config.json; None without such a file, or a folder's name.

    Args:
        model_dir: The run's folder.
        remedy: What else than restoring a damaged file can be done.

    Raises:
        ConfigError: It is damaged; names the file.
    """
    if not model_dir:
        return None
    path = files.join(model_dir, FILE_NAME)
    num_bytes = files.num_bytes(path)
    if num_bytes is None:
        return None
    try:
        if num_bytes > _MAX_BYTES:
            raise ValueError(f"it has {num_bytes} bytes")
        config = _rebuild(TrainConfig, json.loads(files.read_text(path)))
    except (
        OSError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        RecursionError,
    ) as error:
        raise ConfigError(
            f"{path} is not the configuration of a run ({error}); restore it, "
            f"or {remedy}"
        ) from error
    return dataclasses.replace(config, model_dir=model_dir)


def _rebuild(kind: type[_Config], content: dict[str, Any]) -> _Config:
    """Makes a dataclass again of what `asdict` and JSON made of it."""
    hints = typing.get_type_hints(kind)
    values = {}
    for name, value in content.items():
        if name not in hints:
            raise ConfigError(f"the option {name!r} is not known")
        if hints[name] is LabelTable:
            value = LabelTable.from_json(value)
        elif dataclasses.is_dataclass(hints[name]):
            value = _rebuild(hints[name], value)
        elif isinstance(value, list):
            kinds = typing.get_args(hints[name])
            value = tuple(
                _rebuild(kinds[0], part) if isinstance(part, dict) else part
                for part in value
            )
        values[name] = value
    return kind(**values)


def resumed(config: TrainConfig) -> TrainConfig:
    """Checks a configuration against the run that it would resume.

    Returns:
        The configuration, with what the run has settled meanwhile.

    Raises:
        ConfigError: A flag that decides the result has changed; names both
            values.
        FileNotFoundError: There is none, and --init_from names no network.
    """
    before = load(config.model_dir)
    if before is None or not run_dir.has_checkpoint(config.model_dir):
        if config.init_from:
            run_dir.source_network(config.init_from)
        return dataclasses.replace(config, changes=())
    if config.mixed_precision == "auto":
        config = dataclasses.replace(
            config, mixed_precision=before.mixed_precision
        )
    classes = first_difference(config.model.labels, before.model.labels)
    if classes:
        raise ConfigError(
            f"--data_dir={config.data.data_dir} has other classes than the run "
            f"in {config.model_dir}: {classes}; give the data set of the run, "
            "or another --model_dir"
        )
    changed = _changed(before, config)
    refused = [name for name in changed if name not in config.allow_changes]
    if refused:
        raise ConfigError(_refusal(changed, refused, config.model_dir))
    return config


def with_changes(config: TrainConfig, step: int) -> TrainConfig:
    """Adds what has changed since RUN/config.json was written.

    Args:
        config: The run, `resumed`.
        step: The one that it resumes after.
    """
    before = load(config.model_dir)
    if before is None:
        return config
    changed = {
        name: both
        for name, both in _changed(before, config).items()
        if all_flags(TrainConfig)[name].option.may_be_declared
    }
    if config.epochs != before.epochs:
        changed["epochs"] = str(before.epochs), str(config.epochs)
    # A change that no checkpoint was written after begins now.
    earlier = tuple(
        dataclasses.replace(change, step=min(change.step, step))
        for change in before.changes
    )
    now = tuple(Change(step, name, *words) for name, words in changed.items())
    return dataclasses.replace(config, changes=earlier + now)


def _changed(
    before: TrainConfig, config: TrainConfig
) -> dict[str, tuple[str, str]]:
    """Returns the flags that decide a result and have changed, both values.

    More epochs make a run longer; the number is checked when it is known how
    many are done.
    """
    old, new = values(before), values(config)
    return {
        name: (flag.format(old[name]), flag.format(new[name]))
        for name, flag in all_flags(TrainConfig).items()
        if new[name] != old[name]
        and not flag.option.may_change
        and name != "epochs"
    }


def _refusal(
    changed: dict[str, tuple[str, str]], refused: list[str], model_dir: str
) -> str:
    """Says which flags have changed, and what can be done."""
    flags = all_flags(TrainConfig)
    words = ", ".join(
        f"--{name} was {before} and is {after}"
        for name, (before, after) in changed.items()
        if name in refused
    )
    remedy = (
        f"--allow_changes={','.join(changed)} to resume it with the new ones"
    )
    if not all(flags[name].option.may_be_declared for name in refused):
        remedy = "another --model_dir to begin another run"
        best_path = files.join(model_dir, run_dir.BEST_NETWORK)
        if files.num_bytes(best_path) is not None:
            remedy += f" (with --init_from={model_dir}, by this run's weights)"
    return (
        f"{model_dir} holds a run with other flags: {words}; give the old ones "
        f"to resume it, or {remedy}"
    )
