"""What a job lacks is said before anything is sent."""

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.pipeline import preflight, runners
from preprocess.storage import reachable

REMOTE = Options("gs://bucket/cityscapes", "gs://bucket/out")
LOCAL = Options("/data/cityscapes", "/data/out")


@pytest.mark.parametrize(
    ("runner", "name"),
    [
        ("DataflowRunner", "dataflow"),
        ("dataflow", "dataflow"),
        ("apache_beam.runners.dask.dask_runner.DaskRunner", "dask"),
        ("FnApiRunner", "fnapi"),
    ],
)
def test_a_runner_has_one_name_however_it_is_written(runner, name):
    assert runners.runner_name(PipelineOptions([f"--runner={runner}"])) == name


def test_without_a_runner_the_job_is_local():
    assert runners.is_local(PipelineOptions([]))
    assert runners.is_local(PipelineOptions(["--runner=DirectRunner"]))
    assert not runners.is_local(PipelineOptions(["--runner=DataflowRunner"]))


@pytest.mark.parametrize(
    ("options", "flags", "message"),
    [
        (REMOTE, [], r"--cityscapes_root=gs://\S+ needs .* -e \"\.\[gcp\]\""),
        (Options("/c", "s3://b/o"), [], r"--output_dir=s3://b/o .*\[aws\]"),
        (LOCAL, ["--runner=DaskRunner"], r"--runner=dask needs .*\[dask\]"),
        (LOCAL, ["--runner=dataflow"], r"--runner=dataflow .*\[gcp\]"),
    ],
)
def test_a_missing_package_is_named_by_its_extra(
    monkeypatch, options, flags, message
):
    monkeypatch.setattr(preflight, "_is_there", lambda module: False)
    with pytest.raises(ConversionError, match=message):
        preflight.check(options, PipelineOptions(flags))


def test_a_module_of_a_package_that_is_missing_is_not_there():
    assert preflight._is_there("preprocess.options")
    assert not preflight._is_there("preprocess.missing")
    assert not preflight._is_there("missing.package.module")


def test_dataflow_wants_paths_and_a_package_that_workers_can_see(monkeypatch):
    monkeypatch.setattr(preflight, "_is_there", lambda module: True)
    dataflow = ["--runner=DataflowRunner"]
    with pytest.raises(ConversionError, match="root=/data/cityscapes is on th"):
        preflight.check(LOCAL, PipelineOptions(dataflow))
    with pytest.raises(ConversionError, match="add --setup_file=./setup.py"):
        preflight.check(REMOTE, PipelineOptions(dataflow))
    asked = []
    monkeypatch.setattr(reachable, "check", lambda *what: asked.append(what))
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    for way in ("--setup_file=./setup.py", "--sdk_container_image=image"):
        asked.clear()
        preflight.check(REMOTE, PipelineOptions([*dataflow, way]))
        assert asked == [
            ("--runner=dataflow", "https://dataflow.googleapis.com"),
            (REMOTE.cityscapes_root, "https://storage.googleapis.com"),
            (REMOTE.output_dir, "https://storage.googleapis.com"),
        ]
    asked.clear()
    preflight.check(LOCAL, PipelineOptions([]))
    assert not asked
