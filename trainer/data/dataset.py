"""Opens a converted data set: its manifest, checked against the flags.

No TensorFlow: whatever does not fit is said before the slow imports.
"""

import dataclasses
import hashlib
import os
from collections.abc import Iterable

from schemas import manifest as manifest_lib
from schemas import sizes
from schemas.manifest import Manifest, ManifestError, Shard
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

    def shards(self, split: str) -> tuple[Shard, ...]:
        """Returns a split's shards, in order."""
        return self.manifest.split(split).shards

    def path(self, shard: Shard) -> str:
        """Returns where a shard lies."""
        return files.join(self.folder, shard.name)

    def digest(self, split: str) -> str:
        """Returns a digest of the bytes and the order of a split's records."""
        content = [(shard.name, shard.crc32c) for shard in self.shards(split)]
        return hashlib.sha256(repr(content).encode()).hexdigest()[:16]

    def check_unchanged(self, splits: Iterable[str]) -> None:
        """Checks that splits are still those that were opened.

        Raises:
            ManifestError: They were converted again, or are being so.
        """
        if reason := self._change(splits):
            raise ManifestError(
                f"the data set in {self.folder} has changed since this command "
                f"opened it: {reason}. Run the command again; a training "
                "resumes from its last checkpoint once the folder holds the "
                "same frames, converted with the same options"
            )

    def _change(self, splits: Iterable[str]) -> str:
        """Says what has changed; nothing where nothing has."""
        try:
            now = load(self.folder)
            for split in splits:
                if now.digest(split) != self.digest(split):
                    return f"{split!r} holds other records"
        except ManifestError as error:
            return str(error)
        return ""


def load(folder: str) -> RecordSet:
    """Reads the manifest of a data set; raises ManifestError without one."""
    return RecordSet(folder, manifest_lib.load(folder, files.read_text))


def open_dataset(
    data: DataConfig,
    splits: tuple[str, ...],
    label_space: str | None = None,
) -> RecordSet:
    """Reads the manifest and checks what the run will ask of it.

    Args:
        data: The data set's folder and the sizes that pictures take.
        splits: The splits that will be read.
        label_space: The space that the run insists on; None takes any.

    Raises:
        ManifestError: There is no finished data set, a split is missing or
            empty, or a shard is not what the manifest says.
        ConfigError: The label space or a size does not fit.
    """
    records = load(data.data_dir)
    stored_space = records.manifest.label_space
    if label_space not in (None, stored_space):
        raise ConfigError(
            f"--label_space={label_space}, but {data.data_dir} holds "
            f"{stored_space}; drop the flag, or convert again with "
            f"preprocess.main --label_space={label_space}"
        )
    for split in dict.fromkeys(splits):
        _check_split(records, split)
        stored_resize(data, records, split)
    return records


def stored_resize(
    data: DataConfig, records: RecordSet, split: str
) -> Size | None:
    """Returns the size to resize a split's pictures to, None for not at all.

    Pictures of another stored size are only ever made smaller: what the
    conversion took away does not come back.  Native pictures take any size.

    Raises:
        ConfigError: The stored pictures are too small for the flags.
    """
    if data.resize is None:
        for size in stored_sizes(records, split):
            _check_holds(records, size, "crop", data.crop)
        return None
    stored = records.manifest.image_size
    if isinstance(stored, str):  # native
        return data.resize
    _check_holds(records, stored, "resize", data.resize)
    return None if stored == data.resize else data.resize


def stored_sizes(records: RecordSet, split: str) -> list[Size]:
    """Returns the (height, width) of a split's stored pictures, each once."""
    stored = records.manifest.image_size
    if not isinstance(stored, str):
        return [stored]
    texts = records.manifest.split(split).image_sizes
    return [sizes.parse(text) for text in texts]


def _check_holds(
    records: RecordSet, stored: Size, flag: str, wanted: Size
) -> None:
    if stored[0] < wanted[0] or stored[1] < wanted[1]:
        raise ConfigError(
            f"--{flag}={format_size(wanted)} is larger than the "
            f"{format_size(stored)} pictures of {records.folder}; lower it, "
            "or convert again with a larger preprocess.main --image_size"
        )


def _check_split(records: RecordSet, name: str) -> None:
    shards = records.shards(name)
    if not records.manifest.split(name).num_examples:
        raise ManifestError(
            f"split {name!r} of {records.folder} holds no frames"
        )
    bad = []
    for shard in shards:
        size = files.num_bytes(records.path(shard))
        if size != shard.num_bytes:
            found = "is missing" if size is None else f"has {size} bytes"
            bad.append(f"{shard.name} {found}, not {shard.num_bytes}")
    if bad:
        raise ManifestError(
            f"{len(bad)} of {len(shards)} shards of {name!r} in "
            f"{os.path.abspath(records.folder)} are not what the manifest "
            f"says, first: {bad[0]}. Copy the data set again or convert it "
            "with --overwrite."
        )
