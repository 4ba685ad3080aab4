"""Which records a run reads: splits of one data set or of several.

No TensorFlow: whatever does not fit is said before the slow imports.
"""

import dataclasses
import functools
import os
from collections.abc import Sequence

import numpy as np

from schemas import class_weights
from schemas.class_weights import PixelCounts
from schemas.labels.table import LabelSpace, first_difference
from schemas.manifest import FILE_NAME, NATIVE, ManifestError
from schemas.quantities import counted
from schemas.shards.names import missing_split_remedy, split_name
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.data import dataset
from trainer.data.dataset import Part, RecordSet
from trainer.storage import files


@dataclasses.dataclass(frozen=True)
class RunRecords:
    """The records that a run learns from and is scored on.

    Attributes:
        train: The training splits of all data sets, in the flags' order.
        evaluation: The evaluation split of one of them.
    """

    train: tuple[Part, ...]
    evaluation: Part

    @property
    def space(self) -> LabelSpace:
        """The ids of the records, alike in all data sets."""
        return self.evaluation.records.manifest.space

    @property
    def num_examples(self) -> int:
        """The frames that an epoch draws, those of a last part batch too."""
        return round(sum(drawn_frames(self.train)))

    @functools.cached_property
    def pixel_counts(self) -> PixelCounts:
        """The pixels that an epoch draws of each class, rounded up."""
        return PixelCounts(
            _total(self.train, "class_pixels"),
            _total(self.train, "present_pixels"),
        )

    def rarity(self, ignore_void: bool) -> np.ndarray:
        """Returns (num_classes,) float64: how rare classes are in training.

        Args:
            ignore_void: Whether classes that are not evaluated have none.
        """
        counted = self.space.evaluated if ignore_void else None
        return class_weights.rarity(self.pixel_counts.class_pixels, counted)

    @property
    def train_digest(self) -> str:
        """The digests of the training splits, with a comma between them."""
        return ",".join(part.digest() for part in self.train)

    @property
    def is_scored_on_its_training(self) -> bool:
        """Whether the evaluation split is one of the training splits."""
        digests = [part.digest() for part in self.train]
        return self.evaluation.digest() in digests

    def describe(self) -> str:
        """Says what an epoch draws, like `2975 frames of train`."""
        if len(self.train) == 1 and self.train[0].weight == 1:
            return (
                f"{counted(self.num_examples, 'frame')} of "
                f"{self.train[0].split}"
            )
        parts = [
            f"{_times(part.weight)}{part.counts.num_examples} of {part}"
            for part in self.train
        ]
        return f"{counted(self.num_examples, 'frame')}, {' + '.join(parts)}"

    def check_unchanged(self) -> None:
        """Raises ManifestError where a split was converted again."""
        for part in (*self.train, self.evaluation):
            part.check_unchanged()


def drawn_frames(parts: Sequence[Part]) -> list[float]:
    """Returns how many frames an epoch draws of each split."""
    return [part.weight * part.counts.num_examples for part in parts]


def open_run(data: DataConfig, label_space: str | None = None) -> RunRecords:
    """Reads the manifests and checks what the run will ask of them.

    Args:
        data: The data sets, their splits and weights, and the sizes that
            pictures take.
        label_space: The space that the run insists on; None takes any.

    Raises:
        ManifestError: There is no finished data set, a split is missing or
            empty, a shard is not what the manifest says, or that lacks sizes
            that are asked for.
        ConfigError: The label spaces, the weights or a size do not fit, or a
            data set comes twice.
    """
    data_sets = _load_all(data.data_dir, label_space)
    _check_once(data_sets)
    weights = data.data_weights or (1.0,) * len(data_sets)
    if len(weights) != len(data_sets):
        raise ConfigError(
            f"--data_weights gives {counted(len(weights), 'number')} for the "
            f"{counted(len(data_sets), 'data set')} of "
            f"--data_dir={data.data_dir}; give one each"
        )
    _check_same_classes(data_sets)
    names = _split_names(data)
    for name in names:
        _first_with(data_sets, name)  # or raises
    train = tuple(
        Part(records, name, weight)
        for records, weight in zip(data_sets, weights, strict=True)
        for name in names
        if records.has(name)
    )
    evaluation = Part(_first_with(data_sets, data.eval_split), data.eval_split)
    _check_all_used(data_sets, (*train, evaluation))
    for part in (*train, evaluation):
        dataset.check_part(part, data)
        if data.resize is None and part.records.manifest.image_size == NATIVE:
            dataset.check_counted(part, "image_sizes", "--resize=none")
    records = RunRecords(train, evaluation)
    if not records.num_examples:
        raise ConfigError(
            f"--data_weights={','.join(map(str, weights))} leave an epoch no "
            "frame; raise one"
        )
    return records


def open_evaluation(data: DataConfig, label_space: str | None = None) -> Part:
    """Opens the evaluation split alone; arguments and errors of `open_run`."""
    data_sets = _load_all(data.data_dir, label_space)
    part = Part(_first_with(data_sets, data.eval_split), data.eval_split)
    dataset.check_part(part, data)
    return part


def folders(data_dir: str) -> list[str]:
    """Returns the data sets of --data_dir, which stand between commas.

    A comma may be part of a folder's name: the longest text that names a data
    set is one.  Where nothing does, the text is one path.
    """
    texts = data_dir.split(",")
    found = []
    while texts:
        length = next(
            (n for n in range(len(texts), 0, -1) if _is_one(texts[:n])), 1
        )
        found.append(os.path.expanduser(",".join(texts[:length])))
        texts = texts[length:]
    return found if any(map(is_data_set, found)) else [data_dir]


def is_data_set(folder: str) -> bool:
    """Whether a folder holds a manifest."""
    return files.num_bytes(files.join(folder, FILE_NAME)) is not None


def _is_one(texts: list[str]) -> bool:
    return is_data_set(os.path.expanduser(",".join(texts)))


def _load_all(data_dir: str, label_space: str | None) -> list[RecordSet]:
    found = folders(data_dir)
    if not all(found):
        raise ConfigError(
            f"--data_dir={data_dir} has nothing before or after a comma; leave "
            "that comma out"
        )
    data_sets = [dataset.load(folder) for folder in found]
    for records in data_sets:
        dataset.check_label_space(records, label_space)
    return data_sets


def _split_names(data: DataConfig) -> list[str]:
    """Returns the training splits; raises ConfigError where one comes twice."""
    names = data.train_split.split(",")
    once = dict.fromkeys(map(split_name, names))
    for name in once:
        if sum(split_name(other) == name for other in names) > 1:
            raise ConfigError(
                f"--train_split={data.train_split} names {name!r} twice; "
                "leave one out (--data_weights draws records more often)"
            )
    return names


def _check_once(data_sets: list[RecordSet]) -> None:
    """Raises ConfigError where one folder comes twice, by whatever name."""
    paths: dict[str, str] = {}
    for folder in (records.folder for records in data_sets):
        path = folder.rstrip("/")
        if not files.is_remote(folder):
            path = os.path.realpath(folder)
        if path in paths:
            raise ConfigError(
                f"--data_dir names {paths[path]} and {folder}, which are one "
                "folder; leave one out (--data_weights draws records more "
                "often)"
            )
        paths[path] = folder


def _first_with(data_sets: list[RecordSet], split: str) -> RecordSet:
    """Returns the first data set that has a split.

    Raises:
        ManifestError: None has it.
    """
    found = [records for records in data_sets if records.has(split)]
    if found:
        return found[0]
    if len(data_sets) == 1:
        data_sets[0].manifest.split(split)  # raises, and says what it has
    raise ManifestError(
        f"none of the {len(data_sets)} data sets of --data_dir has a split "
        f"{split!r}; {missing_split_remedy(split)}"
    )


def _check_all_used(
    data_sets: list[RecordSet], parts: tuple[Part, ...]
) -> None:
    used = [part.records.folder for part in parts]
    for records in data_sets:
        if records.folder not in used:
            raise ConfigError(
                f"{records.folder} holds none of the splits that the flags "
                f"name, only {', '.join(records.manifest.splits)}; add one to "
                "--train_split, or leave the folder out of --data_dir"
            )


def _check_same_classes(data_sets: list[RecordSet]) -> None:
    """Checks that ids mean the same in all data sets.

    Raises:
        ConfigError: They do not; names the first class that differs.
    """
    first = data_sets[0]
    for other in data_sets[1:]:
        difference = _difference(other.manifest.space, first.manifest.space)
        if difference:
            raise ConfigError(
                f"{other.folder} has other classes than {first.folder}: "
                f"{difference}; convert one of them again with the "
                "--label_space and --labels of the other"
            )


def _difference(here: LabelSpace, there: LabelSpace) -> str:
    if here.name == there.name:
        return first_difference(here.table, there.table)
    for number, names in enumerate(
        zip(here.class_names, there.class_names, strict=False)
    ):
        if names[0] != names[1]:
            return (
                f"{number} of {here.name} is {names[0]!r} here, of "
                f"{there.name} {names[1]!r} there"
            )
    return f"{here.name} here and {there.name} there"


def _total(parts: Sequence[Part], field: str) -> np.ndarray:
    """Adds up counts of pixels; empty where a manifest does not have them."""
    counts = [getattr(part.counts, field) for part in parts]
    if not all(counts):
        return np.zeros(0, np.int64)
    total = np.dot([part.weight for part in parts], counts)
    return np.ceil(total).astype(np.int64)


def _times(weight: float) -> str:
    return "" if weight == 1 else f"{weight:g} x "
