"""Builds the job, runs it, checks what it left."""

import contextlib
import dataclasses
import importlib.metadata
import io
import logging
import os
import re

import apache_beam as beam
from apache_beam.options import pipeline_options
from apache_beam.runners.portability import fn_api_runner
from apache_beam.transforms import environments

from preprocess import commit, files, listing, sources, writing
from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.progress import current as progress
from preprocess.steps.commit_manifest import Commit
from preprocess.steps.find_frames import FindFrames
from preprocess.steps.take_stock import TakeStock
from preprocess.steps.write_shards import WriteShards
from schemas import manifest

LOCAL_RUNNERS = ("FnApiRunner", "DirectRunner")
_NEVER = -1
_VERSIONED = ("apache-beam", "numpy", "pillow", "protobuf")
_ERROR = re.compile(r"preprocess\.errors\.ConversionError: (.+?)(?: \[while|$)")


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a conversion came to.

    Attributes:
        content: The manifest, None where a remote job goes on by itself.
        was_done: Whether a former run had already done all of it.
    """

    content: manifest.Manifest | None
    was_done: bool


def run(
    options: Options,
    beam_options: pipeline_options.PipelineOptions,
    *,
    overwrite: bool = False,
    num_workers: int | None = None,
) -> Outcome:
    """Converts a Cityscapes root to a data set.

    Args:
        options: What to convert, and how.
        beam_options: The runner and its options.
        overwrite: Whether another data set in the folder may be replaced.
        num_workers: Threads of a local run; None for one a core.

    Raises:
        ConversionError: Anything that the user can mend.
    """
    any_labels = any(options.has_labels(split) for split in options.splits)
    sources.check_root(options.cityscapes_root, options.annotation, any_labels)
    done = _former_result(options, overwrite)
    if done:
        return Outcome(done, was_done=True)
    _prepare_output(options.output_dir)
    if is_local(beam_options):
        _run_locally(options, beam_options, num_workers or os.cpu_count())
    else:
        pipeline = beam.Pipeline(options=beam_options)
        build(pipeline, options)
        result = pipeline.run()
        cloud = beam_options.view_as(pipeline_options.GoogleCloudOptions)
        if cloud.template_location:
            return Outcome(None, was_done=False)
        result.wait_until_finish()
    content = manifest.load(options.output_dir, files.read_text)
    if is_local(beam_options):
        _check_inputs(content, options)
    commit.check_files(content, options.output_dir)
    return Outcome(content, was_done=False)


def is_local(beam_options: pipeline_options.PipelineOptions) -> bool:
    """Whether the job runs in this process."""
    runner = beam_options.view_as(pipeline_options.StandardOptions).runner
    return runner is None or runner in LOCAL_RUNNERS


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


def _run_locally(
    options: Options,
    beam_options: pipeline_options.PipelineOptions,
    num_workers: int,
) -> None:
    """Runs the job on threads of this process.

    Beam's own DirectRunner may download another runner and ignore the number
    of workers, so the runner is named.  Threads do: decoding, resizing,
    checksums and file access all let go of Python's lock.

    Beam's `multi_threading` mode flushes each worker's output every second
    from another thread, without a lock, and so loses elements of longer
    listings now and then.  The environment here is that mode's, with the
    timer off.
    """
    local = beam_options.view_as(pipeline_options.DirectOptions)
    local.direct_num_workers = num_workers
    environment = environments.EmbeddedPythonGrpcEnvironment(
        data_buffer_time_limit_ms=_NEVER,
        capabilities=environments.python_sdk_capabilities(),
    )
    # The runner warns that only `multi_threading` uses more than one worker.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    pipeline = beam.Pipeline(
        runner=fn_api_runner.FnApiRunner(default_environment=environment),
        options=beam_options,
    )
    build(pipeline, options)
    # The worker threads print the traceback of an error that is also raised.
    with progress, contextlib.redirect_stderr(io.StringIO()):
        try:
            pipeline.run().wait_until_finish()
        except Exception as error:
            raise _first_cause(error) from None


def _first_cause(error: Exception) -> Exception:
    """Finds the error that a worker raised in what the runner reports."""
    if progress.first_error:
        return progress.first_error
    found = _ERROR.search(str(error))
    return ConversionError(found[1]) if found else error


def _prepare_output(output_dir: str) -> None:
    """Creates the output folder and tries to write there."""
    work_dir = files.join(output_dir, writing.WORK_DIR)
    try:
        files.make_folder(work_dir)
        probe = files.join(work_dir, "probe")
        files.write_text(probe, "", work_dir)
        files.delete_if_there(probe)
    except OSError as error:
        raise ConversionError(
            f"cannot write to {output_dir}: {error.strerror or error}. Choose "
            "another --output_dir."
        ) from error


def _former_result(
    options: Options, overwrite: bool
) -> manifest.Manifest | None:
    """Decides what a data set that is already there means.

    Returns:
        Its manifest if it is just what is asked for, else None.

    Raises:
        ConversionError: It is another one, and may not be replaced.
    """
    output_dir = options.output_dir
    path = files.join(output_dir, manifest.FILE_NAME)
    if overwrite:
        files.delete_if_there(path)
        commit.delete_work(output_dir)
        return None
    if not files.exists(path):
        _check_no_strangers(output_dir)
        return None
    try:
        content = manifest.load(output_dir, files.read_text)
    except manifest.ManifestError as error:
        raise ConversionError(str(error)) from error
    difference = _difference(content, options) or _new_inputs(content, options)
    if difference:
        raise ConversionError(
            f"{output_dir} already holds another data set: {difference}. Use "
            "another --output_dir, or replace it with --overwrite."
        )
    try:
        commit.check_files(content, output_dir)
    except ConversionError:
        files.delete_if_there(path)  # Not whole: it is made again.
        return None
    return content


def _check_no_strangers(output_dir: str) -> None:
    """Raises where TFRecords lie that no unfinished run of ours explains."""
    strangers = commit.shard_files(output_dir)
    work_dir = files.join(output_dir, writing.WORK_DIR)
    if strangers and not files.match(files.join(work_dir, "*")):
        raise ConversionError(
            f"{output_dir} holds {len(strangers)} TFRecords without a "
            f"manifest, first {strangers[0]}. Use another --output_dir, or "
            "replace them with --overwrite."
        )


def _check_inputs(content: manifest.Manifest, options: Options) -> None:
    """Checks that a local run has converted just what lies in the source.

    Raises:
        ConversionError: The runner lost a frame, or a file has changed.
    """
    change = _new_inputs(content, options)
    if change:
        files.delete_if_there(
            files.join(options.output_dir, manifest.FILE_NAME)
        )
        raise ConversionError(
            f"{change} the listing; run the same command with --overwrite."
        )


def _difference(content: manifest.Manifest, options: Options) -> str:
    wanted = options.deciding() | {"splits": list(options.splits)}
    there = content.options | {"splits": list(content.splits)}
    for key in sorted({*wanted, *there}):
        if wanted.get(key) != there.get(key):
            return f"{key} is {there.get(key)} there, {wanted.get(key)} here"
    return ""


def _new_inputs(content: manifest.Manifest, options: Options) -> str:
    """Says which split's source files are not those of the data set."""
    for split in options.splits:
        inputs = listing.list_inputs(split, options)
        if inputs != content.splits[split].inputs:
            return f"the source files of {split} have changed since"
    return ""
