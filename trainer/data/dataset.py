"""Opens a converted data set: its manifest, checked against the flags.

No TensorFlow: whatever does not fit is said before the slow imports.
"""

import os

from schemas import manifest as manifest_lib
from schemas.manifest import Manifest, ManifestError
from schemas.sizes import Size
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.config.sizes import format_size
from trainer.storage import files


def open_dataset(
    data: DataConfig, splits: tuple[str, ...], label_space: str | None = None
) -> Manifest:
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
    manifest = manifest_lib.load(data.data_dir, files.read_text)
    if label_space not in (None, manifest.label_space):
        raise ConfigError(
            f"--label_space={label_space}, but {data.data_dir} holds "
            f"{manifest.label_space}; drop the flag, or convert again with "
            f"preprocess.main --label_space={label_space}"
        )
    for split in dict.fromkeys(splits):
        _check_split(data.data_dir, manifest, split)
        stored_resize(data, manifest, split)
    return manifest


def shard_paths(data_dir: str, manifest: Manifest, split: str) -> list[str]:
    """Returns the paths of a split's shards, in order."""
    return [
        files.join(data_dir, shard.name)
        for shard in manifest.split(split).shards
    ]


def stored_resize(
    data: DataConfig, manifest: Manifest, split: str
) -> Size | None:
    """Returns the size to resize a split's pictures to, None for not at all.

    Pictures of another stored size are only ever made smaller: what the
    conversion took away does not come back.  Native pictures take any size.

    Raises:
        ConfigError: The stored pictures are too small for the flags.
    """
    stored = manifest.image_size
    is_native = stored == manifest_lib.NATIVE
    if data.resize is None:
        for text in manifest.split(split).image_sizes:
            height, width = map(int, text.split("x"))
            _check_holds(data, (height, width), "crop", data.crop)
        if not is_native:
            _check_holds(data, stored, "crop", data.crop)
        return None
    if is_native:
        return data.resize
    _check_holds(data, stored, "resize", data.resize)
    return None if stored == data.resize else data.resize


def _check_holds(
    data: DataConfig, stored: Size, flag: str, wanted: Size
) -> None:
    if stored[0] < wanted[0] or stored[1] < wanted[1]:
        raise ConfigError(
            f"--{flag}={format_size(wanted)} is larger than the "
            f"{format_size(stored)} pictures of {data.data_dir}; lower it, "
            "or convert again with a larger preprocess.main --image_size"
        )


def _check_split(data_dir: str, manifest: Manifest, name: str) -> None:
    split = manifest.split(name)
    if not split.num_examples:
        raise ManifestError(f"split {name!r} of {data_dir} holds no frames")
    bad = []
    for shard in split.shards:
        size = files.num_bytes(files.join(data_dir, shard.name))
        if size != shard.num_bytes:
            found = "is missing" if size is None else f"has {size} bytes"
            bad.append(f"{shard.name} {found}, not {shard.num_bytes}")
    if bad:
        raise ManifestError(
            f"{len(bad)} of {len(split.shards)} shards of {name!r} in "
            f"{os.path.abspath(data_dir)} are not what the manifest says, "
            f"first: {bad[0]}. Copy the data set again or convert it with "
            "--overwrite."
        )
