import dataclasses
import io
import shutil
import zipfile

import h5py
import keras
import numpy as np
import pytest

from schemas.labels.cityscapes import CITYSCAPES, LABEL_IDS
from trainer.config.model import ModelConfig
from trainer.models.build import build_plain_network, build_training_network
from trainer.models.encoders import begins_learned
from trainer.models.saved import store_space
from trainer.models.transfer import Taken, take_weights

SMALL = ModelConfig("label_ids", base_filters=2)
NUM_VARIABLES = 18 * 2 + 4 * 2 + 22 * 4 + 2


ENCODER = ModelConfig(
    "label_ids",
    encoder="efficientnet_lite0",
    encoder_weights="none",
    decoder_filters=(8, 8, 4, 4, 4),
)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory):
    """A network of 34 classes, and the path that it was saved to."""
    keras.utils.set_random_seed(3)
    network = build_plain_network(SMALL)
    path = tmp_path_factory.mktemp("earlier") / "best.keras"
    network.save(path)
    return network, str(path)


@pytest.fixture(scope="module")
def earlier_encoder(tmp_path_factory):
    """The same of one with an encoder."""
    network = build_plain_network(ENCODER)
    path = tmp_path_factory.mktemp("earlier") / "encoder.keras"
    network.save(path)
    return network, str(path)


def take(config, path, has_kernels=True):
    model = build_training_network(config, "float32", has_kernels)
    plain = build_plain_network(config)
    return model, take_weights(model, plain, path, config.space)


@pytest.mark.parametrize("has_kernels", [True, False])
def test_a_network_of_the_same_classes_is_taken_over(earlier, has_kernels):
    network, path = earlier
    model, taken = take(SMALL, path, has_kernels=has_kernels)
    assert taken == Taken(NUM_VARIABLES, NUM_VARIABLES, [])
    for ours, theirs in zip(
        model.get_weights(), network.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    images = np.random.default_rng(1).normal(size=(1, 32, 32, 3))
    np.testing.assert_allclose(
        model(images.astype("float32")),
        network(images.astype("float32")),
        rtol=1e-4,
        atol=1e-5,
    )


def test_the_last_layer_is_new_where_there_are_fewer_classes(earlier):
    _, path = earlier
    fewer = dataclasses.replace(SMALL, label_space="train_ids")
    model, taken = take(fewer, path)
    assert taken == Taken(NUM_VARIABLES - 2, NUM_VARIABLES, ["logits"])
    assert not begins_learned(model.layers[-1])
    normalizations = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert all(map(begins_learned, normalizations))


def test_the_last_layer_is_new_where_the_classes_have_other_names(
    earlier, tmp_path
):
    _, path = earlier
    rows = [
        dataclasses.replace(row, name=f"other {number}")
        for number, row in enumerate(CITYSCAPES.classes)
    ]
    table = dataclasses.replace(CITYSCAPES, classes=tuple(rows))
    for space, new in ((LABEL_IDS, []), (table.space("label_ids"), ["logits"])):
        target = str(tmp_path / "stored.keras")
        shutil.copy(path, target)
        store_space(target, space)
        assert take(SMALL, target)[1].new_layers == new


def test_an_encoder_is_taken_by_its_layers_names(earlier_encoder):
    network, path = earlier_encoder
    wider = dataclasses.replace(ENCODER, decoder_filters=(8, 8, 4, 4, 8))
    model, taken = take(wider, path)
    # The last level's two convolutions, their normalizations and the logits.
    lost = 2 * 2 + 2 * 4 + 2
    assert taken.num_taken == taken.num_variables - lost
    kernel = model.get_layer("stem_conv").kernel
    np.testing.assert_array_equal(kernel, network.get_layer("stem_conv").kernel)


def test_layers_of_another_architecture_are_not_taken_for_ours(
    earlier_encoder,
):
    """Keras numbers their names alike, and some have the same shapes."""
    _, path = earlier_encoder
    config = dataclasses.replace(SMALL, base_filters=4)
    with pytest.raises(ValueError, match="of the same --encoder and filters"):
        take(config, path)


def test_a_network_that_fits_nowhere_is_refused(tmp_path):
    path = str(tmp_path / "other.keras")
    inputs = keras.Input((8, 8, 3))
    keras.Model(inputs, keras.layers.Conv2D(5, 1)(inputs)).save(path)
    with pytest.raises(ValueError, match=f"none of the 45 layers .* {path} wi"):
        take(SMALL, path)


def rewrite(path, target, change):
    """Copies a .keras file with other weights."""
    with zipfile.ZipFile(path) as source:
        contents = {name: source.read(name) for name in source.namelist()}
    stream = io.BytesIO(contents["model.weights.h5"])
    with h5py.File(stream, "r+") as file:
        change(file["layers"])
    contents["model.weights.h5"] = stream.getvalue()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)


def test_what_links_to_other_files_is_refused(earlier, tmp_path):
    _, path = earlier
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["vars/0"] = np.zeros(3)

    def link(layers):
        del layers["conv2d"]
        layers["conv2d"] = h5py.ExternalLink(str(secret), "/")

    def lie_elsewhere(layers):
        variables = layers["conv2d/vars"]
        del variables["0"]
        variables.create_dataset(
            "0", (3, 3, 3, 2), "f4", external=[(str(secret), 0, 216)]
        )

    for change, text in ((link, "is a link"), (lie_elsewhere, "another file")):
        target = str(tmp_path / f"{change.__name__}.keras")
        rewrite(path, target, change)
        with pytest.raises(ValueError, match=text):
            take(SMALL, target)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no network" * 99])
def test_a_file_that_is_no_network_is_named(tmp_path, content):
    path = tmp_path / "bad.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"{path} is not a network that Keras"):
        take(SMALL, str(path))
