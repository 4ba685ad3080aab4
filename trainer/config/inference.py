"""The options of what is done with a trained network.

Field names are flag names; what the flags leave open is that of the run.
"""

import dataclasses

from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.options import (
    ConfigError,
    check_at_least,
    check_choice,
    check_model_dir,
)
from trainer.config.sizes import check_crop, check_size

CHECKPOINTS = ("best", "latest")
INFERENCES = ("auto", "whole", "sliding")
EXPORT_FORMATS = ("keras", "saved_model", "onnx")


@dataclasses.dataclass(frozen=True)
class InferenceConfig:
    """How a network is applied to pictures of any size.

    A picture first takes the size that training pictures took: a network
    knows things at that scale and aspect only.

    Attributes:
        resize: That size; None keeps the picture's own.
        crop: The size of training crops, and of sliding windows.
        inference: `whole` shows the network a whole picture, `sliding` one
            window after the other; `auto` slides where a picture is larger
            than two crops.
        stride: The largest distance of neighbouring windows, as a share of
            the window.
        flip_average: Whether the mirrored picture is asked as well.
        scales: The sizes to average over, as shares of `resize`.
        batch_size: Crops' worth of pixels that the network sees at once;
            None: one on a CPU, where more are slower, sixteen on a GPU.
    """

    resize: Size | None = (280, 280)
    crop: Size = (256, 256)
    inference: str = "auto"
    stride: float = 2 / 3
    flip_average: bool = False
    scales: tuple[float, ...] = (1.0,)
    batch_size: int | None = None

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("inference", self.inference, INFERENCES)
        if self.batch_size is not None:
            check_at_least("batch_size", self.batch_size, 1)
        check_crop(self.crop)
        if not 0 < self.stride <= 1:
            raise ConfigError(
                f"--stride={self.stride} must be above 0 and at most 1, the "
                "distance of neighbouring windows as a share of the window"
            )
        if not self.scales or not all(0.1 <= s <= 10 for s in self.scales):
            text = ",".join(map(str, self.scales))
            raise ConfigError(
                f"--scales={text} must be numbers in 0.1..10, like 0.75,1"
            )


@dataclasses.dataclass(frozen=True)
class EvaluateConfig:
    """One evaluation of a trained network.

    Attributes:
        model_dir: The run's folder; evaluation.json goes there.
        data: The pictures and their labels.
        inference: How the network is applied.
        checkpoint: `best`, `latest` or the path of a .keras file.
        predictions: A folder or zip of labelIds PNGs to score instead of a
            network, against the labels of a Cityscapes folder or zip.
    """

    model_dir: str
    data: DataConfig
    inference: InferenceConfig
    checkpoint: str = "best"
    predictions: str = ""

    def __post_init__(self) -> None:
        """Checks the values."""
        check_model_dir(self.model_dir)
        _check_checkpoint(self.checkpoint)


@dataclasses.dataclass(frozen=True)
class PredictConfig:
    """One prediction of pictures that need no labels.

    Attributes:
        model_dir: The run's folder.
        input: A picture, a pattern, a folder or a zip of pictures.
        output_dir: The folder of what is written.
        inference: How the network is applied.
        checkpoint: `best`, `latest` or the path of a .keras file.
        submission: A zip to write for the benchmark server; none if empty.
        limit: The first so many pictures, by path; None for all.
    """

    model_dir: str
    input: str
    output_dir: str
    inference: InferenceConfig
    checkpoint: str = "best"
    submission: str = ""
    limit: int | None = None

    def __post_init__(self) -> None:
        """Checks the values."""
        if not self.checkpoint.endswith(".keras"):
            check_model_dir(self.model_dir)
        _check_checkpoint(self.checkpoint)
        if not self.input:
            raise ConfigError("--input is missing: a picture or a folder")
        if not self.output_dir:
            raise ConfigError("--output_dir is missing: where pictures go")
        if self.limit is not None:
            check_at_least("limit", self.limit, 1)


@dataclasses.dataclass(frozen=True)
class ExportConfig:
    """One export of a trained network.

    Attributes:
        model_dir: The run's folder.
        export_dir: The folder of what is written.
        checkpoint: `best`, `latest` or the path of a .keras file.
        resize: The size that training pictures took; None: none.
        input_size: The size of the pictures that Keras and ONNX files take.
        export_formats: Some of `EXPORT_FORMATS`.
    """

    model_dir: str
    export_dir: str
    checkpoint: str = "best"
    resize: Size | None = (280, 280)
    input_size: Size = (1024, 2048)
    export_formats: tuple[str, ...] = EXPORT_FORMATS

    def __post_init__(self) -> None:
        """Checks the values."""
        if not self.checkpoint.endswith(".keras"):
            check_model_dir(self.model_dir)
        _check_checkpoint(self.checkpoint)
        if not self.export_dir:
            raise ConfigError("--export_dir is missing: where files go")
        check_size("input_size", self.input_size)
        for name in self.export_formats:
            check_choice("export_formats", name, EXPORT_FORMATS)


def _check_checkpoint(checkpoint: str) -> None:
    if checkpoint not in CHECKPOINTS and not checkpoint.endswith(".keras"):
        raise ConfigError(
            f"--checkpoint={checkpoint} is neither of "
            f"{', '.join(CHECKPOINTS)} nor the path of a .keras file"
        )
