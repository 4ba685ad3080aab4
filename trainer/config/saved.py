"""RUN/config.json: the options that a run was begun with.

No TensorFlow: a changed flag is refused at once.
"""

import dataclasses
import json
import typing
from typing import Any, TypeVar

from trainer.config import run_dir
from trainer.config.options import ConfigError
from trainer.config.sizes import format_size
from trainer.config.training import TrainConfig
from trainer.storage import files

FILE_NAME = "config.json"

_Config = TypeVar("_Config")

_FREE = {
    "model_dir",
    "data_dir",
    "cache",
    "coordinator",
    "process_id",
    "strategy",
    "jit_compile",
    "remat",
    "profile_steps",
    "early_stopping_patience",
    "tensorboard_pictures",
    "save_steps",
    "keep_checkpoints",
}
"""What may change from one start to the next: the records themselves are
compared by their checksums."""


def save(config: TrainConfig) -> None:
    """Writes RUN/config.json."""
    text = json.dumps(dataclasses.asdict(config), indent=1) + "\n"
    files.write_text(files.join(config.model_dir, FILE_NAME), text)


def load(model_dir: str) -> TrainConfig | None:
    """Reads RUN/config.json; None where the folder holds none.

    Raises:
        ConfigError: It is damaged; names the file.
    """
    path = files.join(model_dir, FILE_NAME)
    try:
        content = json.loads(files.read_text(path))
        config = _rebuild(TrainConfig, content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"{path} is no run's configuration ({error}); "
            "train into another --model_dir"
        ) from error
    return dataclasses.replace(config, model_dir=model_dir)


def _rebuild(kind: type[_Config], content: dict[str, Any]) -> _Config:
    """Makes a dataclass again of what `asdict` and JSON made of it."""
    hints = typing.get_type_hints(kind)
    values = {}
    for name, value in content.items():
        if name not in hints:
            raise ConfigError(f"the option {name!r} is not known")
        if dataclasses.is_dataclass(hints[name]):
            value = _rebuild(hints[name], value)
        elif isinstance(value, list):
            value = tuple(value)
        values[name] = value
    return kind(**values)


def check_same_run(config: TrainConfig) -> None:
    """Checks a configuration against the run that it would go on with.

    Raises:
        ConfigError: A flag that decides the result has changed; names both
            values.
    """
    folder = files.join(config.model_dir, run_dir.CHECKPOINTS_DIR)
    before = load(config.model_dir)
    if before is None or not files.names(folder):
        return
    old, new = _flags(before), _flags(config)
    free = set(_FREE)
    if new["schedule"] == "constant":
        free.add("epochs")  # others fall towards the last epoch
    changed = [
        f"--{name} was {_format(old[name])} and is {_format(value)}"
        for name, value in new.items()
        if name not in free and value != old[name]
    ]
    if changed:
        raise ConfigError(
            f"{config.model_dir} holds a run with other flags: "
            f"{', '.join(changed)}; give the old ones to go on with it, or "
            "another --model_dir"
        )


def _flags(config: Any) -> dict[str, Any]:
    """Flattens a configuration into flag names and values."""
    flags = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            flags |= _flags(value)
        else:
            flags[field.name] = value
    return flags


def _format(value: Any) -> str:
    if isinstance(value, tuple) and isinstance(value[0], float):
        return ",".join(map(str, value))
    is_size = value is None or isinstance(value, tuple)
    return format_size(value) if is_size else str(value)
