"""The kit's archive runs where there is JAX and nothing else of ours.

KIT is the archive, BARE_PYTHON an interpreter that has JAX alone.
"""

import json
import os
import pathlib
import subprocess
import tarfile

import pytest

from benchmarks.gpu_kit import pack, run

KIT, PYTHON = (os.environ.get(name) for name in ("KIT", "BARE_PYTHON"))
pytestmark = pytest.mark.skipif(not KIT, reason="make test-gpu-kit sets it")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What run.sh has written, in its small form."""
    folder = tmp_path_factory.mktemp("bare")
    with tarfile.open(KIT) as archive:
        archive.extractall(folder, filter="data")
    home = folder / "home"
    home.mkdir()
    done = subprocess.run(
        (
            *(folder / "gpu-kit" / "run.sh", "--small"),
            f"--patience={os.environ.get('PATIENCE', 1)}",
        ),
        env=os.environ | {"HOME": str(home), "PYTHON": os.path.abspath(PYTHON)},
    )
    assert done.returncode == 0
    assert not list(home.iterdir())
    text = (folder / "gpu-kit" / "results" / "results.json").read_text()
    return json.loads(text)


def test_there_is_neither_keras_nor_tensorflow_beside_jax():
    code = """
from importlib.util import find_spec
print([name for name in ("jax", "keras", "tensorflow") if find_spec(name)])
"""
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True)
    assert done.stdout == "['jax']\n"


def test_the_archive_is_small_enough_to_be_carried():
    assert pathlib.Path(KIT).stat().st_size <= pack.MAX_BYTES


def test_every_stage_is_done_within_its_time(results):
    found = {key: told["status"] for key, told in results["stages"].items()}
    assert found == dict.fromkeys(run.STAGES, "done")


def test_every_figure_is_there_and_nothing_is_wrong(results):
    rows = [row for told in results["stages"].values() for row in told["rows"]]
    assert [row["name"] for row in rows if row["is_right"] is False] == []
    absent = {row["note"] for row in rows if not row["values"]}
    assert absent <= {
        "cpu",
        "not judged: no GPU",
        "not measured: no PyTorch",
        "not measured: no TensorFlow, which feeds it",
        "not measured: the trace holds no GPU",
    }
