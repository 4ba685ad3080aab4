"""Verifies a run's shards before it learns from them; names what is damaged.

TensorFlow verifies each record by its checksums.  It does not notice a shard
under another one's name, a record too few, or a manifest that was changed.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from schemas import example
from schemas.manifest import Manifest, ManifestError, Shard
from schemas.quantities import byte_size, counted, noun
from schemas.shards import tfrecord
from schemas.shards.check import ChecksummedFile, read_checked
from trainer.data.dataset import Part, RecordSet
from trainer.data.process_share import WHOLE, Share
from trainer.data.records import decode
from trainer.storage import files, tf_errors
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead

MAX_BYTES = 16 << 30
"""Full-size Cityscapes takes 12 GiB.  What is larger is left to verify."""

_REMEDY = "Copy the shard again or convert with --overwrite."


def verify_shards(
    parts: Sequence[Part],
    report: Callable[[str], None] = print,
    share: Share = WHOLE,
) -> None:
    """Checks each shard's records, size and CRC-32C against the manifest.

    Args:
        parts: The splits that will be read; one that comes twice is read
            once.
        report: Is told where there is too much to read.
        share: The part of each split that will be read.

    Raises:
        ManifestError: A shard is not the one that was written; names it, and
            the damaged record.
    """
    shards = {
        part.records.path(shard): (part.records, shard)
        for part in parts
        for shard in share.shards(part.counts)
    }
    num_bytes = sum(shard.num_bytes for _, shard in shards.values())
    if num_bytes > MAX_BYTES:
        report(
            f"{byte_size(num_bytes)} of records are not read twice: "
            "python -m preprocess.verify --quick verifies them"
        )
        return

    progress = Progress(len(shards), "shard verified", "shards verified")
    problems = []
    for number, problem in enumerate(ahead(_problem, shards.values()), 1):
        problems += [problem] if problem else []
        if number < len(shards):  # Nothing to say where it took no time.
            progress.update(number)
    if problems:
        folders = dict.fromkeys(part.records.folder for part in parts)
        raise ManifestError(
            f"{len(problems)} of {counted(len(shards), 'shard')} in "
            f"{', '.join(folders)} {noun(len(problems), 'is', 'are')} not as "
            f"the conversion wrote them, first {problems[0]}. "
            f"{_REMEDY}"
        )


def _problem(file: tuple[RecordSet, Shard]) -> str:
    """Says what is wrong with a shard; nothing where nothing is."""
    records, shard = file
    path = records.path(shard)
    try:
        with files.open_binary(path) as stream:
            for _ in read_checked(shard, stream):
                pass
    except ManifestError as error:
        return f"{error}{_whose(path, records)}"
    except OSError as error:
        return f"{shard.name}: {error}"
    return ""


def _whose(path: str, records: RecordSet) -> str:
    """Says so where a file is another shard of the data set."""
    with files.open_binary(path) as stream:
        file = ChecksummedFile(stream)
        file.read_rest()
    for split in records.manifest.splits.values():
        for shard in split.shards:
            if shard.crc32c == file.crc32c():
                return f": it is {shard.name} under this name"
    return ""


@contextlib.contextmanager
def naming_damage(*parts: Part) -> Iterator[None]:
    """Turns TensorFlow's reading errors into ones that name the record.

    Args:
        parts: The splits that are read.

    Raises:
        ManifestError: A record was damaged or missing, or a file could not
            be read; names shard and record.
    """
    try:
        yield
    except (tf.errors.OpError, UnicodeDecodeError) as error:
        # TensorFlow quotes what it cannot read, and its bytes are no text.
        raise find_damage(parts, tf_errors.reason(error)) from error


def find_damage(parts: Sequence[Part], reason: str) -> ManifestError:
    """Finds which record broke the reading.

    Args:
        parts: The splits that were read.
        reason: What was noticed, which names neither file nor record.

    Returns:
        The error to raise, naming the shard and the record.
    """
    try:
        for part in parts:
            part.check_unchanged()
        for part in parts:
            for shard in part.shards:
                _check_records(part.records, shard)
    except ManifestError as error:
        return error
    return ManifestError(
        f"reading {' and '.join(map(str, parts))} failed, though every record "
        f"is complete now: {reason}"
    )


def _check_records(records: RecordSet, shard: Shard) -> None:
    """Raises ManifestError where a shard cannot be learned from."""
    path = records.path(shard)
    index = 0
    try:
        with files.open_binary(path) as stream:
            for _, payload in tfrecord.read_records(stream):
                _check_payload(payload, records.manifest, index)
                index += 1
    except (ValueError, OSError) as damage:
        raise ManifestError(f"{path}: {damage}. {_REMEDY}") from damage
    if index != shard.num_examples:
        raise ManifestError(
            f"{path} holds {counted(index, 'record')}, the manifest says "
            f"{shard.num_examples}. {_REMEDY}"
        )


def _check_payload(payload: bytes, manifest: Manifest, index: int) -> None:
    """Raises ValueError where a record's content cannot be learned from."""
    name = "unnamed"
    try:
        record = example.decode(payload)
        name = record.name
        if not record.label:
            raise ValueError("it has no label map")
        example.check_pictures(record)
        manifest.space.check_ids(tf.io.decode_png(record.label, 1).numpy())
        decode(
            tf.constant(payload), manifest.image_format, manifest.space, None
        )
    except (ValueError, tf.errors.InvalidArgumentError) as error:
        reason = getattr(error, "message", str(error))
        raise ValueError(f"record {index} ({name}): {reason}") from error
