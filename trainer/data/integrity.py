"""Reads a run's shards through before anything is learned from them.

TensorFlow proves each record by its checksums.  It does not notice a shard
under another one's name, a record too few, or a manifest that was changed.
"""

from collections.abc import Callable

from schemas.manifest import Manifest, ManifestError, Shard
from schemas.shards.check import ChecksummedFile, read_checked
from trainer.data.process_share import WHOLE, Share
from trainer.storage import files, images
from trainer.storage.progress import Progress

MAX_BYTES = 16 << 30
"""Full-size Cityscapes takes 12 GiB.  What is larger is left to verify."""


def prove_shards(
    data_dir: str,
    manifest: Manifest,
    splits: tuple[str, ...],
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> None:
    """Checks each shard's records, size and CRC-32C against the manifest.

    Args:
        data_dir: The data set's folder.
        manifest: Its manifest.
        splits: The splits that will be read.
        report: Is told where there is too much to read.
        share: The part of each split that will be read.

    Raises:
        ManifestError: A shard is not the one that was written; names it, and
            the damaged record.
    """
    shards = [
        shard
        for split in dict.fromkeys(splits)
        for shard in share.shards(manifest.split(split))
    ]
    num_bytes = sum(shard.num_bytes for shard in shards)
    if num_bytes > MAX_BYTES:
        report(
            f"{num_bytes / 2**30:.0f} GiB of records are not read twice: "
            "python -m preprocess.verify --quick proves them"
        )
        return

    def check(shard: Shard) -> str:
        return _problem(data_dir, manifest, shard)

    progress = Progress("shards proved", len(shards))
    problems = []
    for number, problem in enumerate(images.ahead(check, shards), 1):
        problems += [problem] if problem else []
        if number < len(shards):  # Nothing to say where it took no time.
            progress.update(number)
    if problems:
        raise ManifestError(
            f"{len(problems)} of {len(shards)} shards in {data_dir} are not "
            f"as the conversion wrote them, first {problems[0]}. Copy the "
            "shard again or convert with --overwrite."
        )


def _problem(data_dir: str, manifest: Manifest, shard: Shard) -> str:
    """Says what is wrong with a shard; nothing where nothing is."""
    path = files.join(data_dir, shard.name)
    try:
        with files.open_binary(path) as stream:
            for _ in read_checked(shard, stream):
                pass
    except ManifestError as error:
        return f"{error}{_whose(path, manifest)}"
    except OSError as error:
        return f"{shard.name}: {error}"
    return ""


def _whose(path: str, manifest: Manifest) -> str:
    """Says so where a file is another shard of the data set."""
    with files.open_binary(path) as stream:
        file = ChecksummedFile(stream)
        file.read_rest()
    for split in manifest.splits.values():
        for shard in split.shards:
            if shard.crc32c == file.crc32c():
                return f": it is {shard.name} under this name"
    return ""
