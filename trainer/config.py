"""Every option of the trainer: frozen, checked, written beside the run.

Field names are flag names.  RUN/config.json holds a `TrainConfig`; evaluate
and predict take from it whatever their own flags leave open.
"""

import dataclasses
import json
import typing
from typing import Any, TypeVar

from schemas.labels import LABEL_SPACES
from trainer import storage
from trainer.checks import (
    ConfigError,
    check_at_least,
    check_choice,
    check_scales,
)
from trainer.learning import LossConfig, OptimizerConfig

Size = tuple[int, int]
"""(height, width) in pixels."""

Scales = tuple[float, float]
"""The lowest and the highest scale."""

SIZE_FACTOR = 16
"""The network halves its pictures four times."""

CACHES = ("auto", "ram", "disk", "none")
PRECISIONS = ("auto", "float32", "bfloat16", "float16")
SWITCHES = ("auto", "on", "off")
CHECKPOINTS = ("best", "latest")
INFERENCES = ("auto", "whole", "sliding")
EXPORT_FORMATS = ("keras", "saved_model", "onnx")
FILE_NAME = "config.json"

_Config = TypeVar("_Config")


def format_size(size: Size | None) -> str:
    """Writes a size as flags do: `HEIGHTxWIDTH`, or `none`."""
    return "none" if size is None else f"{size[0]}x{size[1]}"


def parse_size(text: str) -> Size | None:
    """Reads `HEIGHTxWIDTH` or `none`.

    Raises:
        ConfigError: It is neither.
    """
    if text == "none":
        return None
    height, separator, width = text.lower().partition("x")
    if not (separator and height.isdecimal() and width.isdecimal()):
        raise ConfigError(f"{text!r} is not HEIGHTxWIDTH, like 256x256")
    return int(height), int(width)


@dataclasses.dataclass(frozen=True)
class DataConfig:
    """Where the pictures come from and what size they take.

    Attributes:
        data_dir: The folder that the conversion wrote.
        train_split: The split to learn from.
        eval_split: The split to score on.
        resize: The size that every picture takes before the crop; None
            keeps the stored size.
        crop: The size of the random crop, and of validation pictures.
        random_scale: The lowest and the highest scale that training
            pictures take before the crop.
        cache: Where decoded pictures stay, one of `CACHES`.
    """

    data_dir: str
    train_split: str = "train"
    eval_split: str = "val"
    resize: Size | None = (280, 280)
    crop: Size = (256, 256)
    random_scale: Scales = (1.0, 1.0)
    cache: str = "auto"

    def __post_init__(self) -> None:
        """Checks what needs no data set."""
        if not self.data_dir:
            raise ConfigError("--data_dir is missing: the converted data set")
        check_choice("cache", self.cache, CACHES)
        check_scales("random_scale", self.random_scale)
        if self.crop is None or min(self.crop) < 1:
            raise ConfigError(
                f"--crop={format_size(self.crop)} is no size; give "
                "HEIGHTxWIDTH, like 256x256"
            )
        if any(side % SIZE_FACTOR for side in self.crop):
            raise ConfigError(
                f"--crop={format_size(self.crop)}: both sides must divide by "
                f"{SIZE_FACTOR}, because the network halves them four times"
            )
        if self.resize and any(
            whole < part
            for whole, part in zip(self.resize, self.crop, strict=True)
        ):
            raise ConfigError(
                f"--crop={format_size(self.crop)} does not fit into "
                f"--resize={format_size(self.resize)}; make the crop smaller"
            )


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """What decides the network.

    Attributes:
        label_space: The ids that it tells apart, a key of `LABEL_SPACES`.
        base_filters: The width of the first level; each level doubles it.
    """

    label_space: str
    base_filters: int = 64

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("label_space", self.label_space, tuple(LABEL_SPACES))
        check_at_least("base_filters", self.base_filters, 1)

    @property
    def num_classes(self) -> int:
        """The number of the network's outputs."""
        return LABEL_SPACES[self.label_space].num_classes


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """One training run.

    Attributes:
        model_dir: The folder of everything that the run writes.
        data: The pictures.
        model: The network.
        optimizer: How gradients become steps.
        loss: What the network is to make small.
        epochs: Passes over the training split.
        batch_size: Pictures a step.
        mixed_precision: One of `PRECISIONS`; auto asks the device.
        jit_compile: Whether XLA compiles the step, one of `SWITCHES`.
        remat: Whether activations are computed again in the backward pass.
        accumulate_steps: The parts that a batch goes through in, one after
            the other, for one update.
        profile_steps: The first and the last step to trace; empty: none.
        early_stopping_patience: Epochs without a better mean IoU on the
            evaluation split after which a run ends; 0: never.
        save_steps: Steps between checkpoints within an epoch; 0: none, only
            at the epoch's end.
        keep_checkpoints: How many of the latest checkpoints stay.
        seed: Decides weights, order and augmentation.
    """

    model_dir: str
    data: DataConfig
    model: ModelConfig
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    epochs: int = 60
    batch_size: int = 32
    mixed_precision: str = "auto"
    jit_compile: str = "auto"
    remat: bool = False
    accumulate_steps: int = 1
    profile_steps: tuple[int, ...] = ()
    early_stopping_patience: int = 0
    save_steps: int = 0
    keep_checkpoints: int = 3
    seed: int = 2019

    def __post_init__(self) -> None:
        """Checks the values."""
        _check_model_dir(self.model_dir)
        check_at_least("epochs", self.epochs, 1)
        check_at_least("batch_size", self.batch_size, 1)
        check_at_least("save_steps", self.save_steps, 0)
        patience = self.early_stopping_patience
        check_at_least("early_stopping_patience", patience, 0)
        check_at_least("keep_checkpoints", self.keep_checkpoints, 1)
        check_at_least("seed", self.seed, 0)
        check_choice("mixed_precision", self.mixed_precision, PRECISIONS)
        check_choice("jit_compile", self.jit_compile, SWITCHES)
        check_at_least("accumulate_steps", self.accumulate_steps, 1)
        if self.batch_size % self.accumulate_steps:
            raise ConfigError(
                f"--batch_size={self.batch_size} does not divide into "
                f"--accumulate_steps={self.accumulate_steps} equal parts"
            )
        _check_profile_steps(self.profile_steps)


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
            four keep the network of the defaults below 2 GB of memory.
    """

    resize: Size | None = (280, 280)
    crop: Size = (256, 256)
    inference: str = "auto"
    stride: float = 2 / 3
    flip_average: bool = False
    scales: tuple[float, ...] = (1.0,)
    batch_size: int = 4

    def __post_init__(self) -> None:
        """Checks the values."""
        check_choice("inference", self.inference, INFERENCES)
        check_at_least("batch_size", self.batch_size, 1)
        if self.crop is None or any(
            side < 1 or side % SIZE_FACTOR for side in self.crop
        ):
            raise ConfigError(
                f"--crop={format_size(self.crop)}: both sides must divide by "
                f"{SIZE_FACTOR}, because the network halves them four times"
            )
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
        _check_model_dir(self.model_dir)
        _check_checkpoint(self.checkpoint)


@dataclasses.dataclass(frozen=True)
class PredictConfig:
    """One prediction of pictures that need no labels.

    Attributes:
        model_dir: The run's folder.
        input: A picture, a pattern or a folder of pictures.
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
            _check_model_dir(self.model_dir)
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
            _check_model_dir(self.model_dir)
        _check_checkpoint(self.checkpoint)
        if not self.export_dir:
            raise ConfigError("--export_dir is missing: where files go")
        if self.input_size is None or min(self.input_size) < 1:
            raise ConfigError(
                f"--input_size={format_size(self.input_size)} is no size; "
                "give HEIGHTxWIDTH, like 1024x2048"
            )
        for name in self.export_formats:
            check_choice("export_formats", name, EXPORT_FORMATS)


def save(config: TrainConfig) -> None:
    """Writes RUN/config.json."""
    text = json.dumps(dataclasses.asdict(config), indent=1) + "\n"
    storage.write_text(storage.join(config.model_dir, FILE_NAME), text)


def load(model_dir: str) -> TrainConfig | None:
    """Reads RUN/config.json; None where the folder holds none.

    Raises:
        ConfigError: It is damaged; names the file.
    """
    path = storage.join(model_dir, FILE_NAME)
    try:
        content = json.loads(storage.read_text(path))
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


def _check_model_dir(model_dir: str) -> None:
    if not model_dir:
        raise ConfigError("--model_dir is missing: the run's folder")


def _check_profile_steps(steps: tuple[int, ...]) -> None:
    if steps and not (len(steps) == 2 and 1 <= steps[0] <= steps[1]):
        raise ConfigError(
            f"--profile_steps={','.join(map(str, steps))} must be the first "
            "and the last step to trace, like 10,15"
        )


def _check_checkpoint(checkpoint: str) -> None:
    if checkpoint not in CHECKPOINTS and not checkpoint.endswith(".keras"):
        raise ConfigError(
            f"--checkpoint={checkpoint} is neither of "
            f"{', '.join(CHECKPOINTS)} nor the path of a .keras file"
        )
