"""Commit: checks that every frame came back, then writes the manifest."""

from collections.abc import Iterable, Sequence

import apache_beam as beam

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.output import commit
from preprocess.pipeline.take_stock import Plan
from preprocess.records import shard_writer
from preprocess.sources import pairing
from preprocess.sources.pairing import SkippedFrame
from schemas.quantities import counted

_ALL = 0


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

    def expand(self, reports: beam.PCollection) -> beam.PCollection:
        """Builds the step."""
        return (
            reports
            | "KeyTogether" >> beam.Map(lambda report: (_ALL, report))
            | "GroupReports" >> beam.GroupByKey()
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
    keyed: tuple[int, Iterable[shard_writer.ShardReport]],
    plan: Plan,
    problems: Sequence[SkippedFrame],
    options: Options,
    versions: dict[str, str],
) -> None:
    reports = list(keyed[1])
    _check_complete(reports, plan)
    inputs = {
        split: pairing.fingerprint(inventory.fingerprint, inventory.num_frames)
        for split, (inventory, _) in plan.items()
    }
    commit.commit(reports, problems, inputs, options, versions)


def _check_complete(
    reports: Sequence[shard_writer.ShardReport],
    plan: Plan,
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
                f"{split}: {counted(inventory.num_frames, 'frame')} and "
                f"{counted(num_shards, 'shard')} were planned, {done} in "
                f"{len(own)} came back from the runner; run the same command "
                "again."
            )
