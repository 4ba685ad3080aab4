"""Trains, evaluates and applies the U-Net.

    python -m trainer.task --mode=train --data_dir=OUT --model_dir=RUN

Flags and files are checked before TensorFlow, which takes seconds, is
imported.  Exit codes: 0 done, 1 something about files or data, 2 flags.
"""

import dataclasses
import os
import sys
from typing import TypeVar

from absl import app, flags

from schemas.labels import LABEL_SPACES
from schemas.manifest import ManifestError
from trainer import config as config_lib
from trainer import dataset, learning, picture_files, resuming, run_files
from trainer.config import (
    ConfigError,
    DataConfig,
    EvaluateConfig,
    ExportConfig,
    InferenceConfig,
    ModelConfig,
    PredictConfig,
    TrainConfig,
)
from trainer.learning import LossConfig, OptimizerConfig
from trainer.quiet import import_quietly

FLAGS = flags.FLAGS
MODES = ("train", "evaluate", "predict", "export")
EXIT_FAILED = 1
EXIT_BAD_FLAGS = 2

_Config = TypeVar("_Config")


class _SizeParser(flags.ArgumentParser):
    """Reads a size flag into (height, width) or None."""

    syntactic_help = "HEIGHTxWIDTH, or none"

    def parse(self, argument: str) -> config_lib.Size | None:
        return config_lib.parse_size(argument)


class _NumbersParser(flags.ArgumentParser):
    """Reads numbers with commas between them."""

    syntactic_help = "NUMBER,NUMBER..."

    def __init__(self, kind: type = float):
        super().__init__()
        self._kind = kind

    def parse(self, argument: str) -> tuple[float, ...]:
        return tuple(self._kind(part) for part in argument.split(","))


class _SizeSerializer(flags.ArgumentSerializer):
    """Writes a size flag's value as it is given."""

    def serialize(self, value: config_lib.Size | None) -> str:
        return config_lib.format_size(value)


def _define_size(name: str, default: config_lib.Size, help_text: str) -> None:
    flags.DEFINE(
        _SizeParser(),
        name,
        config_lib.format_size(default),
        help_text,
        serializer=_SizeSerializer(),
    )


flags.DEFINE_enum("mode", "train", MODES, "What to do.")
flags.DEFINE_string("data_dir", "", "The folder that preprocess.main wrote.")
flags.DEFINE_string("model_dir", "", "The run's folder.")
flags.DEFINE_string("train_split", DataConfig.train_split, "Learned from.")
flags.DEFINE_string("eval_split", DataConfig.eval_split, "Scored on.")
_define_size("resize", DataConfig.resize, "Size before the crop, or none.")
_define_size("crop", DataConfig.crop, "Size of the random crop.")
flags.DEFINE(
    _NumbersParser(),
    "random_scale",
    ",".join(map(str, DataConfig.random_scale)),
    "Lowest and highest scale of training pictures before the crop.",
    serializer=flags.ListSerializer(","),
)
flags.DEFINE_enum(
    "cache",
    DataConfig.cache,
    config_lib.CACHES,
    "Where decoded pictures stay; auto: in memory where they fit.",
)
flags.DEFINE_enum(
    "label_space",
    None,
    tuple(LABEL_SPACES),
    "Refuses a data set of another space; without it, takes any.",
)
flags.DEFINE_integer(
    "base_filters", ModelConfig.base_filters, "Width of the first level."
)
flags.DEFINE_integer("epochs", TrainConfig.epochs, "Passes over the split.")
flags.DEFINE_integer("batch_size", TrainConfig.batch_size, "Pictures a step.")
flags.DEFINE_enum(
    "optimizer",
    OptimizerConfig.optimizer,
    learning.OPTIMIZERS,
    "How gradients become steps.",
)
flags.DEFINE_float(
    "learning_rate", OptimizerConfig.learning_rate, "Size of the steps."
)
flags.DEFINE_enum(
    "schedule",
    OptimizerConfig.schedule,
    learning.SCHEDULES,
    "How the learning rate falls until the last step.",
)
flags.DEFINE_integer(
    "warmup_steps",
    OptimizerConfig.warmup_steps,
    "Steps over which the learning rate rises.",
)
flags.DEFINE_float(
    "weight_decay", OptimizerConfig.weight_decay, "Of adamw and sgd."
)
flags.DEFINE_float("momentum", OptimizerConfig.momentum, "Of sgd.")
flags.DEFINE_float(
    "clip_norm",
    OptimizerConfig.clip_norm,
    "Norm that all gradients together are cut to; 0: none.",
)
flags.DEFINE_float(
    "ema_decay",
    OptimizerConfig.ema_decay,
    "Of the running average of the weights, scored beside them; 0: none.",
)
flags.DEFINE_enum(
    "loss",
    LossConfig.loss,
    learning.LOSSES,
    "What the network is to make small.",
)
flags.DEFINE_enum(
    "class_weights",
    LossConfig.class_weights,
    learning.CLASS_WEIGHTS,
    "What pixels of a class weigh, from the manifest's counts.",
)
flags.DEFINE_float(
    "label_smoothing",
    LossConfig.label_smoothing,
    "Share of the truth spread over all classes.",
)
flags.DEFINE_float(
    "focal_gamma",
    LossConfig.focal_gamma,
    "How much --loss=focal turns away from easy pixels.",
)
flags.DEFINE_bool(
    "ignore_void",
    LossConfig.ignore_void,
    "Keeps ids that Cityscapes does not evaluate out of loss and metrics.",
)
flags.DEFINE_enum(
    "mixed_precision",
    TrainConfig.mixed_precision,
    config_lib.PRECISIONS,
    "Type of the network's arithmetic; auto asks the device.",
)
flags.DEFINE_enum(
    "jit_compile",
    TrainConfig.jit_compile,
    config_lib.SWITCHES,
    "Whether XLA compiles the step; auto: on a GPU.",
)
flags.DEFINE_bool(
    "remat",
    TrainConfig.remat,
    "Computes activations again in the backward pass: less memory, more time.",
)
flags.DEFINE_integer(
    "accumulate_steps",
    TrainConfig.accumulate_steps,
    "Parts that a batch goes through in for one update; batch normalization "
    "sees a part at a time.",
)
flags.DEFINE(
    _NumbersParser(int),
    "profile_steps",
    None,
    "First and last step to trace for TensorBoard, like 10,15.",
    serializer=flags.ListSerializer(","),
)
flags.DEFINE_integer(
    "early_stopping_patience",
    TrainConfig.early_stopping_patience,
    "Epochs without a better val mean IoU that end a run; 0: never.",
)
flags.DEFINE_integer(
    "save_steps",
    TrainConfig.save_steps,
    "Steps between checkpoints within an epoch; 0: only at its end.",
)
flags.DEFINE_integer(
    "keep_checkpoints", TrainConfig.keep_checkpoints, "Latest ones that stay."
)
flags.DEFINE_integer(
    "seed", TrainConfig.seed, "Decides weights, order and augmentation."
)
flags.DEFINE_string(
    "checkpoint",
    EvaluateConfig.checkpoint,
    "best, latest or the path of a .keras file; evaluate and predict.",
)
flags.DEFINE_enum(
    "inference",
    InferenceConfig.inference,
    config_lib.INFERENCES,
    "Whole pictures or windows of the crop's size; evaluate and predict.",
)
flags.DEFINE_float(
    "stride",
    InferenceConfig.stride,
    "Distance of windows as a share of the window; evaluate and predict.",
)
flags.DEFINE_bool(
    "flip_average",
    InferenceConfig.flip_average,
    "Asks the mirrored picture as well; evaluate and predict.",
)
flags.DEFINE(
    _NumbersParser(),
    "scales",
    "1",
    "Shares of --resize to average over; evaluate and predict.",
    serializer=flags.ListSerializer(","),
)
flags.DEFINE_string(
    "predictions",
    "",
    "Folder or zip of labelIds PNGs to score instead of a network, against "
    "the Cityscapes folder or gtFine zip that --data_dir names; evaluate.",
)
flags.DEFINE_string("input", "", "Picture, pattern or folder; predict.")
flags.DEFINE_string(
    "submission", "", "Zip for the benchmark server, checked; predict."
)
flags.DEFINE_string("export_dir", "", "Where files go; export.")
_define_size("input_size", ExportConfig.input_size, "Pictures' size; export.")
flags.DEFINE_list(
    "export_formats",
    ",".join(ExportConfig.export_formats),
    f"Some of {', '.join(config_lib.EXPORT_FORMATS)}; export.",
)
flags.DEFINE_string("output_dir", "", "Where pictures go; predict.")
flags.DEFINE_integer("limit", None, "The first so many pictures; predict.")


def main(argv: list[str]) -> int:
    """Runs one mode and returns the exit code."""
    app.define_help_flags()
    try:
        extra = FLAGS(argv)[1:]
        if extra:
            raise flags.Error(f"unexpected argument {extra[0]!r}")
        config = _CONFIGS[FLAGS.mode]()
    except (flags.Error, ConfigError) as error:
        return _fail(error, EXIT_BAD_FLAGS)
    except (ManifestError, OSError) as error:
        return _fail(error, EXIT_FAILED)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return _run(FLAGS.mode, config)
    except (ValueError, OSError) as error:
        return _fail(error, EXIT_FAILED)


def _run(
    mode: str,
    config: TrainConfig | EvaluateConfig | PredictConfig | ExportConfig,
) -> int:
    """Imports the mode's module, with it mostly TensorFlow, and runs it."""
    name = mode
    if mode == "evaluate" and config.predictions:
        name = "score_files"
    module = import_quietly(f"trainer.{name}")
    return module.run(config) or 0


def _train_config() -> TrainConfig:
    data = _with_flags(DataConfig(data_dir=FLAGS.data_dir))
    manifest = dataset.open_dataset(
        data, (data.train_split, data.eval_split), FLAGS.label_space
    )
    config = _with_flags(
        TrainConfig(
            model_dir=FLAGS.model_dir,
            data=data,
            model=ModelConfig(label_space=manifest.label_space),
        )
    )
    resuming.check_same_run(config)
    return config


def _evaluate_config() -> EvaluateConfig:
    run = _load_run()
    data = run.data if run else DataConfig(data_dir=FLAGS.data_dir)
    data = _with_flags(data)
    config = _with_flags(
        EvaluateConfig(
            model_dir=FLAGS.model_dir,
            data=data,
            inference=InferenceConfig(resize=data.resize, crop=data.crop),
        )
    )
    if config.predictions:
        return config
    dataset.open_dataset(data, (data.eval_split,), FLAGS.label_space)
    run_files.network_path(config.model_dir, config.checkpoint)
    return config


def _predict_config() -> PredictConfig:
    run = _load_run()
    inference = InferenceConfig()
    if run:
        inference = InferenceConfig(resize=run.data.resize, crop=run.data.crop)
    config = _with_flags(
        PredictConfig(
            model_dir=FLAGS.model_dir,
            input=FLAGS.input,
            output_dir=FLAGS.output_dir,
            inference=inference,
            checkpoint=FLAGS.checkpoint,
        )
    )
    run_files.network_path(config.model_dir, config.checkpoint)
    picture_files.find_pictures(config.input)
    return config


def _export_config() -> ExportConfig:
    run = _load_run()
    config = _with_flags(
        ExportConfig(
            model_dir=FLAGS.model_dir,
            export_dir=FLAGS.export_dir,
            checkpoint=FLAGS.checkpoint,
            resize=run.data.resize if run else ExportConfig.resize,
        )
    )
    run_files.network_path(config.model_dir, config.checkpoint)
    return config


_CONFIGS = {
    "train": _train_config,
    "evaluate": _evaluate_config,
    "predict": _predict_config,
    "export": _export_config,
}


def _load_run() -> TrainConfig | None:
    """Reads the run's configuration; a .keras file can do without one.

    Raises:
        ConfigError: There is none, and `best` or `latest` asks for it.
    """
    run = config_lib.load(FLAGS.model_dir) if FLAGS.model_dir else None
    needs_none = FLAGS["checkpoint"].present or FLAGS.predictions
    if run is None and FLAGS.model_dir and not needs_none:
        raise FileNotFoundError(
            f"{FLAGS.model_dir} holds no {config_lib.FILE_NAME}: nothing was "
            "trained there. Run --mode=train with this --model_dir first."
        )
    return run


def _with_flags(config: _Config) -> _Config:
    """Puts the flags that the user gave over a configuration's values."""
    changes = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = _with_flags(value)
        elif field.name in FLAGS and FLAGS[field.name].present:
            changes[field.name] = FLAGS[field.name].value
    return dataclasses.replace(config, **changes)


def _fail(error: Exception, code: int) -> int:
    message = " ".join(str(error).split())
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv))
