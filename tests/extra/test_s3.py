"""s3:// on moto's server; `make test-s3` runs this in its own environment."""

import csv
import subprocess

import pytest

pytest.importorskip("moto")
pytest.importorskip("boto3")

from tests import commands, trees  # noqa: E402

VAL_STEMS = tuple(f"munster_{index:06d}_000019" for index in range(8))


def convert(
    root: str, output_dir: str, num_shards: int = 2
) -> subprocess.CompletedProcess:
    return commands.run(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        f"--num_shards={num_shards}",
        "--write_index",
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory, s3_bucket):
    root = tmp_path_factory.mktemp("s3") / "cityscapes"
    trees.write_tree(root, size=(32, 64))
    trees.write_tree(root, VAL_STEMS, "val", size=(32, 64))
    for name, data in trees.contents(root).items():
        s3_bucket.put_object(Key=f"root/{name}", Body=data)
    return root


@pytest.fixture(scope="module")
def output(root, s3_bucket):
    """The s3:// folder of a data set that was made from s3://."""
    output = f"s3://{s3_bucket.name}/out"
    done = convert(f"s3://{s3_bucket.name}/root", output)
    assert done.returncode == 0, done.stderr
    return output


def test_a_shard_without_a_frame_is_one_line(root, s3_bucket):
    done = convert(
        f"s3://{s3_bucket.name}/root", f"s3://{s3_bucket.name}/empty", 40
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: ")
    assert line.endswith("to s3://; give a lower --num_shards.")


def sync(bucket, folder) -> None:
    """Copies the data set as `aws s3 sync` does."""
    for item in bucket.objects.filter(Prefix="out/"):
        name = item.key.removeprefix("out/")
        trees.write(folder / name, item.get()["Body"].read())


def test_s3_gives_the_bytes_of_a_local_run(root, output, s3_bucket, tmp_path):
    local = convert(str(root), f"{tmp_path}/local")
    assert local.returncode == 0, local.stderr
    sync(s3_bucket, tmp_path / "synced")
    wanted = trees.contents(tmp_path / "local")
    found = trees.contents(tmp_path / "synced")
    assert sorted(found) == sorted(wanted)
    shards = [name for name in found if name.endswith(".tfrecord")]
    assert len(shards) == 4
    for name in shards:
        assert found[name] == wanted[name]


def test_a_second_run_finds_the_data_set_and_verify_reads_it(
    root, output, s3_bucket
):
    again = convert(f"s3://{s3_bucket.name}/root", output)
    assert again.stdout.splitlines()[-1].startswith("Nothing to do")
    verify = commands.run("preprocess.verify", f"--data_dir={output}")
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_training_refuses_s3_at_once_and_runs_after_a_sync(
    output, s3_bucket, tmp_path
):
    flags = (
        f"--model_dir={tmp_path}/run",
        "--resize=32x64",
        "--crop=32x32",
        "--base_filters=2",
        "--epochs=1",
        "--batch_size=2",
    )
    refused = commands.run("trainer.task", f"--data_dir={output}", *flags)
    assert refused.returncode == 1
    assert commands.is_one_line(refused.stderr), refused.stderr
    assert "not s3://. Copy the data to a local folder" in refused.stderr
    assert refused.seconds < 5
    assert not (tmp_path / "run").exists()

    sync(s3_bucket, tmp_path / "synced")
    data_dir = f"--data_dir={tmp_path}/synced"
    done = commands.run("trainer.task", data_dir, *flags)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "run" / "metrics.csv", newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1"]


def test_a_wrong_s3_root_is_one_line(s3_bucket, tmp_path):
    done = convert(f"s3://{s3_bucket.name}/nowhere", f"{tmp_path}/out")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: s3://scenes/nowhere holds neither leftImg8")
