"""The names of what a run's folder holds."""

import os
import re

from trainer.config.flag import ConfigError
from trainer.storage import files

NETWORK_SUFFIX = ".keras"
BEST_NETWORK = "best.keras"
LATEST_NETWORK = "last.keras"
EVALUATION = "evaluation.json"
METRICS = "metrics.csv"
MODEL_CARD = "model_card.md"
PICTURES_DIR = "pictures"
REPORT = "report.html"
PREVIEW = "preview.png"
CHECKPOINTS_DIR = "checkpoints"
CHECKPOINT = re.compile(r"step-(\d{8,})\.npz")
TRAIN_EVENTS = "train"
VAL_EVENTS = "val"
HPARAMS_EVENTS = "hparams"
"""TensorBoard calls what it shows by the run's folder and these names."""

CACHE_DIR = "cache"

_NETWORKS = {"best": BEST_NETWORK, "latest": LATEST_NETWORK}


def name(model_dir: str) -> str:
    """Returns what a run is called: the last part of its folder's path."""
    path = (
        model_dir if files.is_remote(model_dir) else os.path.abspath(model_dir)
    )
    return path.rstrip("/").rpartition("/")[2]


def named(file_name: str, name: str) -> str:
    """Returns a file's name with one more part, like `report-test.html`.

    Args:
        file_name: One of the names of this module.
        name: The part; empty for none.
    """
    stem, dot, suffix = file_name.partition(".")
    return f"{stem}-{name}{dot}{suffix}" if name else file_name


def stem(name: str) -> str:
    """Returns what an evaluation is called: `evaluation-test`.

    Args:
        name: The part that its file's name gets; empty for none.
    """
    return named(EVALUATION, name).rpartition(".")[0]


def name_in(file_name: str, plain: str) -> str | None:
    """Returns the part that `named` put into a file's name; None if no such."""
    stem, dot, suffix = plain.partition(".")
    if file_name == plain:
        return ""
    begin, end = f"{stem}-", f"{dot}{suffix}"
    if not file_name.startswith(begin) or not file_name.endswith(end):
        return None
    return file_name[len(begin) : len(file_name) - len(end)] or None


def has_checkpoint(model_dir: str) -> bool:
    """Whether a run has begun: what a kill left half written does not count."""
    found = files.names(files.join(model_dir, CHECKPOINTS_DIR))
    return any(map(CHECKPOINT.fullmatch, found))


def network_path(model_dir: str, checkpoint: str) -> str:
    """Returns the path of the .keras file that --checkpoint means.

    Args:
        model_dir: The run's folder.
        checkpoint: `best`, `latest` or the path of a .keras file.

    Raises:
        ConfigError: The path is of another kind; Keras runs the code in some.
        FileNotFoundError: There is no such file.
    """
    path = checkpoint
    if checkpoint in _NETWORKS:
        path = files.join(model_dir, _NETWORKS[checkpoint])
    if not path.endswith(NETWORK_SUFFIX):
        raise ConfigError(
            f"--checkpoint={checkpoint} is neither best nor latest nor the "
            f"path of a {NETWORK_SUFFIX} file"
        )
    if files.num_bytes(path) is None:
        raise FileNotFoundError(
            f"{path} does not exist: run --mode=train with this --model_dir, "
            "or give --checkpoint the path of a .keras file"
        )
    return path


def source_network(init_from: str) -> str:
    """Returns the path of the .keras file that --init_from means.

    Args:
        init_from: A run's folder, whose best network it is, or the file.

    Raises:
        FileNotFoundError: There is no such file.
    """
    path = init_from
    if not init_from.endswith(NETWORK_SUFFIX):
        path = files.join(init_from, BEST_NETWORK)
    if files.num_bytes(path) is None:
        raise FileNotFoundError(
            f"{path} does not exist: give --init_from the folder of a run that "
            f"has finished an epoch, or a {NETWORK_SUFFIX} file"
        )
    return path
