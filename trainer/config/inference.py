"""The options of what is done with a trained network.

What the flags leave open is that of the run.
"""

import dataclasses
import re

from schemas.labels.table import SPACES
from schemas.layouts import filenames
from schemas.sizes import Size
from trainer.config.data import DataConfig, check_crop
from trainer.config.flag import ConfigError
from trainer.config.layout import LayoutConfig
from trainer.config.options import Config, option, part, same_as
from trainer.config.sizes import SIZE_FACTOR
from trainer.config.training import TrainConfig

CHECKPOINTS = ("best", "latest")
EXPORT_FORMATS = ("keras", "saved_model", "onnx", "tflite", "tflite_int8")
"""The names of the rows in serving/formats.py, which imports TensorFlow."""

PROBABILITY_FORMATS = ("npz", "png16")

CALIBRATED_FORMATS = ("tflite_int8",)
"""Those that need frames of the training split."""


@dataclasses.dataclass(frozen=True)
class InferenceConfig(Config):
    """How a network is applied to pictures of any size.

    A picture first takes the size that training pictures took: a network
    knows things at that scale and aspect only.
    """

    resize: Size | None = same_as(DataConfig, "resize")
    crop: Size = same_as(DataConfig, "crop")
    inference: str = option(
        "auto",
        help="Whole pictures, or sliding windows of the crop's size; auto: "
        "windows where a picture is larger than two crops",
        choices=("auto", "whole", "sliding"),
    )
    stride: float = option(
        2 / 3,
        help="Distance of sliding windows, as a share of the window",
        above=0,
        at_most=1,
    )
    flip_average: bool = option(
        False, help="Test-time augmentation: averages with the mirrored picture"
    )
    scales: tuple[float, ...] = option(
        (1.0,),
        help="Test-time augmentation: shares of --resize to average over, like "
        "0.75,1,1.25",
        at_least=0.1,
        at_most=10,
        example="0.75,1",
    )
    mask_unseen: bool = option(
        True,
        help="Predicts only ids that occurred in training, as the run's "
        "classes.json counts them; a network without that file predicts all",
    )
    batch_size: int | None = option(
        None,
        help="Crops' worth of pixels that the network sees at once; none: one "
        "on a CPU, where more are slower, sixteen on a GPU",
        at_least=1,
        at_most=65_536,
    )

    @property
    def descending_scales(self) -> list[float]:
        """The scales, largest first: at its size the others are added to it."""
        return sorted(self.scales, reverse=True)

    def check_together(self) -> None:
        """Checks that the network can take a window."""
        check_crop(self.crop, SIZE_FACTOR)


@dataclasses.dataclass(frozen=True, kw_only=True)
class EvaluateConfig(Config):
    """One evaluation, of a trained network or of predictions in files."""

    model_dir: str = option("", help="The run's folder", is_path=True)
    data: DataConfig = part("data_dir", "eval_split", "resize", "crop")
    layout: LayoutConfig = LayoutConfig()
    inference: InferenceConfig
    label_space: str | None = option(
        None,
        help="Refuses a data set of another label space; with --predictions, "
        "the ids that these hold, label_ids without it",
        choices=SPACES,
    )
    checkpoint: str = option(
        "best", help="best, latest or the path of a .keras file", is_path=True
    )
    predictions: str = option(
        "",
        help="Folder or zip of label map PNGs to score instead of a network, "
        "against the Cityscapes folder or gtFine zip that --data_dir names",
        is_path=True,
    )

    evaluation_name: str = option(
        "",
        help="Part of the names of the files that are written, like flip in "
        "evaluation-flip.json; without, none for the run's own evaluation "
        "split, and the data set's name for another one",
    )

    def check_together(self) -> None:
        """Checks what is to be scored, and what files are to be called."""
        if re.search(r"[^\w.-]", self.evaluation_name):
            raise ConfigError(
                f"--evaluation_name={self.evaluation_name} is a part of names "
                "of files: letters, digits, points, - and _"
            )
        if not self.predictions:
            _check_network(self.model_dir, self.checkpoint)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PredictConfig(Config):
    """One prediction of pictures that need no labels."""

    input: str = option(
        help="Picture, pattern, folder or zip of pictures, or a clip, whose "
        "overlay becomes a video",
        required="a picture, a folder or a clip",
        is_path=True,
    )
    output_dir: str = option(
        help="Folder of label maps, colors and overlays",
        required="where pictures go",
        is_path=True,
    )
    inference: InferenceConfig
    model_dir: str = same_as(EvaluateConfig, "model_dir")
    checkpoint: str = same_as(EvaluateConfig, "checkpoint")
    submission: str = option(
        "", help="Zip for the benchmark server, checked", is_path=True
    )
    limit: int | None = option(
        None,
        help="Only the first so many pictures, by path, or frames of a clip",
        at_least=1,
        at_most=1_000_000_000,
    )
    probabilities: str | None = option(
        None,
        help="Writes those of each pixel: npz: of every class, float16; png16: "
        "the winner's, a 16-bit PNG where 65535 stands for 1",
        choices=PROBABILITY_FORMATS,
    )
    fade_unsure: bool = option(
        False,
        help="Overlays fade to the picture where the winner's probability is "
        "low",
    )
    fps: float | None = option(
        None,
        help="Makes one video of the pictures, by path, of so many a second",
        at_least=0.01,
        at_most=1000,
    )

    @property
    def is_of_clip(self) -> bool:
        """Whether the input is a clip."""
        return filenames.is_clip(self.input)

    def check_together(self) -> None:
        """Checks that there can be a network, and what a video goes with."""
        _check_network(self.model_dir, self.checkpoint)
        if self.is_of_clip and self.fps:
            raise ConfigError(
                f"--fps={self.fps:g} is for pictures, and --input={self.input} "
                "is a clip, which has its own rate; leave it out"
            )
        for name in ("submission", "probabilities"):
            value = getattr(self, name)
            if value and (self.is_of_clip or self.fps):
                raise ConfigError(
                    f"--{name}={value} is of pictures, and this makes a "
                    "video; leave it out"
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class ExportConfig(Config):
    """One export of a trained network."""

    export_dir: str = option(
        help="Folder of what is written",
        required="where files go",
        is_path=True,
    )
    model_dir: str = same_as(EvaluateConfig, "model_dir")
    checkpoint: str = same_as(EvaluateConfig, "checkpoint")
    inference: InferenceConfig = part(
        "resize",
        "crop",
        "inference",
        "stride",
        "flip_average",
        "scales",
        "mask_unseen",
    )
    input_size: Size = option(
        (1024, 2048),
        help="Size of the pictures that all files but the SavedModel take",
    )
    export_formats: tuple[str, ...] = option(
        tuple(
            name for name in EXPORT_FORMATS if name not in CALIBRATED_FORMATS
        ),
        help="Formats to write; tflite_int8 needs --data_dir",
        choices=EXPORT_FORMATS,
    )
    data_dir: str = option(
        "",
        help="Data set of the frames that tflite_int8 is calibrated on and "
        "files are compared on; that of the run, where it is still there",
        is_path=True,
    )
    train_split: str = same_as(DataConfig, "train_split")
    eval_split: str = same_as(DataConfig, "eval_split")
    compare_frames: int = option(
        2,
        help="Frames of the evaluation split on which each file's ids are "
        "compared with those of predict; 0: none",
        at_least=0,
        at_most=1_000_000,
    )

    def check_together(self) -> None:
        """Checks that there can be a network, and frames where needed."""
        _check_network(self.model_dir, self.checkpoint)
        calibrated = set(self.export_formats) & set(CALIBRATED_FORMATS)
        if calibrated and not self.data_dir:
            raise ConfigError(
                f"--export_formats={','.join(sorted(calibrated))} needs "
                "--data_dir: the converted data set to calibrate on"
            )


MODES = {
    "train": TrainConfig,
    "evaluate": EvaluateConfig,
    "predict": PredictConfig,
    "export": ExportConfig,
}
"""--mode → its configuration."""


def _check_network(model_dir: str, checkpoint: str) -> None:
    """Raises ConfigError where flags name no network."""
    is_file = checkpoint.endswith(".keras")
    if checkpoint not in CHECKPOINTS and not is_file:
        raise ConfigError(
            f"--checkpoint={checkpoint} is neither of "
            f"{', '.join(CHECKPOINTS)} nor the path of a .keras file"
        )
    if not model_dir and not is_file:
        raise ConfigError("--model_dir is missing: the run's folder")
