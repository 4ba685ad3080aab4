"""Tests that the baseline has the 2021 recipe's faults.

Each fault's counterpart is tested where this project does better.
"""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from benchmarks.contenders import recipe_input, recipe_model
from tests.commands import is_one_line, run

ROAD, CAR = 7, 26


def _write_frame(root, split, index, image, label):
    for kind, suffix, pixels in (
        ("leftImg8bit", "leftImg8bit", image),
        ("gtFine", "gtFine_labelIds", label),
    ):
        folder = root / kind / split / "town"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"town_{index:06d}_000019_{suffix}.png"
        Image.fromarray(pixels).save(folder / name)


def _flat_frame(value):
    """A grey picture whose label map holds the same value."""
    image = np.full((8, 16, 3), value, np.uint8)
    return image, np.full((8, 16), value, np.uint8)


@pytest.fixture
def root(tmp_path):
    """Frames that are told apart by their grey value, 1 to 6 and 1 to 3."""
    for split, count in (("train", 6), ("val", 3)):
        for value in range(1, count + 1):
            _write_frame(tmp_path, split, value, *_flat_frame(value))
    return tmp_path


def _grey(image):
    """(...) uint8 values of normalized pictures."""
    return np.rint((np.asarray(image) + 1) * 127.5).astype(int)


def _load(load, root, split, index):
    frame = f"{split}/town/town_{index:06d}_000019"
    return load(
        f"{root}/leftImg8bit/{frame}_leftImg8bit.png",
        f"{root}/gtFine/{frame}_gtFine_labelIds.png",
    )


def _train_frames(data, num_batches):
    """The frames' values, batch by batch."""
    return [
        _grey(images[:, 0, 0, 0]).tolist()
        for images, _ in data.train.take(num_batches)
    ]


def test_whole_pairs_are_matched_when_no_file_is_missing(root):
    data = recipe_input.datasets(str(root), batch_size=2)
    assert (data.num_train, data.num_val) == (6, 3)
    for images, labels in data.train.take(6):
        assert images.shape == (2, 256, 256, 3)
        assert labels.shape == (2, 256, 256, 1)
        np.testing.assert_array_equal(_grey(images[..., :1]), labels)


def test_f1_a_missing_file_shifts_every_later_pair(root):
    """Pairs by position: frames 2 to 5 get the next frame's labels."""
    frame = "train/town/town_00000{}_000019"
    (root / "gtFine" / f"{frame.format(2)}_gtFine_labelIds.png").unlink()
    (root / "leftImg8bit" / f"{frame.format(6)}_leftImg8bit.png").unlink()
    tf.random.set_seed(1)
    data = recipe_input.datasets(str(root), batch_size=5)
    pairs = set()
    for images, labels in data.train.take(10):
        values = labels[:, 0, 0, 0].numpy().tolist()
        pairs.update(zip(_grey(images[:, 0, 0, 0]), values, strict=True))
    assert pairs == {(1, 1), (2, 3), (3, 4), (4, 5), (5, 6)}
    assert data.num_train == 5


def test_f2_pictures_are_resized_by_nearest_neighbour(tmp_path):
    """Only black and white come out of stripes that average to grey."""
    stripes = np.zeros((560, 560, 3), np.uint8)
    stripes[:, 1::2] = 255
    _write_frame(tmp_path, "train", 1, stripes, stripes[..., 0] // 255)
    image, _ = _load(recipe_input.load_train, tmp_path, "train", 1)
    assert set(np.unique(_grey(image))) <= {0, 255}


def test_f3_validation_labels_hold_ids_that_no_file_holds(tmp_path):
    label = np.full((512, 512), ROAD, np.uint8)
    label[:, 255:] = CAR
    _write_frame(tmp_path, "val", 1, np.zeros((512, 512, 3), np.uint8), label)
    _, resized = _load(recipe_input.load_val, tmp_path, "val", 1)
    assert set(np.unique(resized)) - {ROAD, CAR}


def test_f4_every_epoch_replays_the_first_ones_crops(tmp_path):
    tf.random.set_seed(1)
    gradient = np.arange(280, dtype=np.uint8).repeat(280).reshape(280, 280)
    image = np.stack([gradient, gradient.T, gradient], -1)
    _write_frame(tmp_path, "train", 1, image, np.zeros((280, 280), np.uint8))
    _write_frame(tmp_path, "val", 1, image, np.zeros((280, 280), np.uint8))
    fresh = [
        _load(recipe_input.load_train, tmp_path, "train", 1)[0].numpy()
        for _ in range(8)
    ]
    assert any((crop != fresh[0]).any() for crop in fresh)
    data = recipe_input.datasets(str(tmp_path), batch_size=1)
    epochs = [image.numpy() for image, _ in data.train.take(8)]
    for epoch in epochs:
        np.testing.assert_array_equal(epoch, epochs[0])


def test_f6_an_epoch_does_not_see_every_frame_once(root):
    tf.random.set_seed(1)
    data = recipe_input.datasets(str(root), batch_size=3)
    frames = np.ravel(_train_frames(data, num_batches=8)).reshape(-1, 6)
    assert any(sorted(epoch) != [1, 2, 3, 4, 5, 6] for epoch in frames)


def test_f9_void_pixels_change_the_loss():
    """A void pixel costs as much as any other."""
    model = recipe_model.build_model(base_filters=1, size_px=16)
    recipe_model.compile_model(model)
    images = np.zeros((1, 16, 16, 3), np.float32)
    void = np.zeros((1, 16, 16, 1), np.int32)
    expected = -np.log(model(images).numpy()[..., 0]).mean()
    loss = model.evaluate(images, void, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(expected, rel=1e-5)
    assert loss > 0


def test_the_network_has_the_recipes_parameters():
    model = recipe_model.build_model()
    assert model.count_params() == 31_061_282
    assert model.output_shape == (None, 256, 256, 34)


def test_a_split_without_pictures_is_an_error(root, tmp_path):
    with pytest.raises(FileNotFoundError, match="0 leftImg8bit pictures"):
        recipe_input.list_files(str(root), "test")


@pytest.mark.slow
def test_f7_training_leaves_the_last_model_and_no_checkpoint(root, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    done = run(
        "benchmarks.recipe",
        f"--cityscapes_root={root}",
        "--epochs=2",
        "--batch_size=3",
        "--base_filters=1",
        f"--json={out}/recipe.json",
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [
        "recipe.json",
        "recipe.keras",
    ]
    result = json.loads((out / "recipe.json").read_text())
    assert len(result["history"]["loss"]) == 2
    assert result["images_per_second"] > 0


@pytest.mark.parametrize("flag", ["--epochs=0", "--cityscapes_root=/none"])
def test_a_bad_flag_is_one_fast_line(root, tmp_path, flag):
    flags = [f"--cityscapes_root={root}", f"--json={tmp_path}/x.json", flag]
    done = run("benchmarks.recipe", *flags)
    assert done.returncode == 2
    assert is_one_line(done.stderr)
