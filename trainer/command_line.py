"""Given flags → the configuration of a mode, checked against its files.

No TensorFlow: whatever does not fit is said before the slow imports.  A flag
goes to the field of its name; what evaluate, predict and export are not told
is that of the run.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from trainer.config import devices, run_dir, saved
from trainer.config.data import DataConfig
from trainer.config.inference import (
    EvaluateConfig,
    ExportConfig,
    InferenceConfig,
    PredictConfig,
)
from trainer.config.model import ModelConfig
from trainer.config.training import TrainConfig
from trainer.data import dataset, frames
from trainer.storage import image_files

Given = Mapping[str, Any]
"""Name → value of the flags that the user gave."""

_Config = TypeVar("_Config")


def train_config(given: Given) -> TrainConfig:
    """Configures a training of the manifest's label space.

    Raises:
        ConfigError: A flag's value cannot be used, or is another than that
            of the run to go on with.
        ManifestError: The data set is not whole.
    """
    data = _with_flags(DataConfig(given.get("data_dir", "")), given)
    manifest = dataset.open_dataset(
        data, (data.train_split, data.eval_split), given.get("label_space")
    )
    config = _with_flags(
        TrainConfig(
            model_dir=given.get("model_dir", ""),
            data=data,
            model=ModelConfig(label_space=manifest.label_space),
        ),
        given,
    )
    devices.check_backend(config.devices)
    saved.check_same_run(config)
    return config


def evaluate_config(given: Given) -> EvaluateConfig:
    """Configures an evaluation; errors are those of `train_config`."""
    run = _load_run(given)
    data = run.data if run else DataConfig(given.get("data_dir", ""))
    data = _with_flags(data, given)
    config = _with_flags(
        EvaluateConfig(
            model_dir=given.get("model_dir", ""),
            data=data,
            inference=InferenceConfig(resize=data.resize, crop=data.crop),
        ),
        given,
    )
    if config.predictions:
        return config
    frames.open_frames(data, given.get("label_space"))
    run_dir.network_path(config.model_dir, config.checkpoint)
    return config


def predict_config(given: Given) -> PredictConfig:
    """Configures a prediction.

    Raises:
        ConfigError: A flag's value cannot be used.
        FileNotFoundError: There is no network or no picture.
    """
    run = _load_run(given)
    inference = InferenceConfig()
    if run:
        inference = InferenceConfig(resize=run.data.resize, crop=run.data.crop)
    config = _with_flags(
        PredictConfig(
            model_dir=given.get("model_dir", ""),
            input=given.get("input", ""),
            output_dir=given.get("output_dir", ""),
            inference=inference,
            checkpoint=given.get("checkpoint", PredictConfig.checkpoint),
        ),
        given,
    )
    run_dir.network_path(config.model_dir, config.checkpoint)
    image_files.find_pictures(config.input)
    return config


def export_config(given: Given) -> ExportConfig:
    """Configures an export.

    Raises:
        ConfigError: A flag's value cannot be used.
        FileNotFoundError: There is no network.
    """
    run = _load_run(given)
    config = _with_flags(
        ExportConfig(
            model_dir=given.get("model_dir", ""),
            export_dir=given.get("export_dir", ""),
            checkpoint=given.get("checkpoint", ExportConfig.checkpoint),
            resize=run.data.resize if run else ExportConfig.resize,
        ),
        given,
    )
    run_dir.network_path(config.model_dir, config.checkpoint)
    return config


CONFIGS = {
    "train": train_config,
    "evaluate": evaluate_config,
    "predict": predict_config,
    "export": export_config,
}
"""Mode → what configures it."""


def _load_run(given: Given) -> TrainConfig | None:
    """Reads the run's configuration; a .keras file can do without one.

    Raises:
        ConfigError: It is damaged.
        FileNotFoundError: There is none, and `best` or `latest` asks for it.
    """
    model_dir = given.get("model_dir")
    run = saved.load(model_dir) if model_dir else None
    needs_none = "checkpoint" in given or given.get("predictions")
    if run is None and model_dir and not needs_none:
        raise FileNotFoundError(
            f"{model_dir} holds no {saved.FILE_NAME}: nothing was "
            "trained there. Run --mode=train with this --model_dir first."
        )
    return run


def _with_flags(config: _Config, given: Given) -> _Config:
    """Puts the given flags over a configuration's values."""
    changes = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = _with_flags(value, given)
        elif field.name in given:
            changes[field.name] = given[field.name]
    return dataclasses.replace(config, **changes)
