"""RUN/config.json: the options that a run was begun with."""

import dataclasses
import json
import typing
from typing import Any, TypeVar

from trainer.config.options import ConfigError
from trainer.config.training import TrainConfig
from trainer.storage import files

FILE_NAME = "config.json"

_Config = TypeVar("_Config")


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
