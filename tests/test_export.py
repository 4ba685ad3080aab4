import subprocess
import sys

import color_network
import keras
import numpy as np
import pytest
from PIL import Image

from schemas.labels import LABEL_IDS, TRAIN_IDS
from trainer import export
from trainer.applying import ExportConfig, InferenceConfig
from trainer.deploy import shrink_matrix
from trainer.inference import Predictor, resize_picture

SIZE, RESIZE = (45, 77), (24, 40)
LOAD = """
import sys
import numpy as np
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
content = open(sys.argv[2], "rb").read()
ids = loaded.signatures["serving_default"](image_bytes=tf.constant(content))
np.save(sys.argv[3], ids["label_ids"].numpy())
own = [name for name in sys.modules if name.split(".")[0] == "trainer"]
sys.exit(bool(own))
"""


def texture(size, seed=0):
    small = np.random.default_rng(seed).integers(0, 256, (6, 9, 3), np.uint8)
    return resize_picture(small, size)


def exported(tmp_path, formats, space=LABEL_IDS):
    """Exports the colour network; returns what prediction gives."""
    network = color_network.build(space, (16, 16, 3))
    path = str(tmp_path / "network.keras")
    network.save(path)
    export.run(
        ExportConfig(
            model_dir="",
            export_dir=str(tmp_path / "out"),
            checkpoint=path,
            resize=RESIZE,
            input_size=SIZE,
            export_formats=formats,
        )
    )
    predictor = Predictor(network, InferenceConfig(RESIZE, (32, 32)))
    return lambda image: next(predictor.predict([_Picture(image)]))[1]


class _Picture:
    def __init__(self, image):
        self.image = image


@pytest.mark.parametrize("length", [24, 37, 77])
def test_the_matrix_resizes_as_pillow_does(length):
    values = np.random.default_rng(0).random(length).astype(np.float32)
    expected = np.asarray(
        Image.fromarray(values[None]).resize((24, 1), Image.Resampling.BOX)
    )[0]
    matrix = shrink_matrix(length, 24)
    assert matrix.shape == (32, length)
    np.testing.assert_allclose(matrix[4:28] @ values, expected, atol=1e-6)
    np.testing.assert_array_equal(matrix[3], matrix[4])
    np.testing.assert_allclose(matrix.sum(1), 1, atol=1e-6)


@pytest.mark.parametrize("space", [LABEL_IDS, TRAIN_IDS])
def test_the_keras_file_gives_what_prediction_gives(tmp_path, space):
    predict = exported(tmp_path, ("keras",), space)
    image = texture(SIZE)
    model = keras.models.load_model(tmp_path / "out" / "unet.keras")
    label_ids = model.predict(image[None], verbose=0)[0]
    assert len(np.unique(label_ids)) > 5
    assert (label_ids == predict(image)).mean() > 0.999


def test_the_saved_model_needs_tensorflow_only(tmp_path):
    predict = exported(tmp_path, ("saved_model",))
    image = texture((61, 80), seed=1)
    Image.fromarray(image).save(tmp_path / "street.png")
    result = tmp_path / "ids.npy"
    finished = subprocess.run(
        [
            sys.executable,
            "-c",
            LOAD,
            tmp_path / "out" / "saved_model",
            tmp_path / "street.png",
            result,
        ],
        cwd=tmp_path,
    )
    assert finished.returncode == 0
    label_ids = np.load(result)
    assert label_ids.dtype == np.uint8
    assert (label_ids == predict(image)).mean() > 0.999


def test_the_onnx_file_gives_what_prediction_gives(tmp_path):
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    predict = exported(tmp_path, ("onnx",))
    image = texture(SIZE)
    session = runtime.InferenceSession(tmp_path / "out" / "unet.onnx")
    ((label_ids,),) = session.run(None, {"image": image[None]})
    assert (label_ids == predict(image)).mean() > 0.999


def test_missing_onnx_packages_are_named(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise ImportError("No module named 'tf2onnx'")

    monkeypatch.setattr(keras.Model, "export", fail)
    with pytest.raises(ValueError, match="pip install tf2onnx onnx"):
        exported(tmp_path, ("onnx",))
