"""How sure the predictor says that a network is."""

import collections
import dataclasses

import keras
import numpy as np
import pytest

from schemas.labels.colors import SURE
from tests.stand_ins.color_network import of_cityscapes
from trainer.config.inference import InferenceConfig
from trainer.inference.predictor import Predictor

SIZES = [(16, 16), (50, 70), (24, 40), (16, 16), (33, 96)]


@dataclasses.dataclass(frozen=True, eq=False)
class Image:
    image: np.ndarray


def texture(size, seed=0):
    random = np.random.default_rng(seed)
    return Image(random.integers(0, 256, (*size, 3), np.uint8))


def doubting_network() -> keras.Model:
    """Builds a network that looks at single pixels and is never quite sure."""
    keras.utils.set_random_seed(4)
    inputs = keras.Input((None, None, 3))
    outputs = keras.layers.Conv2D(
        34, 1, kernel_initializer="random_normal", bias_initializer="zeros"
    )(inputs)
    model = keras.Model(inputs, outputs)
    model.set_weights([50 * weights for weights in model.get_weights()])
    return model


MODEL = doubting_network()


def probabilities_of(image, seen=None):
    logits = MODEL.predict_on_batch(image[None] / np.float32(127.5) - 1)[0]
    if seen is not None:
        logits = logits[..., seen]
    exponents = np.exp(logits - logits.max(-1, keepdims=True))
    return exponents / exponents.sum(-1, keepdims=True)


def predict(pictures, seen=None, **options):
    """Returns each picture's prediction and its rows of probabilities."""
    config = InferenceConfig(**{"resize": None, "crop": (32, 32)} | options)
    predictor = Predictor(of_cityscapes(MODEL), config, seen)
    rows = collections.defaultdict(list)
    results = predictor.predict_with_confidence(
        pictures, lambda picture, part: rows[picture].append(part.copy())
    )
    found = [
        (*prediction, np.concatenate(rows[picture]))
        for picture, prediction in results
    ]
    plain = [ids for _, ids in predictor.predict(pictures)]
    for ids, (label_ids, *_) in zip(plain, found, strict=True):
        np.testing.assert_array_equal(label_ids, ids)
    return found


@pytest.mark.parametrize("inference", ["whole", "sliding"])
@pytest.mark.parametrize("flip", [False, True])
def test_confidence_is_the_winners_probability(inference, flip):
    pictures = [texture(size, seed) for seed, size in enumerate(SIZES)]
    results = predict(
        pictures, inference=inference, flip_average=flip, batch_size=3
    )
    for picture, (label_ids, confidence, rows) in zip(
        pictures, results, strict=True
    ):
        expected = probabilities_of(picture.image)
        np.testing.assert_allclose(rows, expected, atol=1e-5)
        np.testing.assert_array_equal(label_ids, expected.argmax(-1))
        assert confidence.dtype == np.uint16
        assert confidence.shape == picture.image.shape[:2]
        np.testing.assert_allclose(
            confidence / SURE, expected.max(-1), atol=2e-5
        )


def test_pictures_come_back_to_their_own_size():
    blocks = texture((8, 12)).image
    picture = Image(np.kron(blocks, np.ones((4, 4, 1), np.uint8)))
    ((label_ids, confidence, rows),) = predict([picture], resize=(8, 12))
    assert label_ids.shape == confidence.shape == (32, 48)
    expected = keras.ops.image.resize(probabilities_of(blocks), (32, 48))
    expected = keras.ops.convert_to_numpy(expected)
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    np.testing.assert_allclose(confidence / SURE, expected.max(-1), atol=2e-5)


def test_scales_are_averaged():
    picture = Image(np.full((32, 48, 3), 90, np.uint8))
    ((_, confidence, rows),) = predict(
        [picture], scales=(0.5, 1.0, 1.5), flip_average=True
    )
    expected = probabilities_of(picture.image)
    np.testing.assert_allclose(rows, expected, atol=1e-5)
    np.testing.assert_allclose(confidence / SURE, expected.max(-1), atol=2e-5)


def test_only_ids_that_were_seen_have_probabilities():
    seen = np.zeros(34, bool)
    seen[[7, 23, 26]] = True
    picture = texture((20, 30))
    ((label_ids, _, rows),) = predict([picture], seen)
    np.testing.assert_allclose(
        rows, probabilities_of(picture.image, seen), atol=1e-5
    )
    assert set(np.unique(label_ids)) <= {7, 23, 26}
    config = InferenceConfig(resize=None, crop=(32, 32))
    predictor = Predictor(of_cityscapes(MODEL), config, seen)
    assert [row.label_id for row in predictor.channels] == [7, 23, 26]


def test_rows_of_a_large_picture_come_a_row_of_windows_at_a_time():
    heights = []
    config = InferenceConfig(resize=None, crop=(32, 32), inference="sliding")
    predictor = Predictor(of_cityscapes(MODEL), config)
    results = predictor.predict_with_confidence(
        [texture((300, 40))], lambda _, part: heights.append(len(part))
    )
    assert len(list(results)) == 1
    assert sum(heights) == 300 and max(heights) <= 32
