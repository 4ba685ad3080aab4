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
from trainer.config.flag import ConfigError, Flag
from trainer.config.options import all_flags, values
from trainer.config.training import TrainConfig
from trainer.storage import files

FILE_NAME = "config.json"

_Config = TypeVar("_Config")

_MAX_BYTES = 1 << 20
"""A file that `save` wrote has some 2 KB."""


def save(config: TrainConfig) -> None:
    """Writes RUN/config.json."""
    content = dataclasses.asdict(config)
    content["model"]["labels"] = config.model.labels.to_json()
    if config.model.labels == CITYSCAPES:  # As runs do that know no other.
        del content["model"]["labels"]
    text = json.dumps(content, indent=1) + "\n"
    files.write_text(files.join(config.model_dir, FILE_NAME), text)


def load(model_dir: str) -> TrainConfig | None:
    """Reads RUN/config.json; None without such a file, or a folder's name.

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
            "or train into another --model_dir"
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
            value = tuple(value)
        values[name] = value
    return kind(**values)


def check_same_run(config: TrainConfig) -> None:
    """Checks a configuration against the run that it would resume.

    Raises:
        ConfigError: A flag that decides the result has changed; names both
            values.
    """
    folder = files.join(config.model_dir, run_dir.CHECKPOINTS_DIR)
    before = load(config.model_dir)
    if before is None or not files.names(folder):
        return
    classes = first_difference(config.model.labels, before.model.labels)
    if classes:
        raise ConfigError(
            f"--data_dir={config.data.data_dir} has other classes than the run "
            f"in {config.model_dir}: {classes}; give the data set of the run, "
            "or another --model_dir"
        )
    old, new = values(before), values(config)
    changed = [
        f"--{name} was {flag.format(old[name])} and is {flag.format(new[name])}"
        for name, flag in all_flags(TrainConfig).items()
        if new[name] != old[name] and not _may_change(flag, config)
    ]
    if changed:
        raise ConfigError(
            f"{config.model_dir} holds a run with other flags: "
            f"{', '.join(changed)}; give the old ones to resume it, or another "
            "--model_dir"
        )


def _may_change(flag: Flag, config: TrainConfig) -> bool:
    """Returns whether a run resumes with another value of a flag."""
    if flag.name == "epochs":  # other schedules fall towards the last epoch
        return config.optimizer.schedule == "constant"
    return flag.option.may_change
