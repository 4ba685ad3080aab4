"""Checks what a job needs of this environment before anything is sent."""

import importlib.util

from apache_beam.options import pipeline_options

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.pipeline import runners
from preprocess.storage import files, reachable
from schemas.extras import install

_OF_SCHEME = {
    "gs": ("google.cloud.storage", "gcp"),
    "s3": ("boto3", "aws"),
}
_OF_RUNNER = {
    "dataflow": ("google.cloud.dataflow_v1beta3", "gcp"),
    "dask": ("distributed", "dask"),
}


def check(
    options: Options, beam_options: pipeline_options.PipelineOptions
) -> None:
    """Checks packages, paths and Dataflow's flags.

    Raises:
        ConversionError: A package is not installed, workers on other
            machines would find neither the files nor this package, or a
            service does not answer.
    """
    runner = runners.runner_name(beam_options)
    paths = {
        "--cityscapes_root": options.cityscapes_root,
        "--output_dir": options.output_dir,
    }
    for name, path in paths.items():
        _check_installed(
            f"{name}={path}", _OF_SCHEME.get(files.scheme(path) or "")
        )
    _check_installed(f"--runner={runner}", _OF_RUNNER.get(runner))
    if runner == "dataflow":
        for name, path in paths.items():
            if files.is_local(path):
                raise ConversionError(
                    f"{name}={path} is on this machine, where Dataflow's "
                    "workers cannot see it; use a gs:// path."
                )
        _check_package_travels(beam_options)
        cloud = beam_options.view_as(pipeline_options.GoogleCloudOptions)
        if not cloud.template_location:  # It is staged, and nothing runs.
            reachable.check(f"--runner={runner}", cloud.dataflow_endpoint)
    for path in paths.values():
        reachable.check_path(path)


def _check_installed(wish: str, needed: tuple[str, str] | None) -> None:
    if needed and not _is_there(needed[0]):
        raise ConversionError(
            f"{wish} needs packages that are not installed; run "
            f"{install(needed[1])}"
        )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # Not even the package that it is in.
        return False


def _check_package_travels(
    beam_options: pipeline_options.PipelineOptions,
) -> None:
    setup = beam_options.view_as(pipeline_options.SetupOptions)
    worker = beam_options.view_as(pipeline_options.WorkerOptions)
    ways = (setup.setup_file, setup.extra_packages, worker.sdk_container_image)
    if not any(ways):
        raise ConversionError(
            "Dataflow's workers would not find the package preprocess; add "
            "--setup_file=./setup.py, or --sdk_container_image=IMAGE with an "
            "image of the Dockerfile."
        )
