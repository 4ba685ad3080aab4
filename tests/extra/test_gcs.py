"""gs:// on a local emulator; `make test-gcs` runs this in its own venv."""

import subprocess

import pytest

pytest.importorskip("gcp_storage_emulator")
pytest.importorskip("google.cloud.storage")

from schemas import manifest  # noqa: E402
from tests import commands, trees  # noqa: E402


def convert(
    root: str, output_dir: str, *more: str
) -> subprocess.CompletedProcess:
    return commands.run(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        "--splits=train",
        "--num_shards=3",
        *more,
    )


def test_gs_gives_the_bytes_of_a_local_run_both_ways(gcs_bucket, tmp_path):
    root = trees.write_tree(tmp_path / "cityscapes")
    for name, data in trees.contents(root).items():
        gcs_bucket.blob(f"root/{name}").upload_from_string(data)
    gs_root, gs_out = (
        f"gs://{gcs_bucket.name}/root",
        f"gs://{gcs_bucket.name}/out",
    )
    auth = ("--no_auth", "--project=project")

    done = convert(gs_root, gs_out, *auth)
    assert done.returncode == 0, done.stderr
    local = convert(str(root), f"{tmp_path}/out")
    assert local.returncode == 0, local.stderr

    wanted = trees.contents(tmp_path / "out")
    found = {
        blob.name.removeprefix("out/"): blob.download_as_bytes()
        for blob in gcs_bucket.list_blobs(prefix="out/")
    }
    assert sorted(found) == sorted(wanted)
    for name in found:
        if name.endswith(".tfrecord"):
            assert found[name] == wanted[name]
    content = manifest.parse(found["manifest.json"].decode())
    assert content.split("train").num_examples == len(trees.STEMS)

    again = convert(gs_root, gs_out, *auth)
    assert again.stdout.splitlines()[-1].startswith("Nothing to do")
    verify = commands.run("preprocess.verify", f"--data_dir={gs_out}")
    assert verify.returncode == 0, verify.stdout + verify.stderr


def test_a_wrong_gs_root_is_one_line(gcs_bucket, tmp_path):
    done = convert(
        f"gs://{gcs_bucket.name}/nowhere", f"{tmp_path}/out", "--no_auth"
    )
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: gs://scenes/nowhere holds neither leftImg8")
