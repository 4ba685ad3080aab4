"""Builds the job, runs it, checks what it left."""

import dataclasses
import functools
import importlib.metadata

import apache_beam as beam
from apache_beam.options import pipeline_options

from preprocess.options import Options
from preprocess.output import commit, existing, mend
from preprocess.pipeline import preflight, runners
from preprocess.pipeline.commit_manifest import Commit
from preprocess.pipeline.find_frames import FindFrames
from preprocess.pipeline.take_stock import TakeStock
from preprocess.pipeline.write_shards import WriteShards
from preprocess.sources import listing, root
from preprocess.storage import files, remote_files
from schemas import locking, manifest
from schemas.quantities import counted

_OF_RIGHT_SIZES = (
    "its shards have the right sizes (preprocess.verify also reads them)"
)
_VERSIONED = ("apache-beam", "numpy", "pillow", "protobuf")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a conversion came to.

    Attributes:
        content: The manifest, None where a remote job goes on by itself.
        repairs: What was mended of a set that a former run had finished, if
            only nothing; None where this run has made the set.
    """

    content: manifest.Manifest | None
    repairs: mend.Repairs | None = None

    @property
    def summary(self) -> str:
        """Says what was done, for the last line."""
        if self.repairs is None:
            return "Done"
        state = "undamaged" if self.repairs.were_read else _OF_RIGHT_SIZES
        if not self.repairs:
            return f"Nothing to do, the data set is there and {state}"
        others = counted(self.repairs.num_others, "file")
        if not self.repairs.were_read:
            return (
                f"Wrote {others} beside the shards, the data set was there "
                f"and {state}"
            )
        return (
            f"Made {counted(self.repairs.num_shards, 'shard')} again and wrote "
            f"{others} beside the shards, the rest of the data set was there "
            f"and {state}"
        )


def run(
    options: Options,
    beam_options: pipeline_options.PipelineOptions,
    *,
    overwrite: bool = False,
    num_workers: int = 2,
) -> Outcome:
    """Converts a Cityscapes root to a data set.

    Args:
        options: What to convert, and how.
        beam_options: The runner and its options.
        overwrite: Whether another data set in the folder may be replaced.
        num_workers: Threads of a local run.

    Raises:
        ConversionError: Anything that the user can mend.
        LockedError: Another job writes to the folder.
    """
    remote_files.use_options(beam_options)
    preflight.check(options, beam_options)
    layout = root.find_layout(
        options.cityscapes_root, options.layout, options.splits
    )
    options = dataclasses.replace(options, layout=layout)
    root.check_root(listing.list_splits(options))
    with locking.hold(options.output_dir):
        content = existing.former_result(options, overwrite)
        if content:
            repairs = mend.mend(content, options, num_workers)
            if repairs is not None:
                return Outcome(content, repairs)
        existing.prepare_output(options.output_dir)
        return _convert(options, beam_options, num_workers)


def _convert(
    options: Options,
    beam_options: pipeline_options.PipelineOptions,
    num_workers: int,
) -> Outcome:
    """Runs the job and checks what it left."""
    add_steps = functools.partial(build, options=options)
    if runners.is_local(beam_options):
        runners.run_locally(add_steps, beam_options, num_workers)
    elif not runners.run_remotely(add_steps, beam_options):
        return Outcome(None)
    content = manifest.load(options.output_dir, files.read_text)
    if runners.is_local(beam_options):
        existing.check_inputs(content, options)
    commit.check_files(content, options.output_dir)
    return Outcome(content)


def build(pipeline: beam.Pipeline, options: Options) -> None:
    """Adds the conversion's steps to a pipeline.

    The graph's size does not depend on the number of frames.
    """
    frames, problems = pipeline | "FindFrames" >> FindFrames(options)
    found = frames, problems
    plan = found | "TakeStock" >> TakeStock(options)
    reports = frames | "WriteShards" >> WriteShards(plan, options)
    reports | "Commit" >> Commit(plan, problems, options, _versions())


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _VERSIONED}
