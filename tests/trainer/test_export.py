import json
import subprocess
import sys
import warnings
import weakref

import keras
import numpy as np
import pytest
from PIL import Image

from schemas.labels import files
from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from schemas.labels.table import LabelTable
from tests.stand_ins import color_network
from tests.tiny_dataset import write_dataset
from tests.trainer.serving.applied import predicted, texture
from trainer import configure, export
from trainer.config.flag import ConfigError
from trainer.config.inference import (
    EXPORT_FORMATS,
    ExportConfig,
    InferenceConfig,
)
from trainer.serving import keras_file

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
((label_ids,),) = session.run(["label_ids"], {"image": np.load(npy)[None]})
""",
    "tflite": """
import tensorflow as tf
run = tf.lite.Interpreter(path).get_signature_runner()
label_ids = run(image=np.load(npy)[None])["label_ids"][0]
""",
    "encoded": """
import io
import tensorflow as tf
from PIL import Image
model = tf.saved_model.load(path)
street = Image.open(png)
jpeg = io.BytesIO()
street.resize((30, 20)).save(jpeg, "JPEG")
contents = tf.constant([open(png, "rb").read(), jpeg.getvalue()])
answer = model.signatures["serving_default"](image_bytes=contents)
large, small = (
    np.asarray(Image.open(io.BytesIO(png)))
    for png in answer["label_ids_bytes"].numpy()
)
assert small.shape == (20, 30)
label_ids = large
""",
    "pixels": """
import tensorflow as tf
model = tf.saved_model.load(path)
images = tf.constant(np.load(npy)[None])
label_ids = model.signatures["pixels"](images=images)["label_ids"].numpy()[0]
""",
}
"""Name → what a stranger writes to apply an exported file."""


def exported(tmp_path, formats, space=LABEL_IDS, **more):
    """Exports the color network; returns what prediction gives."""
    network = color_network.build(space, (16, 16, 3))
    path = str(tmp_path / "network.keras")
    network.save(path)
    inference = InferenceConfig(RESIZE, (32, 32))
    export.run(
        ExportConfig(
            export_dir=str(tmp_path / "out"),
            checkpoint=path,
            inference=inference,
            input_size=SIZE,
            export_formats=formats,
            **more,
        ),
        path,
    )
    return lambda image: predicted(network, inference, [image])[0]


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


def test_an_export_of_own_classes_gives_their_ids_and_names(tmp_path, capsys):
    table = files.parse("name,id,color\nroad,3,9 9 9\nsky,200,0 250 0\n")
    path = str(tmp_path / "network.keras")
    color_network.save(table.train_ids, path)
    config = ExportConfig(
        export_dir=str(tmp_path / "out"),
        checkpoint=path,
        inference=InferenceConfig(None, (16, 16)),
        input_size=(16, 16),
        export_formats=("keras",),
    )
    export.run(config, path)
    ids = np.full((16, 16), 3, np.uint8)
    ids[:7] = 200
    apply = keras_file.open_file(str(tmp_path / "out" / "unet.keras"))
    np.testing.assert_array_equal(apply(table.label_ids.palette[ids]), ids)
    content = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert LabelTable.from_json(content) == table
    assert "labels.json: the classes of the labelIds" in capsys.readouterr().out


@pytest.mark.parametrize("signature", ["encoded", "pixels"])
def test_the_saved_model_takes_any_size(tmp_path, signature):
    predict = exported(tmp_path, ("saved_model",))
    image = texture((61, 80), seed=1)
    path = tmp_path / "out" / "saved_model"
    label_ids = applied_by_a_stranger(tmp_path, signature, path, image)
    assert label_ids.dtype == np.uint8
    assert (label_ids == predict(image)).mean() > 0.999


@pytest.mark.parametrize(
    ("name", "file_name"), [("onnx", "unet.onnx"), ("tflite", "unet.tflite")]
)
def test_files_for_other_runtimes_give_what_prediction_gives(
    tmp_path, name, file_name
):
    if name == "onnx":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
    predict = exported(tmp_path, (name,))
    image = texture(SIZE)
    path = tmp_path / "out" / file_name
    label_ids = applied_by_a_stranger(tmp_path, name, path, image)
    assert (label_ids == predict(image)).mean() > 0.999


def test_every_file_is_compared_with_prediction(tmp_path, capsys):
    pytest.importorskip("tf2onnx")
    pytest.importorskip("onnxruntime")
    data_dir = tmp_path / "set"
    write_dataset(data_dir, 6, 3, (40, 40))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exported(tmp_path, EXPORT_FORMATS, data_dir=str(data_dir))
    shown = {FutureWarning, UserWarning}  # by Python, unless asked not to
    assert [str(w.message) for w in caught if w.category in shown] == []
    lines = capsys.readouterr().out.splitlines()
    compared = [line for line in lines if "differ from those of" in line]
    assert len(compared) == len(EXPORT_FORMATS)
    for line in compared:
        name, _, text = line.partition(": ")
        count, _, text = text.partition(" of 6,930 labelIds (")
        assert text.endswith("those of --mode=predict, over 2 frames")
        allowed = 700 if "int8" in name else 7
        assert int(count.replace(",", "")) <= allowed, line


def test_pictures_are_not_all_held_for_the_comparison(
    tmp_path, monkeypatch, capsys
):
    write_dataset(tmp_path / "set", 0, 8, (40, 40))
    read, known, held = export._pictures, [], []

    def pictures(*args):
        for picture in read(*args):
            known.append(weakref.ref(picture))
            held.append(sum(ref() is not None for ref in known))
            yield picture

    monkeypatch.setattr(export, "_pictures", pictures)
    data = {"data_dir": str(tmp_path / "set"), "compare_frames": 8}
    exported(tmp_path, ("keras",), **data)
    assert "over 8 frames" in capsys.readouterr().out
    assert len(held) == 2 * 8 and max(held) <= 3


def test_without_frames_it_says_that_nothing_was_compared(tmp_path, capsys):
    exported(tmp_path, ("keras",))
    assert "No file was compared" in capsys.readouterr().out


def test_ids_that_the_run_never_saw_are_not_exported(tmp_path, capsys):
    pixels = [0] * 34
    pixels[7] = pixels[26] = 10
    content = {"label_space": "label_ids", "class_pixels": pixels}
    (tmp_path / "classes.json").write_text(json.dumps(content))
    exported(tmp_path, ("keras",))
    assert "32 of 34 ids did not occur in training" in capsys.readouterr().out
    model = keras.models.load_model(tmp_path / "out" / "unet.keras")
    label_ids = model.predict(texture(SIZE)[None], verbose=0)
    assert np.unique(label_ids).tolist() == [7, 26]


def test_calibration_needs_a_data_set():
    given = {
        "export_dir": "out",
        "checkpoint": "x.keras",
        "export_formats": ("tflite_int8",),
    }
    with pytest.raises(ConfigError, match="tflite_int8 needs --data_dir"):
        configure.export(given)


def test_missing_packages_are_named_before_anything_is_written(
    tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)  # None: not found
    with pytest.raises(
        ValueError, match=r'package tf2onnx, .* run pip .* "\.\[export\]"'
    ):
        exported(tmp_path, ("keras", "onnx"))
    assert not (tmp_path / "out").exists()


def test_on_jax_all_formats_that_need_tensorflow_are_named_at_once(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(
        ValueError,
        match="^--export_formats=saved_model,onnx,tflite takes .* this is jax; "
        "set KERAS_BACKEND=tensorflow, or give --export_formats=keras$",
    ):
        exported(tmp_path, ("keras", "saved_model", "onnx", "tflite"))
    assert not (tmp_path / "out").exists()
