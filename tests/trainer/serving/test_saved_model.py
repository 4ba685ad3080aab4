import io
import os

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from schemas import failures
from tests.stand_ins import blurring_network
from tests.stand_ins.color_network import of_cityscapes
from tests.trainer.serving.applied import CONFIGS, predicted, texture
from trainer.config.inference import InferenceConfig
from trainer.models.saved import pixels_to_probabilities
from trainer.serving import saved_model
from trainer.serving.job import ExportJob
from trainer.storage.images import decode_rgb


def job(network, config, seen=None):
    return ExportJob(of_cityscapes(network), config, (1, 1), seen, lambda: [])


def pixels_of(network, config, seen=None):
    probabilities = pixels_to_probabilities(network, seen=seen)
    return saved_model.build_pixels(job(network, config, seen), probabilities)


def encoded(picture, *args, **options):
    stream = io.BytesIO()
    picture.save(stream, *args, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpegs_are_decoded_as_prediction_decodes_them(
    mode, subsampling, progressive
):
    random = np.random.default_rng(0)
    for quality in (30, 75, 95):
        height, width = random.integers(17, 90, 2)
        noise = random.integers(0, 60, (height, width, 3), np.uint8)
        picture = Image.fromarray(texture((height, width)) // 2 + noise)
        content = encoded(
            picture.convert(mode),
            "JPEG",
            quality=quality,
            subsampling=subsampling,
            progressive=progressive,
        )
        np.testing.assert_array_equal(
            saved_model.decode(content), decode_rgb(content)
        )


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1"])
def test_pngs_are_decoded_as_prediction_decodes_them(mode):
    picture = Image.fromarray(texture((30, 41))).convert(mode)
    content = encoded(picture, "PNG")
    np.testing.assert_array_equal(
        saved_model.decode(content), decode_rgb(content)
    )


@pytest.mark.parametrize("name", CONFIGS)
def test_the_model_gives_what_prediction_gives(name):
    network, config = blurring_network.build(34), CONFIGS[name]
    pixels = pixels_of(network, config)
    for size in [(101, 170), (45, 40)]:
        images = [texture(size, seed) for seed in range(2)]
        expected = np.stack(predicted(network, config, images))
        label_ids = pixels(np.stack(images))["label_ids"]
        assert label_ids.dtype == np.uint8
        assert (label_ids == expected).numpy().mean() > 0.9999


@pytest.mark.parametrize("inference", ["auto", "whole", "sliding"])
def test_pictures_smaller_than_their_margins_are_taken(inference):
    network = blurring_network.build(34)
    config = InferenceConfig(resize=None, crop=(48, 64), inference=inference)
    pixels = pixels_of(network, config)
    for size in [(1, 2), (12, 800), (70, 20)]:
        image = texture(size)
        (expected,) = predicted(network, config, [image])
        label_ids = pixels(image[None])["label_ids"][0]
        assert (label_ids == expected).numpy().mean() > 0.999


def test_ids_that_were_never_seen_are_not_given():
    network, config = blurring_network.build(19), CONFIGS["sliding"]
    seen = np.arange(19) % 3 == 1
    image = texture((101, 170))
    (expected,) = predicted(network, config, [image], seen)
    pixels = pixels_of(network, config, seen)
    label_ids = pixels(image[None])["label_ids"][0]
    np.testing.assert_array_equal(label_ids, expected)


class FullDisk:
    """An archive that TensorFlow cannot write."""

    def __init__(self):
        self.track = self.add_endpoint = lambda *_: None

    def write_out(self, path, verbose):
        os.mkdir(path)
        message = f"{path}/variables; No space left on device"
        raise tf.errors.ResourceExhaustedError(None, None, message)


def test_a_full_disk_is_no_lack_of_memory_and_the_old_model_stays(
    tmp_path, monkeypatch
):
    path = tmp_path / "saved_model"
    path.mkdir()
    (path / "saved_model.pb").write_text("the old one")
    monkeypatch.setattr(keras.export, "ExportArchive", FullDisk)
    config = InferenceConfig(None, (16, 16))
    with pytest.raises(OSError, match="No space left") as caught:
        saved_model.write(job(blurring_network.build(), config), str(path))
    assert not failures.is_out_of_memory(caught.value)
    assert (path / "saved_model.pb").read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [path]
