"""A converted data set and its splits, checked against the flags.

No TensorFlow: whatever does not fit is said before the slow imports.
"""

import dataclasses
import hashlib
import os

from schemas import manifest as manifest_lib
from schemas import sizes
from schemas.manifest import Manifest, ManifestError, Shard, Split
from schemas.quantities import counted, noun
from schemas.shards.names import split_name
from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.config.sizes import format_size
from trainer.storage import files


@dataclasses.dataclass(frozen=True)
class RecordSet:
    """A converted data set, opened.

    Attributes:
        folder: Where it lies.
        manifest: What the conversion wrote about it.
    """

    folder: str
    manifest: Manifest

    def has(self, split: str) -> bool:
        """Whether it has a split, by its own name or DeepLab's."""
        return split_name(split) in self.manifest.splits

    def path(self, shard: Shard) -> str:
        """Returns where a shard lies."""
        return files.join(self.folder, shard.name)


@dataclasses.dataclass(frozen=True)
class Part:
    """A split of a data set, as a run reads it.

    Attributes:
        records: The data set.
        split: The split's name.
        weight: How often an epoch draws each record.
    """

    records: RecordSet
    split: str
    weight: float = 1.0

    def __str__(self) -> str:
        """Returns words for an error: `'train' in /data`."""
        return f"{self.split!r} in {self.records.folder}"

    @property
    def counts(self) -> Split:
        """What the manifest says of the split."""
        return self.records.manifest.split(self.split)

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The split's shards, in order."""
        return self.counts.shards

    @property
    def sizes(self) -> list[Size]:
        """The (height, width) of the stored pictures, each once."""
        stored = self.records.manifest.image_size
        if not isinstance(stored, str):
            return [stored]
        return [sizes.parse(text) for text in self.counts.image_sizes]

    def digest(self) -> str:
        """Returns a digest of the bytes and the order of the records."""
        content = [(shard.name, shard.crc32c) for shard in self.shards]
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

    def check_unchanged(self) -> None:
        """Checks that the records are still those that were opened.

        Raises:
            ManifestError: They were converted again, or are being so.
        """
        folder = self.records.folder
        try:
            now = dataclasses.replace(self, records=load(folder)).digest()
            if now == self.digest():
                return
            reason = f"{self.split!r} holds other records"
        except ManifestError as error:
            reason = str(error)
        raise ManifestError(
            f"the data set in {folder} has changed since this command opened "
            f"it: {reason}. Run the command again; a training resumes from "
            "its last checkpoint once the folder holds the same frames, "
            "converted with the same options"
        )


def load(folder: str) -> RecordSet:
    """Reads the manifest of a data set; raises ManifestError without one."""
    return RecordSet(folder, manifest_lib.load(folder, files.read_text))


def check_label_space(records: RecordSet, label_space: str | None) -> None:
    """Checks the space that a run insists on; None takes any.

    Raises:
        ConfigError: It is another one.
    """
    stored_space = records.manifest.label_space
    if label_space not in (None, stored_space):
        raise ConfigError(
            f"--label_space={label_space}, but {records.folder} holds "
            f"{stored_space}; drop the flag, or convert again with "
            f"preprocess.main --label_space={label_space}"
        )


def check_part(part: Part, data: DataConfig) -> None:
    """Checks what a run will ask of a split.

    Raises:
        ManifestError: The split is missing or empty, or a shard is not what
            the manifest says.
        ConfigError: A size does not fit.
    """
    _check_shards(part)
    stored_resize(data, part)


def check_counted(part: Part, field: str, flag: str) -> None:
    """Checks that the manifest has what it may lack of a split.

    Args:
        part: The split.
        field: The field of `Split`.
        flag: What needs it.

    Raises:
        ManifestError: It has none; says how to get it.
    """
    if not getattr(part.counts, field):
        path = files.join(part.records.folder, manifest_lib.FILE_NAME)
        raise ManifestError(
            f"{path} has no {field} of "
            f"{part.split!r}, which {flag} needs; convert again, by the same "
            "command with --overwrite"
        )


def stored_resize(data: DataConfig, part: Part) -> Size | None:
    """Returns the size to resize a split's pictures to, None for not at all.

    Pictures of another stored size are only ever made smaller: what the
    conversion took away does not come back.  Native pictures take any size.

    Raises:
        ConfigError: The stored pictures are too small for the flags.
    """
    if data.resize is None:
        for size in part.sizes:
            _check_holds(part, size, "crop", data.crop)
        return None
    stored = part.records.manifest.image_size
    if isinstance(stored, str):  # native
        return data.resize
    _check_holds(part, stored, "resize", data.resize)
    return None if stored == data.resize else data.resize


def _check_holds(part: Part, stored: Size, flag: str, wanted: Size) -> None:
    if stored[0] < wanted[0] or stored[1] < wanted[1]:
        raise ConfigError(
            f"--{flag}={format_size(wanted)} is larger than the "
            f"{format_size(stored)} pictures of {part.records.folder}; lower "
            "it, or convert again with a larger preprocess.main --image_size"
        )


def _check_shards(part: Part) -> None:
    records, shards = part.records, part.shards
    if not part.counts.num_examples:
        raise ManifestError(
            f"split {part.split!r} of {records.folder} holds no frames"
        )
    bad = []
    for shard in shards:
        size = files.num_bytes(records.path(shard))
        if size != shard.num_bytes:
            found = "is missing"
            if size is not None:
                found = f"has {counted(size, 'byte')}"
            bad.append(f"{shard.name} {found}, not {shard.num_bytes}")
    if bad:
        raise ManifestError(
            f"{len(bad)} of {counted(len(shards), 'shard')} of {part.split!r} "
            f"in {os.path.abspath(records.folder)} "
            f"{noun(len(bad), 'is', 'are')} not what the manifest says, "
            f"first: {bad[0]}. Copy the data set again or convert it with "
            "--overwrite."
        )
