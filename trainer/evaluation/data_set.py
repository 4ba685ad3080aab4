"""Which data set was scored, and what the files of its scores are called.

`evaluation.json` and its like are of the run's own evaluation split, in
whatever form that is given.  Another split or data set gets files of its own
name, so that none replaces another's.
"""

import dataclasses
import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from schemas.labels.table import LabelSpace
from schemas.shards.names import split_name
from trainer.config import run_dir
from trainer.config.data import DataConfig
from trainer.data import frames, run_records
from trainer.data.dataset import Part
from trainer.evaluation.results import ScoredFrame
from trainer.storage import files

KEY = "dataSet"
"""Where evaluation.json says what was scored."""

READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
)
"""What reading an evaluation.json raises where no evaluation wrote it."""

_MAX_COLOR = 1.5
"""Between the mean colours of a picture as it is and made smaller."""

_MAX_SHARE = 0.05
"""Between the shares of a class in a label map as it is and made smaller."""

_ZIPS = re.compile(r"(^|/)[^/]*\.zip(,.*)?$", re.IGNORECASE)
"""What comes after the folder of zips."""

_NUM_COMPARED = 4
_MAX_NAME = 80


class Look(NamedTuple):
    """What a frame looks like at any size.

    Attributes:
        shares: Evaluated class that occurs → its share of all such pixels.
        color: The picture's mean colour in [0, 255]; empty where only the
            label map was read.
    """

    shares: Mapping[str, float]
    color: Sequence[float]

    @classmethod
    def of(
        cls, pixels: np.ndarray, color: Sequence[float], space: LabelSpace
    ) -> "Look":
        """Takes (C,) pixels of each label id, and a mean colour."""
        total = max(int(pixels[space.evaluated].sum()), 1)
        return cls(
            {
                row.name: round(int(count) / total, 4)
                for row, count in zip(space.classes, pixels, strict=True)
                if count and not row.is_void
            },
            [round(float(part), 2) for part in color],
        )

    def is_like(self, other: "Look") -> bool:
        """Whether both may be of one frame."""
        names = {*self.shares, *other.shares}
        return all(
            abs(self.shares.get(name, 0) - other.shares.get(name, 0))
            <= _MAX_SHARE
            for name in names
        ) and all(
            abs(mine - others) <= _MAX_COLOR
            for mine, others in zip(self.color, other.color, strict=False)
        )


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A split that was scored.

    Attributes:
        folder: Where it lies.
        split: Its name.
        frames: A digest of the frames' names.
        first: The first of them by name, and what it looks like; None where
            an older version did not say.
    """

    folder: str
    split: str
    frames: str
    first: tuple[str, Look] | None

    def is_of(self, other: "DataSet") -> bool:
        """Whether both hold the same frames, of whatever size."""
        if self.first and other.first:
            return self.frames == other.frames and self.first[1].is_like(
                other.first[1]
            )
        return self.frames == other.frames

    def to_json(self) -> dict[str, Any]:
        """Gives what evaluation.json holds."""
        content: dict[str, Any] = {
            "folder": self.folder,
            "split": self.split,
            "frames": self.frames,
        }
        if self.first:
            name, look = self.first
            content["firstFrame"] = {"name": name, **look._asdict()}
        return content


def from_evaluation(content: Mapping[str, Any]) -> DataSet:
    """Reads what an evaluation.json is of.

    Raises:
        One of READ_ERRORS: It is no such file.
    """
    fields = content.get(KEY)
    if fields is None:  # Older versions told the frames alone.
        names = [frame["name"] for frame in content["frames"]]
        return DataSet("", content["split"], _digest(names), None)
    first = fields["firstFrame"]
    look = Look(
        {str(name): float(share) for name, share in first["shares"].items()},
        [float(part) for part in first["color"]],
    )
    return DataSet(
        fields["folder"],
        fields["split"],
        fields["frames"],
        (first["name"], look),
    )


class Scored:
    """The frames that were scored, beside those that the run keeps to."""

    def __init__(
        self,
        data: DataConfig,
        part: Part | None,
        frames: Sequence[ScoredFrame],
        space: LabelSpace,
    ):
        """Looks at the frames.

        Args:
            data: The data set's flags.
            part: The split of records; None for files as downloaded.
            frames: Its frames.
            space: The label ids of its classes.
        """
        self._part = part
        self._space = space
        self._looks = {
            frame.name: Look.of(frame.pixels, frame.color, space)
            for frame in frames
        }
        first = min(self._looks)
        self.data_set = DataSet(
            folder=part.records.folder if part else data.data_dir,
            split=split_name(data.eval_split),
            frames=_digest(self._looks),
            first=(first, self._looks[first]),
        )

    def choose_name(
        self, wanted: str, folder: str, run_data: DataConfig | None
    ) -> str:
        """Chooses what the files of the scores are called.

        Args:
            wanted: What the user wants; empty for no wish.
            folder: Where they go.
            run_data: The data set of the run; None where there is no run.

        Returns:
            What `run_dir.named` takes: empty for the run's own split or,
            where its records cannot be read, for the first that comes.
        """
        own = _open(run_data)
        if wanted or (own and self._is(own)):
            return wanted
        plain = () if own else ("",)
        return next(
            name
            for name in itertools.chain(plain, names(self.data_set, own))
            if self._may_replace(_read(folder, name))
        )

    def _may_replace(self, before: DataSet | None) -> bool:
        return before is None or before.is_of(self.data_set)

    def _is(self, own: Part) -> bool:
        """Whether the frames are those of a split of records."""
        if self._part and self._part.digest() == own.digest():
            return True
        if len(self._looks) != own.counts.num_examples:
            return False
        try:
            sample = frames.sample(own, _NUM_COMPARED)
        except (OSError, ValueError):  # Damaged records are of no frames.
            return False
        ids = self._space.ids
        return all(
            frame.name in self._looks
            and self._looks[frame.name].is_like(
                Look.of(
                    np.bincount(frame.truth_ids.ravel(), minlength=256)[
                        list(ids)
                    ],
                    frame.image.mean((0, 1)),
                    self._space,
                )
            )
            for frame in sample
        )


def names(data_set: DataSet, own: Part | None) -> Iterator[str]:
    """Yields what files of a data set may be called, the plainest first.

    Args:
        data_set: What was scored.
        own: The evaluation split of the run, if that is known.
    """
    place = re.sub(_ZIPS, "", data_set.folder) or "."
    name = f"{run_dir.name(place)}-{data_set.split}"
    if own and own.records.folder == data_set.folder:
        name = data_set.split
    name = re.sub(r"[^\w.-]+", "_", name)[-_MAX_NAME:]
    yield name
    for number in itertools.count(2):
        yield f"{name}-{number}"


def _open(run_data: DataConfig | None) -> Part | None:
    """Opens the evaluation split of a run; None where it is not there."""
    if run_data is None:
        return None
    try:
        return run_records.open_evaluation(run_data)
    except (OSError, ValueError):
        return None


def _read(folder: str, name: str) -> DataSet | None:
    """Reads what an evaluation is of; None where there is none to be kept."""
    path = files.join(folder, run_dir.named(run_dir.EVALUATION, name))
    if files.num_bytes(path) is None:
        return None
    try:
        return from_evaluation(json.loads(files.read_text(path)))
    except READ_ERRORS:
        return None


def _digest(names: Iterable[str]) -> str:
    text = "\n".join(sorted(names))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
