"""The job's steps: find frames, plan, write shards, commit.

Only references to files pass between the steps; pixels never do.
"""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence

import apache_beam as beam

from preprocess import commit, pairing, rows, sharding, sources, writing
from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.pairing import Frame, SkippedFrame
from preprocess.progress import current as progress
from preprocess.rows import FileRow, FrameRow
from preprocess.sources import SourceFile
from schemas import manifest

_NUM_BUCKETS = 4096
_NUM_NAMED = 3


@dataclasses.dataclass(frozen=True)
class Inventory:
    """What was found of one split.

    Attributes:
        num_frames: Complete frames.
        num_bytes: The size of their files.
        fingerprint: The sum of their fingerprints.
        num_problems: Frames with a missing, second or empty file.
        problems: The first few of those, by name.
    """

    num_frames: int = 0
    num_bytes: int = 0
    fingerprint: int = 0
    num_problems: int = 0
    problems: tuple[SkippedFrame, ...] = ()

    def __add__(self, other: "Inventory") -> "Inventory":
        """Returns both together; the order does not matter."""
        problems = sorted(
            (*self.problems, *other.problems), key=lambda p: p.name
        )
        return Inventory(
            self.num_frames + other.num_frames,
            self.num_bytes + other.num_bytes,
            (self.fingerprint + other.fingerprint) % 2**128,
            self.num_problems + other.num_problems,
            tuple(problems[:_NUM_NAMED]),
        )

    @classmethod
    def of(cls, found: Frame | SkippedFrame) -> "Inventory":
        """Returns the inventory of one frame or problem."""
        if isinstance(found, SkippedFrame):
            return cls(num_problems=1, problems=(found,))
        return cls(1, found.num_bytes, found.fingerprint)


def list_split(split: str, options: Options) -> list[sources.Listing]:
    """Returns what to look for to find a split's frames."""
    types = [sources.IMAGE_TYPE]
    if options.has_labels(split):
        types.append(options.annotation)
    root = options.cityscapes_root
    return [sources.Listing(root, split, data_type) for data_type in types]


def make_plan(
    found: dict[str, Inventory], options: Options
) -> dict[str, tuple[Inventory, int]]:
    """Decides each split's number of shards, before anything is written.

    Returns:
        Split name → (its inventory, its number of shards).

    Raises:
        ConversionError: A split has no frames, or, with `on_error=fail`,
            frames without a partner; counts them and names the first few.
    """
    problems = sum((found[name] for name in sorted(found)), Inventory())
    if options.on_error == "fail" and problems.num_problems:
        raise _incomplete(problems)
    plan = {}
    for split in options.splits:
        inventory = found.get(split, Inventory())
        if not inventory.num_frames:
            looked = " or ".join(
                f"{listing.data_type}/{split}/**/*{listing.suffix}"
                for listing in list_split(split, options)
            )
            raise ConversionError(
                f"split {split} has no frames: no {looked} in "
                f"{options.cityscapes_root}. Leave it out of --splits or "
                "correct --cityscapes_root."
            )
        plan[split] = inventory, _num_shards(inventory, options)
    progress.expect(sum(inventory.num_frames for inventory, _ in plan.values()))
    return plan


def _incomplete(problems: Inventory) -> ConversionError:
    named = "; ".join(
        f"{problem.name}: {problem.reason}" for problem in problems.problems
    )
    return ConversionError(
        f"{problems.num_problems} frames are not complete, first {named}. Add "
        "what is missing, or leave such frames out with --on_error=skip."
    )


def _num_shards(inventory: Inventory, options: Options) -> int:
    if options.num_shards is not None:
        return options.num_shards
    num_bytes = inventory.num_bytes
    size = options.encoding.image_size
    if size != manifest.NATIVE:
        num_bytes = inventory.num_frames * 4 * size[0] * size[1]
    return sharding.choose_num_shards(
        inventory.num_frames, num_bytes, options.shard_size_mb
    )


def list_inputs(split: str, options: Options) -> str:
    """Lists a split's files in this process and returns their fingerprint."""
    found = [
        file
        for listing in list_split(split, options)
        for file in sources.list_files(listing)
    ]
    frames, _ = pairing.pair(split, found, options.has_labels(split))
    frames = frames[: options.limit]
    total = sum(frame.fingerprint for frame in frames)
    return pairing.fingerprint(total, len(frames))


class FindFrames(beam.PTransform):
    """Lists the root's files on the workers and pairs them by name.

    Returns the frames and the problems, two PCollections.
    """

    def __init__(self, options: Options):
        """Takes the conversion's options."""
        super().__init__()
        self._options = options

    def expand(self, pipeline: beam.Pipeline):
        """Builds the step."""
        options = self._options
        listings = [
            listing
            for split in options.splits
            for listing in list_split(split, options)
        ]
        found = (
            pipeline
            | "Listings" >> beam.Create(listings)
            | "ListFiles" >> beam.FlatMap(_list_by_bucket)
            # (bucket, (split, FileRow))
            | "GroupBucket" >> beam.GroupByKey()
            | "PairBucket" >> beam.FlatMap(_pair_bucket, options)
            # FrameRow or SkippedFrame
            | "SplitProblems" >> beam.Partition(_is_problem, 2)
        )
        frames, problems = found
        if options.limit is not None:
            frames = (
                frames
                | "KeyBySplit" >> beam.Map(lambda row: (row[0], row))
                | "FirstFrames"
                >> beam.combiners.Top.PerKey(
                    options.limit, key=lambda row: row[1], reverse=True
                )
                | "Flatten" >> beam.FlatMap(lambda item: item[1])
            )
        return frames, problems


def _list_by_bucket(
    listing: sources.Listing,
) -> Iterator[tuple[int, tuple[str, FileRow]]]:
    for file in sources.list_files(listing):
        bucket = sharding.shard_of(file.stem, _NUM_BUCKETS)
        yield bucket, (listing.split, rows.pack_file(file, listing))


def _pair_bucket(
    item: tuple[int, Iterable[tuple[str, FileRow]]], options: Options
) -> Iterator[FrameRow | SkippedFrame]:
    by_split: dict[str, list[SourceFile]] = {}
    for split, row in item[1]:
        file = rows.unpack_file(row, split, options)
        by_split.setdefault(split, []).append(file)
    for split, found in by_split.items():
        frames, problems = pairing.pair(split, found, options.has_labels(split))
        for frame in frames:
            yield rows.pack_frame(frame, options)
        for problem in problems:
            yield _explain(problem, options)


def _explain(problem: SkippedFrame, options: Options) -> SkippedFrame:
    """Says so where a folder stands in a missing file's place."""
    for listing in list_split(problem.split, options):
        path = sources.expected_path(listing, problem.name)
        if os.path.isdir(path):
            reason = f"{path} is a folder, not a file"
            return dataclasses.replace(problem, reason=reason)
    return problem


def _is_problem(item: FrameRow | SkippedFrame, num_partitions: int) -> int:
    return int(isinstance(item, SkippedFrame))


class TakeStock(beam.PTransform):
    """Sums frames and problems up and decides the shards: one plan."""

    def __init__(self, options: Options):
        """Takes the conversion's options."""
        super().__init__()
        self._options = options

    def expand(self, found):
        """Builds the step."""
        return (
            found
            | "Together" >> beam.Flatten()
            | "Count" >> beam.Map(_count, self._options)
            # {split: Inventory}
            | "Sum" >> beam.CombineGlobally(_sum_inventories)
            | "Plan" >> beam.Map(make_plan, self._options)
        )


def _count(
    item: FrameRow | SkippedFrame, options: Options
) -> dict[str, Inventory]:
    if not isinstance(item, SkippedFrame):
        item = rows.unpack_frame(item, options)
    return {item.split: Inventory.of(item)}


def _sum_inventories(
    parts: Iterable[dict[str, Inventory]],
) -> dict[str, Inventory]:
    total: dict[str, Inventory] = {}
    for part in parts:
        for split, inventory in part.items():
            total[split] = total.get(split, Inventory()) + inventory
    return total


class WriteShards(beam.PTransform):
    """Writes each shard's frames, in key order, to one TFRecord file.

    File bytes depend on the set of frames alone: not on the order of
    arrival, the runner or the number of workers.
    """

    def __init__(self, plan: beam.PCollection, options: Options):
        """Takes the plan and the conversion's options."""
        super().__init__()
        self._plan = plan
        self._options = options

    def expand(self, frames: beam.PCollection):
        """Builds the step."""
        plan = beam.pvalue.AsSingleton(self._plan)
        empty = self._plan | "EveryShard" >> beam.FlatMap(_every_shard)
        keyed = frames | "KeyByShard" >> beam.Map(_key_by_shard, plan)
        return (
            (empty, keyed)
            | "WithEmptyShards" >> beam.Flatten()
            # (shard key, FrameRow or None)
            | "GroupPaths" >> beam.GroupByKey()
            | "WriteShard" >> beam.ParDo(_WriteShard(self._options), plan)
        )  # ShardReport


def _every_shard(plan) -> Iterator[tuple[int, None]]:
    for split, (_, num_shards) in plan.items():
        for index in range(num_shards):
            yield sharding.shard_key(split, index), None


def _key_by_shard(row: FrameRow, plan) -> tuple[int, FrameRow]:
    split, name, *_ = row
    _, num_shards = plan[split]
    index = sharding.shard_of(name, num_shards)
    return sharding.shard_key(split, index), row


class _WriteShard(beam.DoFn):
    def __init__(self, options: Options):
        self._options = options

    def process(self, item, plan) -> Iterator[writing.ShardReport]:
        key, found = item
        split, index = sharding.from_shard_key(key)
        _, num_shards = plan[split]
        frames = [
            rows.unpack_frame(row, self._options)
            for row in found
            if row is not None
        ]
        try:
            yield writing.write_shard(
                split, index, num_shards, frames, self._options
            )
        except ConversionError as error:
            progress.fail(error)
            raise


class Commit(beam.PTransform):
    """Writes what describes the data set, manifest.json last."""

    def __init__(
        self,
        plan: beam.PCollection,
        problems: beam.PCollection,
        options: Options,
        versions: dict[str, str],
    ):
        """Takes what the other steps found, and the versions to record."""
        super().__init__()
        self._plan = plan
        self._problems = problems
        self._options = options
        self._versions = versions

    def expand(self, reports: beam.PCollection):
        """Builds the step."""
        return (
            reports
            | "ListReports" >> beam.combiners.ToList()
            | "WriteManifest"
            >> beam.Map(
                _commit,
                beam.pvalue.AsSingleton(self._plan),
                beam.pvalue.AsList(self._problems),
                self._options,
                self._versions,
            )
        )


def _commit(
    reports: Sequence[writing.ShardReport],
    plan: dict[str, tuple[Inventory, int]],
    problems: Sequence[SkippedFrame],
    options: Options,
    versions: dict[str, str],
) -> None:
    _check_complete(reports, plan)
    inputs = {
        split: pairing.fingerprint(inventory.fingerprint, inventory.num_frames)
        for split, (inventory, _) in plan.items()
    }
    commit.commit(reports, problems, inputs, options, versions)


def _check_complete(
    reports: Sequence[writing.ShardReport],
    plan: dict[str, tuple[Inventory, int]],
) -> None:
    """Checks that each frame of the plan is in a shard or was skipped.

    Raises:
        ConversionError: The runner lost a frame or a shard between steps.
    """
    for split, (inventory, num_shards) in plan.items():
        own = [report for report in reports if report.split == split]
        done = sum(r.shard.num_examples + len(r.skipped) for r in own)
        if (len(own), done) != (num_shards, inventory.num_frames):
            raise ConversionError(
                f"{split}: {inventory.num_frames} frames were found for "
                f"{num_shards} shards, {done} in {len(own)} came back from the "
                "runner; run the same command again."
            )
