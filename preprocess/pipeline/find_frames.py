"""FindFrames: lists the files on the workers and pairs them by name."""

import dataclasses
import os
import sys
from collections.abc import Iterable, Iterator

import apache_beam as beam

from preprocess.options import Options
from preprocess.pipeline import rows
from preprocess.pipeline.rows import FileRow, FrameRow
from preprocess.records import placement
from preprocess.sources import listing, pairing, source_files
from preprocess.sources.pairing import SkippedFrame
from preprocess.sources.source_files import Listing, SourceFile
from schemas.failures import one_line
from schemas.layouts import filenames
from schemas.layouts.kinds import frame_name

_NUM_BUCKETS = 4096


class FindFrames(beam.PTransform):
    """Lists the root's files on the workers and pairs them by name.

    Returns the frames and the problems, two PCollections.
    """

    def __init__(self, options: Options):
        """Takes the conversion's options."""
        super().__init__()
        self._options = options

    def expand(
        self, pipeline: beam.Pipeline
    ) -> tuple[beam.PCollection, beam.PCollection]:
        """Builds the step."""
        options = self._options
        listings = listing.list_splits(options)
        found = (
            pipeline
            | "Listings" >> beam.Create(listings, reshuffle=False)
            | "ListFiles" >> beam.FlatMap(_list_by_bucket)
            # (bucket, (split, FileRow))
            | "GroupBucket" >> beam.GroupByKey()
            | "PairBucket" >> beam.FlatMap(_pair_bucket, options)
        )  # FrameRow or SkippedFrame
        # Two filters, no Partition: Dask's runner gives each of a step's
        # outputs all that the step gives.
        frames = found | "Frames" >> beam.FlatMap(_only_frames)
        problems = found | "Problems" >> beam.FlatMap(_only_problems)
        if options.limit is not None:
            frames = (
                frames
                | "KeyBySplit" >> beam.Map(_key_by_split)
                | "FirstFrames"
                >> beam.combiners.Top.PerKey(
                    options.limit,
                    key=lambda row: frame_name(row[1]),
                    reverse=True,
                )
                | "Flatten" >> beam.FlatMap(lambda item: item[1])
            )
        return frames, problems


def _list_by_bucket(
    kind: Listing,
) -> Iterator[tuple[int, tuple[str, FileRow | SkippedFrame]]]:
    strays = []
    for file in source_files.list_files(kind):
        if isinstance(file, SourceFile):
            bucket = placement.shard_of(frame_name(file.stem), _NUM_BUCKETS)
            yield bucket, (kind.split, rows.pack_file(file, kind))
        elif kind.is_label:  # A frame may have its label map all the same.
            strays.append(file)
        else:
            yield 0, (kind.split, pairing.stray(kind.split, file))
    if strays:
        print(f"note: {one_line(filenames.describe(strays))}", file=sys.stderr)


def _pair_bucket(
    item: tuple[int, Iterable[tuple[str, FileRow | SkippedFrame]]],
    options: Options,
) -> Iterator[FrameRow | SkippedFrame]:
    by_split: dict[str, list[SourceFile]] = {}
    for split, row in item[1]:
        if isinstance(row, SkippedFrame):
            yield row
            continue
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
    for kind in listing.list_split(problem.split, options):
        path = source_files.expected_path(kind, problem.name)
        if os.path.isdir(path):
            reason = f"{path} is a folder, not a file"
            return dataclasses.replace(problem, reason=reason)
    return problem


def _only_frames(item: FrameRow | SkippedFrame) -> Iterator[FrameRow]:
    if not isinstance(item, SkippedFrame):
        yield item


def _only_problems(item: FrameRow | SkippedFrame) -> Iterator[SkippedFrame]:
    if isinstance(item, SkippedFrame):
        yield item


def _key_by_split(row: FrameRow) -> tuple[int, FrameRow]:
    return placement.shard_key(row[0], 0), row
