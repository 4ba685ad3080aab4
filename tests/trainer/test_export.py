import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from schemas.labels import LABEL_IDS, TRAIN_IDS
from tests import color_network
from trainer import export
from trainer.config.inference import ExportConfig, InferenceConfig
from trainer.inference.predictor import Predictor, resize_picture
from trainer.serving.fixed_size import shrink_matrix

SIZE, RESIZE = (45, 77), (24, 40)
BEGIN = """
import sys
import numpy as np
path, png, npy, result = sys.argv[1:]
"""
END = """
np.save(result, label_ids)
ours = {"trainer", "schemas", "preprocess"}
sys.exit(bool(ours & {name.split(".")[0] for name in sys.modules}))
"""
LOADERS = {
    "keras": """
import keras
model = keras.models.load_model(path)
label_ids = model.predict(np.load(npy)[None], verbose=0)[0]
""",
    "onnx": """
import onnxruntime
session = onnxruntime.InferenceSession(path)
((label_ids,),) = session.run(None, {"image": np.load(npy)[None]})
""",
    "encoded": """
import tensorflow as tf
signature = tf.saved_model.load(path).signatures["serving_default"]
content = tf.constant(open(png, "rb").read())
label_ids = signature(image_bytes=content)["label_ids"].numpy()
""",
    "pixels": """
import tensorflow as tf
signature = tf.saved_model.load(path).signatures["pixels"]
images = tf.constant(np.load(npy)[None])
label_ids = signature(images=images)["label_ids"].numpy()[0]
""",
}
"""Name → what a stranger writes to apply an exported file."""


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


def applied_by_a_stranger(tmp_path, name, path, image):
    """Applies an exported file in a process without this project."""
    Image.fromarray(image).save(tmp_path / "street.png")
    np.save(tmp_path / "street.npy", image)
    finished = subprocess.run(
        [
            sys.executable,
            "-c",
            BEGIN + LOADERS[name] + END,
            path,
            "street.png",
            "street.npy",
            "ids.npy",
        ],
        cwd=tmp_path,
    )
    assert finished.returncode == 0
    return np.load(tmp_path / "ids.npy")


@pytest.mark.parametrize("space", [LABEL_IDS, TRAIN_IDS])
def test_the_keras_file_gives_what_prediction_gives(tmp_path, space):
    predict = exported(tmp_path, ("keras",), space)
    image = texture(SIZE)
    path = tmp_path / "out" / "unet.keras"
    label_ids = applied_by_a_stranger(tmp_path, "keras", path, image)
    assert len(np.unique(label_ids)) > 5
    assert (label_ids == predict(image)).mean() > 0.999


@pytest.mark.parametrize("signature", ["encoded", "pixels"])
def test_the_saved_model_takes_any_size(tmp_path, signature):
    predict = exported(tmp_path, ("saved_model",))
    image = texture((61, 80), seed=1)
    path = tmp_path / "out" / "saved_model"
    label_ids = applied_by_a_stranger(tmp_path, signature, path, image)
    assert label_ids.dtype == np.uint8
    assert (label_ids == predict(image)).mean() > 0.999


def test_the_onnx_file_gives_what_prediction_gives(tmp_path):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    predict = exported(tmp_path, ("onnx",))
    image = texture(SIZE)
    path = tmp_path / "out" / "unet.onnx"
    label_ids = applied_by_a_stranger(tmp_path, "onnx", path, image)
    assert (label_ids == predict(image)).mean() > 0.999


def test_missing_onnx_packages_are_named(tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise ImportError("No module named 'tf2onnx'")

    monkeypatch.setattr(keras.Model, "export", fail)
    with pytest.raises(ValueError, match="pip install tf2onnx onnx"):
        exported(tmp_path, ("onnx",))
