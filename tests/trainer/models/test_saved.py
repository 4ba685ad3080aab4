import zipfile

import keras
import numpy as np
import pytest

from schemas.labels import files
from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from tests.stand_ins import color_network
from trainer.config import run_dir
from trainer.config.flag import ConfigError
from trainer.config.model import ModelConfig
from trainer.models import saved
from trainer.models.build import build_plain_network, build_training_network


@pytest.mark.parametrize("softmax", [False, True])
@pytest.mark.parametrize("shape", [(16, 32, 3), (None, None, 3)])
def test_pixels_of_any_size_become_probabilities(softmax, shape):
    network = color_network.build(TRAIN_IDS, shape, softmax)
    model = saved.pixels_to_probabilities(network)
    pixels = np.zeros((2, 48, 16, 3), np.uint8)
    pixels[0] = TRAIN_IDS.palette[13]
    values = model.predict_on_batch(pixels)
    assert values.shape == (2, 48, 16, 19)
    np.testing.assert_allclose(values.sum(-1), 1, atol=1e-5)
    assert (values[0].argmax(-1) == 13).all()


def test_the_number_of_outputs_tells_the_label_space_of_older_networks(
    tmp_path,
):
    path = str(tmp_path / "best.keras")
    for space in (LABEL_IDS, TRAIN_IDS):
        color_network.build(space).save(path)
        assert saved.load_network(path).space == space


def test_a_network_of_another_number_of_classes_is_refused(tmp_path):
    path = str(tmp_path / "best.keras")
    inputs = keras.Input((None, None, 3))
    keras.Model(inputs, keras.layers.Conv2D(20, 1)(inputs)).save(path)
    with pytest.raises(ValueError, match="has 20 outputs, wanted 34"):
        saved.load_network(path)


PLAIN, STRIDED = {}, {"strides": 2, "padding": "same"}


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((None, None, 1), PLAIN, r"takes \(None, None, None, 1\) where RGB"),
        ((3, 16, 16), PLAIN, r"takes \(None, 3, 16, 16\) where RGB"),
        ((None, None, 3), STRIDED, "gives 6144x6144 outputs for .* of 12288x"),
        ((16, 32, 3), STRIDED, "gives 8x16 outputs for .* of 16x32"),
    ],
)
def test_a_network_of_other_shapes_is_refused(
    tmp_path, shape, options, message
):
    path = str(tmp_path / "best.keras")
    inputs = keras.Input(shape)
    outputs = keras.layers.Conv2D(34, 1, **options)(inputs)
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(ValueError, match=f"{path} {message}"):
        saved.load_network(path)


def test_a_network_of_several_inputs_is_refused(tmp_path):
    path = str(tmp_path / "best.keras")
    inputs = [keras.Input((16, 16, 3)) for _ in range(2)]
    outputs = keras.layers.Conv2D(34, 1)(keras.layers.add(inputs))
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(ValueError, match=f"{path} takes .* where RGB"):
        saved.load_network(path)


def test_a_network_brings_the_table_of_its_classes(tmp_path):
    table = files.parse("0 0 0 ground\n1 2 3 road\n4 5 6 sky\n")
    config = ModelConfig("label_ids", base_filters=2, labels=table)
    network = build_plain_network(config)
    saved.save_network(str(tmp_path), network, config, is_best=True)
    loaded = saved.load_network(str(tmp_path / "best.keras"))
    assert loaded.space == table.label_ids
    assert loaded.model.output_shape[-1] == 3


def test_a_damaged_table_is_named(tmp_path):
    path = str(tmp_path / "best.keras")
    color_network.build(LABEL_IDS).save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.json", "{}")
    with pytest.raises(ValueError, match="classes in .*best.keras is damaged"):
        saved.load_network(path)


@pytest.mark.parametrize("bits", [1, 255])
def test_a_flipped_byte_anywhere_around_the_table_is_told(tmp_path, bits):
    space = files.parse("0 0 0 ground\n1 2 3 road\n").label_ids
    path = str(tmp_path / "best.keras")
    saved.store_space(path, space)
    content = (tmp_path / "best.keras").read_bytes()
    told = []
    for index in range(len(content)):
        flipped = bytearray(content)
        flipped[index] ^= bits
        (tmp_path / "best.keras").write_bytes(flipped)
        try:
            assert saved.stored_spaces(path, path) in ((), (space,))
        except ValueError as error:
            told.append(str(error))
    assert len(told) > len(content) / 2
    begin = f"the table of classes in {path} is damaged ("
    assert all(text.startswith(begin) for text in told)


def test_saved_models_are_float32_and_load_by_keras_alone(tmp_path):
    config = ModelConfig("train_ids", base_filters=2)
    network = build_training_network(config, "mixed_bfloat16", True)
    saved.save_network(str(tmp_path), network, config, is_best=True)
    loaded = keras.saving.load_model(tmp_path / "best.keras")
    assert {layer.dtype_policy.name for layer in loaded.layers} == {"float32"}
    for some, other in zip(
        network.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(some, other)
    best, last = sorted(tmp_path.iterdir())
    assert (best.name, last.name) == ("best.keras", "last.keras")
    assert best.read_bytes() == last.read_bytes()


def test_a_saved_network_comes_back_without_what_trained_it(tmp_path):
    network = color_network.build(LABEL_IDS)
    network.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy())
    path = str(tmp_path / "best.keras")
    network.save(path)
    assert run_dir.network_path(str(tmp_path), "best") == path
    loaded = saved.load_network(path).model
    for ours, theirs in zip(
        network.get_weights(), loaded.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_file_that_is_no_network_is_named(tmp_path):
    path = tmp_path / "best.keras"
    path.write_text("no network")
    with pytest.raises(ValueError, match=r"best\.keras is not a network"):
        saved.load_network(str(path))


def test_a_strangers_network_runs_no_code(tmp_path):
    pixels = keras.Input((16, 16, 3))
    code = keras.layers.Lambda(lambda values: values * 2)
    model = keras.Model(pixels, code(pixels))
    path = tmp_path / "best.keras"
    model.save(path)
    with pytest.raises(ValueError, match=r"best\.keras is not .*unsafe"):
        saved.load_network(str(path))


@pytest.mark.parametrize("name", ["model.h5", "saved_model", "best.npz"])
def test_only_keras_files_are_opened(tmp_path, name):
    with pytest.raises(ConfigError, match="neither best nor latest nor the pa"):
        run_dir.network_path(str(tmp_path), str(tmp_path / name))


def test_a_missing_network_says_how_to_get_one(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"last\.keras does not exist: run --mode=train"
    ):
        run_dir.network_path(str(tmp_path), "latest")


def test_a_file_that_would_unpack_to_many_times_its_size_is_refused(tmp_path):
    path = str(tmp_path / "best.keras")
    color_network.build(LABEL_IDS).save(path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/zeros", bytes(100 << 20))
    with pytest.raises(ValueError, match=f"{path} .* would unpack to 100"):
        saved.load_network(path)
