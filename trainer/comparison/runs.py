"""The runs that are compared."""

import os
from collections.abc import Sequence

from schemas.failures import FlagError, UserError
from trainer.config import saved
from trainer.config.flag import ConfigError
from trainer.config.training import TrainConfig
from trainer.runs import run
from trainer.runs.run import Run
from trainer.storage import files


def open_runs(folders: Sequence[str]) -> list[Run]:
    """Reads the folders of runs.

    Raises:
        FlagError: There are fewer than two, or one comes twice.
        UserError: One is no run's, or its config.json is damaged.
    """
    if len(folders) < 2:
        given = f", got {folders[0]} alone" if folders else ""
        raise FlagError(f"give the folders of two runs or more{given}")
    seen: dict[str, str] = {}
    for folder in folders:
        place = folder if files.is_remote(folder) else os.path.realpath(folder)
        place = place.rstrip("/")
        if place in seen:
            raise FlagError(
                f"{seen[place]} and {folder} are one folder; leave one out"
            )
        seen[place] = folder
    configs = list(map(_load, folders))
    strays = [f for f, c in zip(folders, configs, strict=True) if c is None]
    if strays:
        lack = "does not exist"
        if files.is_folder(strays[0]):
            lack = f"holds no {saved.FILE_NAME}"
        more = f" ({len(strays)} folders are none)" if strays[1:] else ""
        raise UserError(
            f"{strays[0]} {lack}{more}; give folders that --mode=train wrote "
            "as --model_dir"
        )
    return [
        run.read(name, config)
        for name, config in zip(_names(folders), configs, strict=True)
        if config
    ]


def _load(folder: str) -> TrainConfig | None:
    try:
        return saved.load(folder, "leave the run out")
    except ConfigError as error:
        raise UserError(str(error)) from error


def _names(folders: Sequence[str]) -> list[str]:
    """Returns the shortest ends of paths that tell the folders apart."""
    paths = [
        folder if files.is_remote(folder) else os.path.abspath(folder)
        for folder in folders
    ]
    parts = [path.rstrip("/").split("/") for path in paths]
    for length in range(1, max(map(len, parts))):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return list(paths)
