"""The GPU's image, built without Docker: its lines in a fresh environment.

`make test-gpu-image`; it takes 7 GB of disk.
"""

import os
import subprocess
import sys

import pytest

from tests import dockerfiles, tiny_dataset

pytestmark = pytest.mark.skipif(
    "GPU_IMAGE" not in os.environ, reason="make test-gpu-image sets GPU_IMAGE"
)


def test_the_image_trains_without_the_checkout(tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    python = venv / "bin" / "python"
    dockerfiles.build("Dockerfile.gpu", tmp_path / "image", python)
    tiny_dataset.write_dataset(tmp_path / "records", 2, 1, (48, 48))
    train = [
        python.parent / "cityscapes-train",
        f"--data_dir={tmp_path}/records",
        f"--model_dir={tmp_path}/run",
        "--resize=none",
        "--crop=32x32",
        "--base_filters=2",
        "--batch_size=1",
        "--epochs=1",
    ]
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(
        train,
        cwd=tmp_path / "image",
        env=os.environ | {"HOME": str(home)},
        check=True,
    )
    assert (tmp_path / "run" / "metrics.csv").exists()
    listed = subprocess.run(
        [python, "-m", "pip", "list"], capture_output=True, text=True
    ).stdout
    assert "nvidia-cudnn-cu12" in listed
