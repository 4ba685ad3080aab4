import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from schemas.labels.colors import overlay
from tests import tiny_dataset
from tests.tiny_run import make_config, run_training
from trainer.backends.build import build_stepper
from trainer.backends.step import StepOptions
from trainer.config import seen_ids
from trainer.config.optimization import OptimizerConfig
from trainer.data.loader import Batching, RunData
from trainer.data.run_records import open_run
from trainer.engine.averages import Updates
from trainer.engine.epoch import EpochScores
from trainer.engine.preview import Preview
from trainer.engine.validation import Validation
from trainer.losses.segmentation import SegmentationLoss

ROAD, SKY, TRAIN_ROAD = 7, 23, 0
HEAD_PX, GAP_PX = 18, 4  # of the captions, between pictures


def network_saying(class_id, num_classes=34):
    inputs = keras.Input((None, None, 3))
    layer = keras.layers.Conv2D(num_classes, 1, kernel_initializer="zeros")
    model = keras.Model(inputs, layer(inputs))
    layer.bias.assign(np.eye(num_classes, dtype=np.float32)[class_id])
    return model


def frames(size=(32, 48), count=2):
    return [tiny_dataset.make_frame(i, size, LABEL_IDS) for i in range(count)]


def cells(picture, size, num_rows):
    """Cuts a preview into its rows of three pictures each."""
    height, width = size
    return [
        [
            picture[top : top + height, left : left + width]
            for left in range(0, 3 * width, width + GAP_PX)
        ]
        for top in (
            HEAD_PX + row * (height + GAP_PX) for row in range(num_rows)
        )
    ]


def test_each_row_is_picture_truth_and_prediction():
    shown = frames()
    picture = Preview(network_saying(ROAD), shown, LABEL_IDS, (32, 48)).draw()
    assert picture.shape == (18 + 32 + 4 + 32, 48 + 4 + 48 + 4 + 48, 3)
    for row, (image, ids) in zip(
        cells(picture, (32, 48), 2), shown, strict=True
    ):
        road = np.full_like(ids, ROAD)
        np.testing.assert_array_equal(row[0], image)
        np.testing.assert_array_equal(row[1], overlay(image, ids, LABEL_IDS))
        np.testing.assert_array_equal(row[2], overlay(image, road, LABEL_IDS))


def test_train_ids_have_the_colours_of_their_classes():
    image = np.full((32, 32, 3), 100, np.uint8)
    ids = np.full((32, 32), TRAIN_ROAD, np.uint8)
    ids[0] = 255
    model = network_saying(TRAIN_ROAD, 19)
    picture = Preview(model, [(image, ids)], TRAIN_IDS, (32, 32)).draw()
    [[_, truth, prediction]] = cells(picture, (32, 32), 1)
    assert (truth[0] == 100).all()  # ignored: as the picture is
    assert (truth[1:] == [114, 82, 114]).all()
    assert (prediction == [114, 82, 114]).all()


def test_of_larger_frames_the_middle_is_shown():
    [(image, ids)] = frames((64, 80), 1)
    preview = Preview(network_saying(ROAD), [(image, ids)], LABEL_IDS, (32, 48))
    [[shown, truth, _]] = cells(preview.draw(), (32, 48), 1)
    image, ids = image[16:48, 16:64], ids[16:48, 16:64]
    np.testing.assert_array_equal(shown, image)
    np.testing.assert_array_equal(truth, overlay(image, ids, LABEL_IDS))


def test_the_prediction_follows_the_weights():
    model = network_saying(ROAD)
    [(image, ids)] = frames(count=1)
    preview = Preview(model, [(image, ids)], LABEL_IDS, (32, 48))
    preview.draw()
    model.layers[-1].bias.assign(np.eye(34, dtype=np.float32)[SKY])
    [[*_, prediction]] = cells(preview.draw(), (32, 48), 1)
    sky = overlay(image, np.full_like(ids, SKY), LABEL_IDS)
    np.testing.assert_array_equal(prediction, sky)


@pytest.mark.parametrize("offset", [-np.inf, -1.5])
def test_the_prediction_is_that_after_the_offsets(offset):
    model = network_saying(ROAD)
    bias = np.zeros(34, np.float32)
    bias[[ROAD, SKY]] = 2, 1
    model.layers[-1].bias.assign(bias)
    [(image, ids)] = frames(count=1)
    offsets = np.where(np.arange(34) == ROAD, offset, 0)
    preview = Preview(model, [(image, ids)], LABEL_IDS, (32, 48), offsets)
    [[*_, prediction]] = cells(preview.draw(), (32, 48), 1)
    sky = overlay(image, np.full_like(ids, SKY), LABEL_IDS)
    np.testing.assert_array_equal(prediction, sky)


def logged_pictures(model_dir):
    """Reads epoch → (height, width, 3) uint8 from a run's events."""
    pictures = {}
    for path in sorted((model_dir / "val").iterdir()):
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            for value in event.summary.value:
                if value.tag == "frames":
                    width, height, png = value.tensor.string_val
                    assert png.startswith(b"\x89PNG")
                    pixels = np.asarray(Image.open(io.BytesIO(png)))
                    assert pixels.shape == (int(height), int(width), 3)
                    assert event.step not in pictures
                    pictures[event.step] = pixels
    return pictures


def shown_by(network, data, num_frames, offsets=None):
    """Draws what a network says of a data set's first frames."""
    stepper = build_stepper(
        network,
        keras.optimizers.SGD(),
        SegmentationLoss(np.ones(34, np.float32)),
        StepOptions(),
        offsets,
    )
    records = open_run(data)
    run_data = RunData(data, records, Batching(4), "unused")
    validation = Validation(
        stepper, run_data, lambda: EpochScores(34, None), lambda: False
    )
    validation.open_preview(num_frames, data.crop)
    return validation.score(Updates(0)).picture


@pytest.mark.parametrize("ema_decay", [0.0, 0.5])
def test_each_epoch_shows_the_same_frames_to_the_model_that_is_saved(
    tmp_path, ema_decay
):
    data_dir, model_dir = tmp_path / "data", tmp_path / "run"
    tiny_dataset.write_dataset(data_dir, 10, 3, (40, 40))
    config = make_config(
        str(data_dir),
        model_dir,
        optimizer=OptimizerConfig(ema_decay=ema_decay),
        tensorboard_pictures=2,
    )
    run_training(config)
    pictures = logged_pictures(model_dir)
    assert sorted(pictures) == [2, 4]  # steps
    assert pictures[2].shape == (18 + 32 + 4 + 32, 3 * 32 + 2 * 4, 3)
    np.testing.assert_array_equal(pictures[2][:, :68], pictures[4][:, :68])

    path = f"{model_dir}/last.keras"
    network = keras.saving.load_model(path)
    offsets = np.where(seen_ids.load(path, LABEL_IDS), 0, -np.inf)
    preview = shown_by(network, config.data, 2, offsets)
    np.testing.assert_array_equal(preview, pictures[4])
    last = np.asarray(Image.open(model_dir / "preview.png"))
    np.testing.assert_array_equal(preview, last)


def test_no_more_frames_are_shown_than_there_are(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 10, 3, (40, 40))
    config = make_config(str(tmp_path), tmp_path / "run")
    preview = shown_by(network_saying(ROAD), config.data, 64)
    assert preview.shape[0] == 18 + 3 * 32 + 2 * 4


def test_a_run_without_pictures_logs_none(tmp_path):
    tiny_dataset.write_dataset(tmp_path / "data", 4, 1, (40, 40))
    config = make_config(
        str(tmp_path / "data"),
        tmp_path / "run",
        epochs=1,
        tensorboard_pictures=0,
    )
    run_training(config)
    assert logged_pictures(tmp_path / "run") == {}
