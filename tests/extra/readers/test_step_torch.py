"""The step of PyTorch that benchmarks.train_step times: `make test-readers`."""

import subprocess
import sys

from tests.extra.readers.reading import reader

reader("torch")

_PACKAGE_MB = 400
_PACKAGE = f"""
import torch

held = bytearray(b"x") * ({_PACKAGE_MB} << 20)

def Unet(encoder, encoder_weights, classes):
    return torch.nn.Conv2d(3, classes, 1)
"""


def test_packages_are_no_part_of_the_peak(tmp_path):
    (tmp_path / "segmentation_models_pytorch.py").write_text(_PACKAGE)
    done = subprocess.run(
        (
            *(sys.executable, "-m", "benchmarks.steps.step_torch"),
            *("--base_filters=2", "--batch_size=2", "--num_steps=1"),
            *("--size=32x32", "--encoder=efficientnet_lite0"),
        ),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": f"{tmp_path}:."},
        text=True,
    )
    _, peak_mb = map(float, done.stdout.splitlines()[-1].split())
    assert peak_mb < _PACKAGE_MB
