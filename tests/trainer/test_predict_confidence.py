"""--probabilities and --fade_unsure, beside what predict always writes."""

import keras
import numpy as np
import pytest
from PIL import Image

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from tests import trees
from tests.stand_ins import color_network
from trainer import predict
from trainer.config.inference import InferenceConfig, PredictConfig
from trainer.inference.predictor import Predictor
from trainer.models.saved import store_space
from trainer.storage.image_files import find_pictures

SIZES = {"a": (30, 50), "b": (16, 16), "c": (70, 24)}


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A network of train ids that is seldom sure."""
    path = str(tmp_path_factory.mktemp("network") / "network.keras")
    model = color_network.build(TRAIN_IDS)
    model.set_weights([weights / 100 for weights in model.get_weights()])
    model.save(path)
    store_space(path, TRAIN_IDS)
    return path


@pytest.fixture
def pictures(tmp_path):
    """Name → pixels of the pictures in a folder."""
    random = np.random.default_rng(0)
    content = {
        name: random.integers(0, 256, (*size, 3), np.uint8)
        for name, size in SIZES.items()
    }
    for name, pixels in content.items():
        trees.write(tmp_path / f"pictures/{name}.png", trees.png(pixels))
    return content


@pytest.fixture
def run(tmp_path, network):
    """Predicts the folder; returns the exit code."""

    def run(output="out", inference=None, **options):
        config = PredictConfig(
            model_dir="",
            input=str(tmp_path / "pictures"),
            output_dir=str(tmp_path / output),
            inference=InferenceConfig(
                **{"resize": None, "crop": (16, 16)} | (inference or {})
            ),
            checkpoint=network,
            **options,
        )
        found = find_pictures(config.input)
        return predict.run(config, config.checkpoint, found)

    return run


def expected(network, pixels):
    """Computes (H, W, 19) probabilities by NumPy."""
    kernel, bias = keras.models.load_model(network).get_weights()
    logits = (pixels / 127.5 - 1) @ kernel[0, 0] + bias
    exponents = np.exp(logits - logits.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


def load(path):
    with np.load(path) as content:
        return {name: content[name] for name in content.files}


@pytest.mark.parametrize(
    "inference",
    [
        {"inference": "whole"},
        {"inference": "sliding", "flip_average": True},
        {"inference": "sliding", "batch_size": 64},
    ],
)
def test_npz_holds_every_class_at_every_pixel(
    tmp_path, network, pictures, run, inference
):
    assert run(inference=inference, probabilities="npz") == 0
    for name, pixels in pictures.items():
        path = tmp_path / "out/probabilities" / f"{name}_probabilities.npz"
        found = load(path)
        assert found["probabilities"].dtype == np.float16
        assert found["probabilities"].shape == (*SIZES[name], 19)
        np.testing.assert_allclose(
            found["probabilities"], expected(network, pixels), atol=6e-4
        )
        rows = TRAIN_IDS.classes
        assert found["label_ids"].tolist() == [row.label_id for row in rows]
        assert found["class_names"].tolist() == [row.name for row in rows]
        assert found["label_ids"].dtype == np.uint8


def test_png16_holds_the_winners_probability(tmp_path, network, pictures, run):
    assert run(probabilities="png16") == 0
    for name, pixels in pictures.items():
        path = tmp_path / "out/probabilities" / f"{name}_probabilities.png"
        with Image.open(path) as png:
            assert png.mode == "I;16"
            levels = np.asarray(png)
        winners = expected(network, pixels).max(-1)
        np.testing.assert_allclose(levels / 65535, winners, atol=2e-5)


def test_pictures_that_were_resized_have_probabilities_of_their_size(
    tmp_path, pictures, run
):
    inference = {"resize": (32, 48), "scales": (0.5, 1.0)}
    for kind in ("npz", "png16"):
        assert run(inference=inference, probabilities=kind) == 0
    for name, size in SIZES.items():
        path = tmp_path / "out/probabilities" / f"{name}_probabilities"
        rows = load(f"{path}.npz")["probabilities"].astype(np.float32)
        assert rows.shape[:2] == size
        np.testing.assert_allclose(rows.sum(-1), 1, atol=5e-3)
        levels = np.asarray(Image.open(f"{path}.png")) / 65535
        np.testing.assert_allclose(rows.max(-1), levels, atol=5e-4)


def test_all_else_stays_byte_for_byte(tmp_path, pictures, run):
    assert run("plain") == 0
    plain = trees.contents(tmp_path / "plain")
    assert len(plain) == 3 * len(SIZES) + 1
    for kind in ("npz", "png16"):
        assert run(kind, probabilities=kind) == 0
        assert plain.items() < trees.contents(tmp_path / kind).items()
    assert run("faded", fade_unsure=True) == 0
    faded = trees.contents(tmp_path / "faded")
    assert faded.keys() == plain.keys()
    differing = {name for name in plain if plain[name] != faded[name]}
    assert differing == {f"overlay/{name}_overlay.png" for name in SIZES}


def test_overlays_fade_where_the_network_is_unsure(
    tmp_path, network, pictures, run
):
    assert run(fade_unsure=True) == 0
    pixels = pictures["a"]
    shares = expected(network, pixels)
    ids = TRAIN_IDS.to_label_ids[shares.argmax(-1)]
    opacity = shares.max(-1)[..., None] / 2
    mixed = pixels * (1 - opacity) + LABEL_IDS.palette[ids] * opacity
    overlay = np.asarray(Image.open(tmp_path / "out/overlay/a_overlay.png"))
    assert np.abs(overlay[:30] - mixed).max() < 0.51


@pytest.mark.parametrize("kind", ["npz", "png16"])
def test_probabilities_are_no_inputs_and_replace_their_like_alone(
    tmp_path, pictures, run, kind
):
    for _ in range(2):
        assert run("pictures", probabilities=kind) == 0
        assert len(list((tmp_path / "pictures/labelIds").iterdir())) == 3
    target = f"probabilities/a_probabilities.{kind.removesuffix('16')}"
    trees.write(tmp_path / "other" / target, b"mine")
    with pytest.raises(ValueError, match=f"1 file .* first {target}"):
        run("other", probabilities=kind)


def test_a_name_too_long_for_an_array_ends_nothing(
    tmp_path, pictures, run, capsys
):
    long = tmp_path / "pictures" / f"{'x' * 240}.png"
    long.write_bytes(trees.png(pictures["b"]))
    assert run(probabilities="npz") == 1
    assert f"{long}: its outputs' names would be too long" in (
        capsys.readouterr().err
    )
    names = [path.name for path in (tmp_path / "out/probabilities").iterdir()]
    assert sorted(names) == [f"{name}_probabilities.npz" for name in SIZES]
    assert len(list((tmp_path / "out/labelIds").iterdir())) == 3


def test_an_array_that_is_not_whole_is_not_left(
    tmp_path, pictures, run, monkeypatch
):
    original, calls = Predictor._run, []

    def fail_later(self, jobs):
        calls.append(jobs)
        if len(calls) == 12:
            partial = list((tmp_path / "out/probabilities").iterdir())
            assert any("partial" in path.name for path in partial)
            raise MemoryError
        original(self, jobs)

    monkeypatch.setattr(Predictor, "_run", fail_later)
    with pytest.raises(MemoryError):
        run(inference={"batch_size": 1}, probabilities="npz")
    for path in (tmp_path / "out/probabilities").iterdir():
        assert "partial" not in path.name
