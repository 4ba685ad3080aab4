"""Trains, evaluates and applies the U-Net.

    python -m trainer.task --mode=train --data_dir=OUT --model_dir=RUN

Flags and files are checked before TensorFlow, which takes seconds, is
imported.  Exit codes: 0 done, 1 something about files or data, 2 flags.
"""

import os
import sys
from typing import Any

from absl import app, flags

from schemas.labels import LABEL_SPACES
from schemas.manifest import ManifestError
from trainer import command_line
from trainer.config import data as data_options
from trainer.config import devices, flag_types, inference, optimization
from trainer.config import training as config_lib
from trainer.config.data import AppearanceConfig, DataConfig
from trainer.config.devices import DevicesConfig
from trainer.config.inference import (
    EvaluateConfig,
    ExportConfig,
    InferenceConfig,
)
from trainer.config.model import ModelConfig
from trainer.config.optimization import LossConfig, OptimizerConfig
from trainer.config.options import ConfigError
from trainer.config.training import TrainConfig
from trainer.storage.quiet import import_quietly

FLAGS = flags.FLAGS
MODES = ("train", "evaluate", "predict", "export")
EXIT_FAILED = 1
EXIT_BAD_FLAGS = 2

flags.DEFINE_enum("mode", "train", MODES, "What to do.")
flags.DEFINE_string(
    "data_dir",
    "",
    "The folder that preprocess.main wrote; evaluate takes Cityscapes' own "
    "folder as well, and its zips with a comma between them.",
)
flags.DEFINE_string("model_dir", "", "The run's folder.")
flags.DEFINE_string("train_split", DataConfig.train_split, "Learned from.")
flags.DEFINE_string("eval_split", DataConfig.eval_split, "Scored on.")
flag_types.define_size(
    "resize", DataConfig.resize, "Size before the crop, or none."
)
flag_types.define_size("crop", DataConfig.crop, "Size of the random crop.")
flag_types.define_numbers(
    "random_scale",
    DataConfig.random_scale,
    "Lowest and highest scale of training pictures before the crop.",
)
flags.DEFINE_float(
    "brightness",
    AppearanceConfig.brightness,
    "Training pictures' factor is drawn from 1 - this to 1 + this; 0: none.",
)
flags.DEFINE_float(
    "contrast", AppearanceConfig.contrast, "As --brightness, of contrast."
)
flags.DEFINE_float(
    "saturation", AppearanceConfig.saturation, "As --brightness, of saturation."
)
flags.DEFINE_integer(
    "coarse_dropout",
    AppearanceConfig.coarse_dropout,
    "Rectangles of a training picture that are painted over.",
)
flag_types.define_numbers(
    "coarse_dropout_size",
    AppearanceConfig.coarse_dropout_size,
    "Their shortest and longest side as shares of the crop's.",
)
flags.DEFINE_enum(
    "cache",
    DataConfig.cache,
    data_options.CACHES,
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
flags.DEFINE_float(
    "batch_norm_momentum",
    ModelConfig.batch_norm_momentum,
    "Of batch normalization's averages; 0.9 for short runs.",
)
flags.DEFINE_integer("epochs", TrainConfig.epochs, "Passes over the split.")
flags.DEFINE_integer(
    "batch_size",
    TrainConfig.batch_size,
    "Pictures a step, of all devices and processes together.",
)
flags.DEFINE_enum(
    "optimizer",
    OptimizerConfig.optimizer,
    optimization.OPTIMIZERS,
    "How gradients become steps.",
)
flags.DEFINE_float(
    "learning_rate", OptimizerConfig.learning_rate, "Size of the steps."
)
flags.DEFINE_enum(
    "schedule",
    OptimizerConfig.schedule,
    optimization.SCHEDULES,
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
    optimization.LOSSES,
    "What the network is to make small.",
)
flags.DEFINE_enum(
    "class_weights",
    LossConfig.class_weights,
    optimization.CLASS_WEIGHTS,
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
flags.DEFINE_enum(
    "strategy",
    DevicesConfig.strategy,
    devices.STRATEGIES,
    "One device of each process, or all of them; auto: all GPUs.",
)
flags.DEFINE_string(
    "coordinator",
    DevicesConfig.coordinator,
    "Where several processes meet: host:port of the first one.",
)
flags.DEFINE_integer(
    "num_processes",
    DevicesConfig.num_processes,
    "Processes of the run, one a machine; needs KERAS_BACKEND=jax.",
)
flags.DEFINE_integer(
    "process_id", DevicesConfig.process_id, "The number of this one, from 0."
)
flag_types.define_numbers(
    "profile_steps",
    TrainConfig.profile_steps,
    "First and last step to trace for TensorBoard, like 10,15.",
    int,
)
flags.DEFINE_integer(
    "early_stopping_patience",
    TrainConfig.early_stopping_patience,
    "Epochs without a better val mean IoU that end a run; 0: never.",
)
flags.DEFINE_integer(
    "tensorboard_pictures",
    TrainConfig.tensorboard_pictures,
    "Frames of the evaluation split that TensorBoard shows each epoch.",
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
    inference.INFERENCES,
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
flag_types.define_numbers(
    "scales",
    InferenceConfig.scales,
    "Shares of --resize to average over; evaluate and predict.",
)
flags.DEFINE_string(
    "predictions",
    "",
    "Folder or zip of labelIds PNGs to score instead of a network, against "
    "the Cityscapes folder or gtFine zip that --data_dir names; evaluate.",
)
flags.DEFINE_string("input", "", "Picture, pattern, folder or zip; predict.")
flags.DEFINE_string(
    "submission", "", "Zip for the benchmark server, checked; predict."
)
flags.DEFINE_string("export_dir", "", "Where files go; export.")
flag_types.define_size(
    "input_size", ExportConfig.input_size, "Pictures' size; export."
)
flags.DEFINE_list(
    "export_formats",
    ",".join(ExportConfig.export_formats),
    f"Some of {', '.join(inference.EXPORT_FORMATS)}; export.",
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
        config = command_line.CONFIGS[FLAGS.mode](_given_flags())
    except (flags.Error, ConfigError) as error:
        return _fail(error, EXIT_BAD_FLAGS)
    except (ManifestError, OSError) as error:
        return _fail(error, EXIT_FAILED)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return _run(FLAGS.mode, config)
    except (ValueError, OSError) as error:
        return _fail(error, EXIT_FAILED)


def _run(mode: str, config: Any) -> int:
    """Imports the mode's module, with it mostly TensorFlow, and runs it."""
    name = mode
    if mode == "evaluate" and config.predictions:
        name = "evaluation.score_label_maps"
    module = import_quietly(f"trainer.{name}")
    return module.run(config) or 0


def _given_flags() -> dict[str, Any]:
    """Returns the flags that the user gave: name → value."""
    return {name: FLAGS[name].value for name in FLAGS if FLAGS[name].present}


def _fail(error: Exception, code: int) -> int:
    message = " ".join(str(error).split())
    print(f"error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv))
