import keras
import numpy as np
import pytest

from trainer.inference.readout import Readout
from trainer.metrics.calibration import SURE

VALUES = np.random.default_rng(0).dirichlet(np.ones(5), (9, 11))
VALUES = VALUES.astype(np.float32)
SIZE = (70, 50)


def read(values=VALUES, size=SIZE, **options):
    """Reads one picture; returns places, confidence, probabilities."""
    rows: list[np.ndarray] = []
    readout = Readout(with_confidence=True, sink=rows.append, **options)
    readout.add(values, size)
    return (
        readout.take_places(),
        readout.take_confidence(),
        np.concatenate(rows),
    )


def test_enlarged_in_strips_is_enlarged_at_once(monkeypatch):
    at_once = read()
    monkeypatch.setattr("trainer.inference.readout.STRIP_BYTES", 5000)
    for strips, whole in zip(read(), at_once, strict=True):
        np.testing.assert_array_equal(strips, whole)
    enlarged = keras.ops.convert_to_numpy(keras.ops.image.resize(VALUES, SIZE))
    places, confidence, probabilities = at_once
    np.testing.assert_array_equal(enlarged.argmax(-1), places)
    np.testing.assert_allclose(enlarged, probabilities, atol=1e-6)
    np.testing.assert_allclose(confidence / SURE, enlarged.max(-1), atol=1e-5)


def test_what_is_in_memory_is_read_without_the_device(monkeypatch):
    values = VALUES.round(1)  # so that some are equal
    expected = read(keras.ops.convert_to_tensor(values), None)
    for name in ("argmax", "max"):
        monkeypatch.delattr(keras.ops, name)
    for ours, theirs in zip(read(values, None), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_strip_is_never_larger_than_its_bound(monkeypatch):
    monkeypatch.setattr("trainer.inference.readout.STRIP_BYTES", 5000)
    sizes = []
    readout = Readout(sink=lambda rows: sizes.append(rows.nbytes))
    readout.add(VALUES, SIZE)
    assert len(sizes) == 14 and max(sizes) <= 5000


@pytest.mark.parametrize("num_summed", [2, 6])
def test_sums_of_probabilities_are_averaged(num_summed):
    places, confidence, probabilities = read(
        VALUES * num_summed, num_summed=num_summed
    )
    expected = read()
    np.testing.assert_array_equal(places, expected[0])
    assert np.abs(confidence.astype(int) - expected[1]).max() <= 1
    np.testing.assert_allclose(probabilities, expected[2], atol=1e-6)


def test_rows_come_from_the_top_and_are_set_below_each_other():
    readout = Readout(with_confidence=True)
    readout.add(VALUES[:4])
    readout.add(VALUES[4:])
    np.testing.assert_array_equal(readout.take_places(), VALUES.argmax(-1))
    levels = readout.take_confidence()
    assert levels.dtype == np.uint16
    np.testing.assert_array_equal(levels, np.rint(VALUES.max(-1) * SURE))


def test_what_rounds_above_one_is_sure():
    readout = Readout(with_confidence=True)
    readout.add(np.full((1, 2, 1), 1.00001, np.float32))
    assert readout.take_confidence().tolist() == [[SURE, SURE]]
