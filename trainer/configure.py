"""Given flags → a mode's checked configuration, and the inputs it names.

No TensorFlow: whatever does not fit is said before the slow imports.  A flag
goes to the field of its name; what is not given is that of the run.  Inputs
are opened here, once, and handed on.
"""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

from schemas import manifest
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import LabelTable
from schemas.layouts import table as layouts
from schemas.layouts.layout import Layout
from schemas.manifest import ManifestError
from trainer.config import devices, run_dir, saved
from trainer.config import flag as flag_lib
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.config.inference import (
    EvaluateConfig,
    ExportConfig,
    InferenceConfig,
    PredictConfig,
)
from trainer.config.model import ModelConfig
from trainer.config.options import all_flags, check_used, own_flags, with_values
from trainer.config.training import TrainConfig
from trainer.data import run_checks, run_records
from trainer.data.frames import Frames, open_frames
from trainer.data.run_records import RunRecords
from trainer.storage import files, image_files, notes
from trainer.video.source import FrameSource, PictureFrames, open_clip

Given = Mapping[str, Any]
"""Name → value of the flags that the user gave."""


def train(given: Given) -> tuple[TrainConfig, RunRecords]:
    """Configures a training of the manifest's label space.

    Without --data_dir, a run that the folder holds is resumed with its own
    flags, but for those given.

    Raises:
        ConfigError: A flag's value cannot be used, or is another than that
            of the run to resume.
        ManifestError: The data set is not complete, or holds nothing that
            can be learned.
    """
    model_dir = given.get("model_dir", "")
    run = None if "data_dir" in given else saved.load(model_dir)
    data = run.data if run else DataConfig(given.get("data_dir", ""))
    data = with_values(data, given)
    label_space = given.get("label_space")
    flag_lib.check(all_flags(ModelConfig)["label_space"], label_space)
    records = run_records.open_run(data, label_space)
    model = run.model if run else ModelConfig(records.space.name)
    model = dataclasses.replace(model, labels=records.space.table)
    model = with_values(model, given)
    base = run or TrainConfig(model_dir, data, model)
    base = dataclasses.replace(base, model=model)
    config = saved.resumed(with_values(base, given))
    is_new = not run_dir.has_checkpoint(model_dir)
    if is_new:
        check_used(config, given)
    devices.check_backend(config.devices)
    run_checks.check(config, records, is_new)
    return config, records


def evaluate(
    given: Given,
) -> (
    tuple[EvaluateConfig, LabelTable, Layout, DataConfig | None]
    | tuple[EvaluateConfig, str, Frames, DataConfig | None]
):
    """Configures an evaluation; errors are those of `train`."""
    if given.get("predictions"):
        _check_of_files(given)
    run = _load_run(given)
    data = run.data if run else DataConfig(given.get("data_dir", ""))
    data = with_values(data, given)
    config = with_values(
        EvaluateConfig(
            data=data,
            inference=InferenceConfig(data.resize, data.crop),
            model_dir=given.get("model_dir", ""),
            predictions=given.get("predictions", ""),
        ),
        given,
    )
    table = run.model.labels if run else CITYSCAPES
    layout = config.layout.choose(_layout_of(run))
    is_of_model_dir = run and run.model_dir == config.model_dir
    run_data = run.data if run and is_of_model_dir else None
    if config.predictions:
        return config, table, layout, run_data
    frames = open_frames(data, config.label_space, table, layout)
    network_path = _network_path(config)
    _say_sizes(network_path, run, given, config.inference)
    return config, network_path, frames, run_data


def predict(
    given: Given,
) -> tuple[PredictConfig, str, image_files.Pictures | FrameSource]:
    """Configures a prediction.

    Raises:
        ConfigError: A flag's value cannot be used.
        FileNotFoundError: There is no network or no picture.
        UserError: A video needs a package that is not installed.
        ValueError: The input is no clip or zip that can be read.
    """
    run = _load_run(given)
    inference = InferenceConfig()
    if run:
        inference = InferenceConfig(run.data.resize, run.data.crop)
    config = with_values(
        PredictConfig(
            input=given.get("input", ""),
            output_dir=given.get("output_dir", ""),
            inference=inference,
            **_network_flags(given),
        ),
        given,
    )
    network_path = _network_path(config)
    if config.is_of_clip:
        clip = open_clip(config.input)
        _say_sizes(network_path, run, given, config.inference)
        return config, network_path, clip
    found = image_files.find_pictures(config.input)
    _say_sizes(network_path, run, given, config.inference)
    if config.fps is None:
        return config, network_path, found
    frames = PictureFrames(config.input, found, config.fps)
    return config, network_path, frames


def export(given: Given) -> tuple[ExportConfig, str]:
    """Configures an export.

    Raises:
        ConfigError: A flag's value cannot be used.
        FileNotFoundError: There is no network.
    """
    run = _load_run(given)
    inference = InferenceConfig()
    frames_of: dict[str, Any] = {}
    if run:
        inference = InferenceConfig(run.data.resize, run.data.crop)
        frames_of = {
            "train_split": run.data.train_split,
            "eval_split": run.data.eval_split,
        }
        folders = run_records.folders(run.data.data_dir)
        if all(map(run_records.is_data_set, folders)):
            frames_of["data_dir"] = run.data.data_dir
    # What is checked together is set together.
    names = ("data_dir", "export_formats")
    frames_of |= {name: given[name] for name in names if name in given}
    config = with_values(
        ExportConfig(
            export_dir=given.get("export_dir", ""),
            inference=inference,
            **_network_flags(given),
            **frames_of,
        ),
        given,
    )
    network_path = _network_path(config)
    _say_sizes(network_path, run, given, config.inference)
    return config, network_path


MODES: dict[str, Callable[[Given], tuple[Any, ...]]] = {
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "export": export,
}
"""Mode → what makes the arguments of its `run`."""


def _check_of_files(given: Given) -> None:
    """Checks that no flag of a network is given beside --predictions.

    Raises:
        ConfigError: One is; it would do nothing.
    """
    of_network = {"checkpoint", *all_flags(InferenceConfig)}
    for name in given:
        if name in of_network:
            raise ConfigError(
                f"--{name} is of a network, and --predictions="
                f"{given['predictions']} scores files; leave one of them out"
            )


def _network_path(
    config: EvaluateConfig | PredictConfig | ExportConfig,
) -> str:
    return run_dir.network_path(config.model_dir, config.checkpoint)


def _network_flags(given: Given) -> dict[str, Any]:
    """Returns the flags that name a network, as far as they are given."""
    names = "model_dir", "checkpoint"
    return {name: given[name] for name in names if name in given}


def _layout_of(run: TrainConfig | None) -> Layout:
    """Returns the layout that a run's first data set was converted from.

    Cityscapes', where the data set is not there any more.
    """
    folder = run_records.folders(run.data.data_dir)[0] if run else ""
    if not folder or not run_records.is_data_set(folder):
        return layouts.CITYSCAPES
    content = manifest.load(folder, files.read_text)
    layout = content.options.get("layout")
    try:
        return layouts.restore(**layout) if layout else layouts.CITYSCAPES
    except (TypeError, ValueError) as error:
        raise ManifestError(
            f"{folder}: its manifest's layout cannot be read: {error}"
        ) from error


def _load_run(given: Given) -> TrainConfig | None:
    """Reads the configuration of the run that flags name.

    It is that in --model_dir, else that beside the file of --checkpoint, which
    can do without one.

    Raises:
        ConfigError: That in --model_dir is damaged.
        FileNotFoundError: There is none, and `best` or `latest` asks for it.
    """
    model_dir = given.get("model_dir", "")
    checkpoint = given.get("checkpoint", "")
    run = saved.load(model_dir)
    if run is None and checkpoint.endswith(run_dir.NETWORK_SUFFIX):
        # Other projects have files of this name, too.
        with contextlib.suppress(ConfigError):
            return saved.load(os.path.dirname(checkpoint) or ".")
    needs_none = checkpoint or given.get("predictions")
    if run is None and model_dir and not needs_none:
        raise FileNotFoundError(
            f"{model_dir} holds no {saved.FILE_NAME}: nothing was trained "
            "there. Run --mode=train with this --model_dir first."
        )
    return run


def _say_sizes(
    network_path: str,
    run: TrainConfig | None,
    given: Given,
    inference: InferenceConfig,
) -> None:
    """Says which sizes a network is applied at, where no run tells."""
    if run or "resize" in given:
        return
    sizes = " ".join(
        f"--{flag.name}={flag.format(getattr(inference, flag.name))}"
        for flag in own_flags(InferenceConfig)
        if flag.name in ("resize", "crop")
    )
    notes.say(
        f"no {saved.FILE_NAME} of a run lies beside {network_path}; it is "
        f"applied with {sizes}: give both if it was trained with others"
    )
