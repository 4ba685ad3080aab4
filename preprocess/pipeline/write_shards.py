"""WriteShards: groups the frames by shard, one writer a shard."""

from collections.abc import Iterable, Iterator

import apache_beam as beam

from preprocess.options import Options
from preprocess.pipeline import rows
from preprocess.pipeline.rows import FrameRow
from preprocess.pipeline.take_stock import Plan
from preprocess.progress import current as progress
from preprocess.records import placement, shard_writer
from preprocess.storage import memory
from schemas.layouts.kinds import frame_name


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

    def expand(self, frames: beam.PCollection) -> beam.PCollection:
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


def _every_shard(plan: Plan) -> Iterator[tuple[int, None]]:
    for split, (_, num_shards) in plan.items():
        for index in range(num_shards):
            yield placement.shard_key(split, index), None


def _key_by_shard(row: FrameRow, plan: Plan) -> tuple[int, FrameRow]:
    split, stem, *_ = row
    _, num_shards = plan[split]
    index = placement.shard_of(frame_name(stem), num_shards)
    return placement.shard_key(split, index), row


class _WriteShard(beam.DoFn):
    def __init__(self, options: Options):
        self._options = options

    def setup(self) -> None:
        """Sets the worker's process up."""
        memory.keep_freed()

    def process(
        self, item: tuple[int, Iterable[FrameRow | None]], plan: Plan
    ) -> Iterator[shard_writer.ShardReport]:
        key, found = item
        split, index = placement.from_shard_key(key)
        _, num_shards = plan[split]
        frames = [
            rows.unpack_frame(row, self._options)
            for row in found
            if row is not None
        ]
        try:
            yield shard_writer.write_shard(
                split, index, num_shards, frames, self._options
            )
        except Exception as error:
            progress.fail(error)
            raise
