"""A finished data set: checked, and mended in place where it is damaged.

The same frames and options give the same bytes, so a shard that is made
again fits the manifest that is there.
"""

import concurrent.futures
import dataclasses
import functools
import json
from collections.abc import Iterable, Iterator, Sequence

from preprocess import command_line
from preprocess.errors import ConversionError, cannot_write
from preprocess.options import Options
from preprocess.output import commit, existing
from preprocess.progress import current as progress
from preprocess.records import placement, shard_index, shard_writer
from preprocess.sources import listing
from preprocess.sources.pairing import Frame
from preprocess.storage import files
from schemas.manifest import Manifest, Shard
from schemas.quantities import counted, noun
from schemas.shards import check, tfrecord
from schemas.shards import names as shard_names


@dataclasses.dataclass(frozen=True)
class Repairs:
    """What was written to a data set that was finished before.

    Attributes:
        num_shards: Shards that were damaged or missing.
        num_others: Index files and files that describe the set.
        were_read: Whether the shards were read through; else their sizes
            alone were compared.
    """

    num_shards: int = 0
    num_others: int = 0
    were_read: bool = True

    def __bool__(self) -> bool:
        """Whether anything was written."""
        return bool(self.num_shards or self.num_others)


def mend(
    content: Manifest, options: Options, num_workers: int
) -> Repairs | None:
    """Checks a finished data set and writes what is damaged or missing.

    Local shards are read through; of remote ones, the sizes are compared.

    Args:
        content: The data set's manifest.
        options: The conversion's options, those that made the set.
        num_workers: Threads.

    Returns:
        What was written; None where the set has to be made again.

    Raises:
        ConversionError: A file cannot be read or written.
    """
    wants_index = options.write_index or content.options.get("write_index")
    options = dataclasses.replace(options, write_index=bool(wants_index))
    if not files.is_local(options.output_dir):
        return _mend_remote(content, options)
    with concurrent.futures.ThreadPoolExecutor(num_workers) as pool, progress:
        progress.expect(sum(s.num_examples for s in content.splits.values()))
        shards = content.shards
        extents = dict(
            zip(
                (shard.name for shard in shards),
                pool.map(lambda s: _extents(s, options.output_dir), shards),
                strict=True,
            )
        )
        damaged = [shard for shard in shards if extents[shard.name] is None]
        if damaged:
            existing.prepare_output(options.output_dir)
            command_line.say(
                f"{len(damaged)} of {counted(len(shards), 'shard')} "
                f"{noun(len(damaged), 'is', 'are')} damaged, first "
                f"{damaged[0].name}; making them again."
            )
            make = functools.partial(_make, options)
            made = pool.map(make, _jobs(damaged, options))
            if not all(made):
                return None
    good = {name: found for name, found in extents.items() if found is not None}
    num_others = _mend_others(content, good, options)
    if num_others is None:
        return None
    commit.delete_work(options.output_dir)
    if options.write_index:
        num_others += len(damaged)  # Theirs were written with them.
    return Repairs(len(damaged), num_others)


def _mend_remote(content: Manifest, options: Options) -> Repairs | None:
    """Mends what can be mended without reading all shards."""
    try:
        commit.check_files(content, options.output_dir)
    except ConversionError:
        return None
    extents = {}
    if options.write_index:
        for shard in content.shards:
            path = shard_index.index_path(shard.name, options.output_dir)
            if not files.exists(path):
                found = _extents(shard, options.output_dir)
                if found is None:
                    return None
                extents[shard.name] = found
    num_others = _mend_others(content, extents, options)
    if num_others is None:
        return None
    return Repairs(num_others=num_others, were_read=False)


def _extents(shard: Shard, output_dir: str) -> list[shard_index.Extent] | None:
    """Reads a shard through; None where it is not as the manifest says."""
    try:
        with files.open_binary(files.join(output_dir, shard.name)) as stream:
            file = check.ChecksummedFile(stream)
            records = list(shard_index.extents(file))
    except (OSError, tfrecord.CorruptRecordError):
        return None
    if check.differences(shard, len(records), file):
        return None
    progress.advance(shard.num_examples)
    return records


def _jobs(
    damaged: Sequence[Shard], options: Options
) -> Iterator[tuple[Shard, list[Frame]]]:
    """Pairs each damaged shard with its frames."""
    by_split: dict[str, list[Shard]] = {}
    for shard in damaged:
        split, *_ = shard_names.parse_shard_name(shard.name)
        by_split.setdefault(split, []).append(shard)
    for split, shards in by_split.items():
        frames = listing.list_frames(split, options)
        for shard in shards:
            _, index, num = shard_names.parse_shard_name(shard.name)
            own = [
                f for f in frames if placement.shard_of(f.name, num) == index
            ]
            yield shard, own


def _make(options: Options, job: tuple[Shard, list[Frame]]) -> bool:
    """Makes a shard again; returns whether it fits the manifest."""
    shard, frames = job
    split, index, num_shards = shard_names.parse_shard_name(shard.name)
    report = shard_writer.write_shard(split, index, num_shards, frames, options)
    return report.shard == shard


def _mend_others(
    content: Manifest,
    extents: dict[str, list[shard_index.Extent]],
    options: Options,
) -> int | None:
    """Writes what is missing beside the shards; returns how many files.

    Returns:
        None where nobody knows any more what was skipped.
    """
    output_dir = options.output_dir
    if any(split.num_skipped for split in content.splits.values()):
        if not files.exists(files.join(output_dir, commit.SKIPPED_FILE)):
            return None
    names = [
        name
        for name in extents
        if options.write_index
        and not shard_index.fits(name, extents[name], output_dir)
    ]
    lost = [
        name
        for name in commit.DESCRIPTIONS
        if not _is_readable(name, output_dir)
    ]
    if names or lost:
        existing.prepare_output(output_dir)
        _write_index_files(names, extents, output_dir)
        commit.write_descriptions(content, lost, output_dir)
        commit.delete_work(output_dir)
    return len(names) + len(lost)


def _write_index_files(
    names: Iterable[str],
    extents: dict[str, list[shard_index.Extent]],
    output_dir: str,
) -> None:
    work_dir = files.join(output_dir, shard_writer.WORK_DIR)
    for name in names:
        try:
            shard_index.write(name, extents[name], output_dir, work_dir)
        except OSError as error:
            raise cannot_write(f"{name}.index", output_dir, error) from error


def _is_readable(name: str, output_dir: str) -> bool:
    """Whether a file that describes the set has not been cut off."""
    try:
        text = files.read_text(files.join(output_dir, name))
        if name.endswith(".json"):
            json.loads(text)
    except (OSError, ValueError, RecursionError):
        return False
    return bool(text)
