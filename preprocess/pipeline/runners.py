"""Runs a pipeline: on threads of this process, or on a cluster."""

import logging
import re
from collections.abc import Callable

import apache_beam as beam
from apache_beam.options import pipeline_options
from apache_beam.runners.portability import fn_api_runner
from apache_beam.transforms import environments

from preprocess.errors import ConversionError
from preprocess.progress import current as progress

_LOCAL_RUNNERS = ("", "direct", "fnapi")
_FULL_NAMES = {"dask": "apache_beam.runners.dask.dask_runner.DaskRunner"}
"""Of runners that Beam does not find by their short names."""

_ERROR = re.compile(r"preprocess\.errors\.ConversionError: (.+?)(?: \[while|$)")


def runner_name(beam_options: pipeline_options.PipelineOptions) -> str:
    """Returns e.g. `dataflow` for any way to write it, "" where none is."""
    runner = beam_options.view_as(pipeline_options.StandardOptions).runner
    return (runner or "").rpartition(".")[2].lower().removesuffix("runner")


def is_local(beam_options: pipeline_options.PipelineOptions) -> bool:
    """Whether the job runs in this process."""
    return runner_name(beam_options) in _LOCAL_RUNNERS


def run_locally(
    build: Callable[[beam.Pipeline], None],
    beam_options: pipeline_options.PipelineOptions,
    num_workers: int,
) -> None:
    """Runs the job on threads of this process.

    Beam's own DirectRunner may download another runner and ignore the number
    of workers, so the runner is named.  Threads do: decoding, resizing,
    checksums and file access all let go of Python's lock.

    The environment is the one whose workers are called in memory.  That of
    Beam's `multi_threading` mode listens on four ports of all interfaces and
    hands any file of the user's to whoever asks.

    Args:
        build: Adds the job's steps to a pipeline.
        beam_options: Beam's options.
        num_workers: The number of threads.

    Raises:
        ConversionError: Anything that the user can mend.
    """
    local = beam_options.view_as(pipeline_options.DirectOptions)
    local.direct_num_workers = num_workers
    types = beam_options.view_as(pipeline_options.TypeOptions)
    types.pipeline_type_check = False  # The graph is always the same.
    environment = environments.EmbeddedPythonEnvironment.default()
    # The runner warns that only `multi_threading` uses more than one worker.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    pipeline = beam.Pipeline(
        runner=fn_api_runner.FnApiRunner(default_environment=environment),
        options=beam_options,
    )
    build(pipeline)
    with progress:
        try:
            pipeline.run().wait_until_finish()
        except Exception as error:
            raise progress.first_error or _untagged(error) from None


def run_remotely(
    build: Callable[[beam.Pipeline], None],
    beam_options: pipeline_options.PipelineOptions,
) -> bool:
    """Runs the job by the runner that is named, to its end.

    Args:
        build: Adds the job's steps to a pipeline.
        beam_options: The runner and its options.

    Returns:
        Whether it ran; False where only its template was staged.

    Raises:
        ConversionError: The options do not fit, or the job failed.
    """
    try:
        full_name = _FULL_NAMES.get(runner_name(beam_options))
        pipeline = beam.Pipeline(runner=full_name, options=beam_options)
    except (ValueError, ImportError) as error:
        raise ConversionError(f"Beam: {error}") from error
    build(pipeline)
    cloud = beam_options.view_as(pipeline_options.GoogleCloudOptions)
    try:
        result = pipeline.run()
        if cloud.template_location:
            return False
        result.wait_until_finish()
    except Exception as error:
        cause = _first_cause(error)
        if isinstance(cause, ConversionError):
            raise cause from None
        raise ConversionError(
            f"the job failed: {type(error).__name__}: {error}. Run the same "
            "command again; finished shards are kept."
        ) from error
    return True


def _untagged(error: BaseException) -> BaseException:
    """Returns the error that a step raised, which Beam raises anew."""
    while getattr(error, "_tagged_with_step", False) and error.__context__:
        error = error.__context__
    return error


def _first_cause(error: Exception) -> Exception:
    """Finds the error that a worker raised in what the runner reports."""
    if progress.first_error:
        return progress.first_error
    found = _ERROR.search(str(error))
    return ConversionError(found[1]) if found else error
