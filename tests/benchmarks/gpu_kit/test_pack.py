import pathlib
import shutil
import subprocess
import tarfile

import pytest

from benchmarks.gpu_kit import pack, wheels

ROOT = pathlib.Path(__file__).parents[3]


def test_the_lock_has_every_wheel_with_its_hashes():
    lines = wheels.locked((ROOT / "requirements/test.txt").read_text())
    entries = [line for line in lines.splitlines() if "==" in line]
    assert [entry.split("==")[0] for entry in entries] == list(wheels.PACKAGES)
    assert lines.count("--hash=sha256:") >= len(entries)


def test_a_lock_that_lacks_a_wheel_is_named():
    with pytest.raises(ValueError, match="lacks absl-py, .*; run make lock"):
        wheels.locked("keras==3.15.1 \\\n    --hash=sha256:00\n")


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A kit without wheels and records: only their places."""

    def write_empty(folder, *_):
        folder.mkdir()

    monkeypatch.setattr(pack.wheels, "download", write_empty)
    monkeypatch.setattr(pack, "_write_records", write_empty)
    path = tmp_path / "dist" / "kit.tar.gz"
    argv = ["pack", f"--output={path}", "--python_version=9.9"]
    monkeypatch.setattr("sys.argv", argv)
    assert pack.main() == 0
    with tarfile.open(path) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    return tmp_path / "unpacked" / "gpu-kit"


def test_the_kit_has_the_project_and_a_command(archive):
    names = {path.name for path in archive.iterdir()}
    assert names == {
        *("LICENSE", "project", "python_version", "records"),
        *("run.sh", "wheels"),
    }
    found = [path for path in archive.rglob("*.*") if path.suffix != ".py"]
    assert not [path for path in found if path.suffix in (".so", ".pyc")]
    assert (archive / "project/trainer/engine/build.py").exists()


@pytest.mark.skipif(not shutil.which("sh"), reason="no shell")
def test_another_python_is_refused_before_anything_is_unpacked(archive):
    done = subprocess.run([archive / "run.sh"], capture_output=True, text=True)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "the kit is for 9.9" in line
    assert "make gpu-kit KIT_PYTHON=3." in line
    assert not (archive / "site").exists()
