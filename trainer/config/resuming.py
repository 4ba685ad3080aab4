"""Whether flags go on with the run that a folder holds, or are another run.

No TensorFlow: a changed flag is refused at once.
"""

import dataclasses
from typing import Any

from trainer.config import run_dir, saved
from trainer.config.options import ConfigError
from trainer.config.sizes import format_size
from trainer.config.training import TrainConfig
from trainer.storage import files

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


def check_same_run(config: TrainConfig) -> None:
    """Checks a configuration against the run that it would go on with.

    Raises:
        ConfigError: A flag that decides the result has changed; names both
            values.
    """
    folder = files.join(config.model_dir, run_dir.CHECKPOINTS_DIR)
    before = saved.load(config.model_dir)
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
