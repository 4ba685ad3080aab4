"""The Dataflow job as it is staged, on real parts of Beam but no cloud.

`make test-dataflow`: storage by an emulator; the job staged into it as a
template; the staged package installed into a fresh environment; the staged
stages run by a worker of that environment.
"""

import json
import pathlib
import subprocess
import threading

import pytest

pytest.importorskip("gcp_storage_emulator")
pytest.importorskip("google.cloud.storage")

from apache_beam.options.pipeline_options import PipelineOptions  # noqa: E402
from apache_beam.portability.api import beam_runner_api_pb2  # noqa: E402
from apache_beam.runners.portability import fn_api_runner  # noqa: E402
from apache_beam.transforms import environments  # noqa: E402

from schemas import manifest  # noqa: E402
from tests import commands, dockerfiles, trees  # noqa: E402
from tests.extra.programs import dataflow_worker  # noqa: E402

TEMPLATE = "templates/convert"
CONSTRAINTS = commands.ROOT / "constraints.txt"


def upload(bucket, root, prefix: str) -> None:
    for name, data in trees.contents(root).items():
        bucket.blob(f"{prefix}/{name}").upload_from_string(data)


def stage(bucket, prefix: str, *more: str) -> dict[str, bytes]:
    """Stages the conversion of a root; returns the staged files by name."""
    done = commands.run(
        "preprocess.main",
        f"--cityscapes_root=gs://{bucket.name}/{prefix}",
        f"--output_dir=gs://{bucket.name}/{prefix}-out",
        "--splits=train",
        "--num_shards=3",
        "--runner=DataflowRunner",
        "--project=project",
        "--region=europe-west4",
        f"--staging_location=gs://{bucket.name}/staging/{prefix}",
        f"--temp_location=gs://{bucket.name}/tmp",
        f"--template_location=gs://{bucket.name}/{prefix}/{TEMPLATE}",
        "--no_auth",
        *more,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "The job's template is staged."
    blobs = list(bucket.list_blobs(prefix=f"staging/{prefix}/"))
    blobs.append(bucket.blob(f"{prefix}/{TEMPLATE}"))
    return {
        blob.name.rpartition("/")[2]: blob.download_as_bytes() for blob in blobs
    }


@pytest.fixture(scope="module")
def root(gcs_bucket, tmp_path_factory):
    root = trees.write_tree(tmp_path_factory.mktemp("flow") / "cityscapes")
    upload(gcs_bucket, root, "scenes-06")
    return root


@pytest.fixture(scope="module")
def staged(gcs_bucket, root):
    return stage(gcs_bucket, "scenes-06", "--setup_file=./setup.py")


def on_workers_at(address: str, pipeline_pb: bytes):
    """Returns the staged pipeline, its containers replaced by a pool."""
    pipeline = beam_runner_api_pb2.Pipeline.FromString(pipeline_pb)
    external = environments.ExternalEnvironment(address).to_runner_api(None)
    for environment in pipeline.components.environments.values():
        environment.urn = external.urn
        environment.payload = external.payload
        del environment.dependencies[:]
    return pipeline


def run(pipeline) -> None:
    """Runs a job; one whose worker has died would wait for ever."""

    def to_the_end():
        runner = fn_api_runner.FnApiRunner()
        result = runner.run_via_runner_api(pipeline, PipelineOptions([]))
        result.wait_until_finish()

    job = threading.Thread(target=to_the_end, daemon=True)
    job.start()
    job.join(300)
    assert not job.is_alive()


def test_the_staged_stages_run_from_the_staged_package(
    gcs_bucket, root, staged, tmp_path
):
    for name, content in staged.items():
        trees.write(tmp_path / "staged" / name, content)
    python = dataflow_worker.make_image(tmp_path / "venv", CONSTRAINTS)
    package = tmp_path / "staged" / "workflow.tar.gz"
    dataflow_worker.pip_install(python, "-c", CONSTRAINTS, package)
    where = subprocess.run(
        [python, "-c", "import preprocess as p; print(p.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert pathlib.Path(where.stdout).is_relative_to(tmp_path / "venv")

    template = json.loads(staged["convert"])
    options = template["environment"]["sdkPipelineOptions"]["options"]
    with dataflow_worker.pool(tmp_path, python, options) as address:
        run(on_workers_at(address, staged["pipeline.pb"]))

    local = commands.run(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={tmp_path}/local",
        "--splits=train",
        "--num_shards=3",
    )
    assert local.returncode == 0, local.stderr
    wanted = trees.contents(tmp_path / "local")
    found = {
        blob.name.removeprefix("scenes-06-out/"): blob.download_as_bytes()
        for blob in gcs_bucket.list_blobs(prefix="scenes-06-out/")
    }
    assert sorted(found) == sorted(wanted)
    shards = [name for name in found if name.endswith(".tfrecord")]
    assert len(shards) == 3
    for name in shards:
        assert found[name] == wanted[name]
    content = manifest.parse(found["manifest.json"].decode())
    assert content.split("train").num_examples == len(trees.STEMS)


def test_the_package_that_is_staged_asks_for_no_tensorflow(staged, tmp_path):
    trees.write(tmp_path / "workflow.tar.gz", staged["workflow.tar.gz"])
    listing = subprocess.run(
        [
            "tar",
            "xzOf",
            tmp_path / "workflow.tar.gz",
            "--wildcards",
            "*/PKG-INFO",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    required = [
        line
        for line in listing.stdout.splitlines()
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    ]
    assert any("apache-beam" in line for line in required)
    assert not any("tensorflow" in line for line in required)


def test_the_job_is_as_large_for_1000_frames_as_for_10(gcs_bucket, tmp_path):
    image = trees.png(trees.picture(0))
    label = trees.png(trees.label_map(0))
    sizes = []
    for num_frames in (10, 1000):
        for index in range(num_frames):
            stem = f"ulm_{index:06d}_000019"
            trees.write(trees.image_path(tmp_path, stem), image)
            trees.write(trees.label_path(tmp_path, stem), label)
        upload(gcs_bucket, tmp_path, "growing")
        files = stage(gcs_bucket, "growing", "--sdk_container_image=image:1")
        assert "workflow.tar.gz" not in files
        sizes.append(len(files["pipeline.pb"]))
    assert sizes[0] == sizes[1]


def test_the_dockerfile_installs_the_package_into_an_image(tmp_path):
    python = dataflow_worker.make_image(tmp_path / "venv", CONSTRAINTS)
    dockerfiles.build("Dockerfile", tmp_path / "image", python)
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True
    ).stdout
    assert "cityscapes-unet" in listed
    assert "tensorflow" not in listed
