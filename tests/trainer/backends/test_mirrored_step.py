import numpy as np
import pytest

from tests import commands, tiny_dataset
from tests.tiny_run import read_rows

NUM_TRAIN, NUM_VAL = 14, 5  # neither is a multiple of the batch size, 4


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    tiny_dataset.write_dataset(data_dir, NUM_TRAIN, NUM_VAL, (40, 40))
    path = tmp_path_factory.mktemp("out")
    done = commands.run("tests.two_devices", str(data_dir), str(path))
    assert done.returncode == 0, done.stderr
    assert "2 x CPU, float64" in done.stdout
    return path


def numbers(folder):
    names = ("loss", "mean_iou", "val_loss", "val_mean_iou")
    return [[float(row[name]) for name in names] for row in read_rows(folder)]


@pytest.mark.parametrize(("num_parts", "tolerance"), [(1, 1e-5), (2, 1e-3)])
def test_steps_on_two_devices_are_those_of_one(out, num_parts, tolerance):
    single, mirrored = (
        list(np.load(out / f"{name}{num_parts}.npz").values())
        for name in ("single", "mirrored")
    )
    counts = [arrays.pop(1) for arrays in (single, mirrored)]
    np.testing.assert_array_equal(*(table.sum(1) for table in counts))
    for one, two in zip(single, mirrored, strict=True):
        np.testing.assert_allclose(two, one, rtol=tolerance, atol=tolerance)


def test_the_loss_curve_of_two_devices_is_that_of_one(out):
    np.testing.assert_allclose(
        numbers(out / "mirrored"), numbers(out / "single"), atol=1e-4
    )


def test_a_run_goes_on_with_another_number_of_devices(out):
    np.testing.assert_allclose(
        numbers(out / "resumed"), numbers(out / "single"), atol=1e-4
    )
