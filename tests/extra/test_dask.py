"""Beam's Dask runner on a cluster of two worker processes.

`make test-dask` runs this in its own environment.
"""

import contextlib
import signal
import subprocess
import sys
import time

import pytest

distributed = pytest.importorskip("distributed")

from tests import commands, trees  # noqa: E402

NUM_FRAMES = 96


def start(*command: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-m", *command], cwd=commands.ROOT)


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers: its address and the workers' processes."""
    file = tmp_path / "scheduler.json"
    scheduler = start(
        "distributed.cli.dask_scheduler",
        f"--scheduler-file={file}",
        "--port=0",
        "--no-dashboard",
    )
    workers = [
        start(
            "distributed.cli.dask_worker",
            f"--scheduler-file={file}",
            f"--name=worker-{index}",
            "--nthreads=1",
            "--no-nanny",
            "--no-dashboard",
            f"--local-directory={tmp_path}",
        )
        for index in range(2)
    ]
    while not file.exists():
        time.sleep(0.2)
    with distributed.Client(scheduler_file=file) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
    yield address, workers
    for process in (*workers, scheduler):
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Frames that take a while: 512x1024, of one picture."""
    root = tmp_path_factory.mktemp("dask") / "cityscapes"
    image = trees.png(trees.picture(0, (512, 1024)))
    label = trees.png(trees.label_map(0, (512, 1024)))
    for split, num_frames in (("train", NUM_FRAMES), ("val", 8)):
        for index in range(num_frames):
            stem = f"ulm_{index:06d}_000019"
            trees.write(trees.image_path(root, stem, split), image)
            trees.write(trees.label_path(root, stem, split), label)
    return root


def arguments(root, output_dir) -> tuple[str, ...]:
    return (
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        "--image_size=256x512",
        "--num_shards=16",
    )


@pytest.fixture(scope="module")
def wanted(root, tmp_path_factory):
    """The shards of a local run, by name."""
    output_dir = tmp_path_factory.mktemp("local") / "out"
    done = commands.run("preprocess.main", *arguments(root, output_dir))
    assert done.returncode == 0, done.stderr
    return shards(output_dir)


def shards(folder) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.glob("*.tfrecord"))}


def on_dask(address: str) -> tuple[str, ...]:
    return "--runner=DaskRunner", f"--dask_client_address={address}"


def test_two_workers_give_the_bytes_of_a_local_run(
    cluster, root, wanted, tmp_path
):
    address, _ = cluster
    done = commands.run(
        "preprocess.main",
        *arguments(root, tmp_path / "out"),
        *on_dask(address),
        "--dask_npartitions=4",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"Done: {tmp_path}/out/manifest.json"
    assert shards(tmp_path / "out") == wanted


def test_a_bad_frame_is_one_line_from_the_cluster(cluster, tmp_path):
    address, _ = cluster
    bad = trees.write_tree(tmp_path / "bad")
    trees.image_path(bad, trees.STEMS[2]).write_bytes(b"no PNG")
    done = commands.run(
        "preprocess.main",
        f"--cityscapes_root={bad}",
        f"--output_dir={tmp_path}/out",
        "--splits=train",
        *on_dask(address),
    )
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: ")
    assert trees.STEMS[2] in line
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_a_killed_worker_costs_no_frame(cluster, root, wanted, tmp_path):
    address, workers = cluster
    command = *arguments(root, tmp_path / "out"), *on_dask(address)
    job = commands.start("preprocess.main", *command, "--dask_npartitions=4")
    while not list((tmp_path / "out").glob("*.tfrecord")):
        assert job.poll() is None, job.communicate()
        time.sleep(0.05)
    workers[0].send_signal(signal.SIGKILL)
    out, error = job.communicate(timeout=300)
    if job.returncode:  # Failing is allowed, half a data set is not.
        assert "Traceback" not in error
        assert not (tmp_path / "out" / "manifest.json").exists()
    print("after the kill:", job.returncode, out, error)
    again = commands.run("preprocess.main", *command)
    assert again.returncode == 0, again.stderr
    assert shards(tmp_path / "out") == wanted
