"""Hostile clips: the named error, or frames of one size in their order."""

import itertools

import numpy as np
import pytest

pytest.importorskip("av")
pytest.importorskip("hypothesis")

from hypothesis import strategies as st  # noqa: E402

from tests.fuzz.harness import damaged, fuzz  # noqa: E402
from tests.stand_ins import clips  # noqa: E402
from trainer.video.clip import Clip  # noqa: E402

NAMES = ("a.mp4", "a.mkv", "a.ts", "a.avi")
MOST_FRAMES = 50


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wholes")
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 255, (8, 16, 24, 3), np.uint8))
    kept = []
    for name in NAMES:
        path = clips.write(folder / name, images, rotation=90, g="3")
        kept.append(path.read_bytes())
    return kept


@fuzz(st.data())
def test_a_damaged_clip_is_read_or_named(wholes, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "hostile.mp4"
    path.write_bytes(data.draw(damaged(st.sampled_from(wholes))))
    complaints = []
    try:
        source = Clip(str(path)).frames(complaints.append)
        frames = list(itertools.islice(source, MOST_FRAMES))
    except ValueError as error:
        assert str(path) in str(error)
        return
    assert len({frame.image.shape for frame in frames}) <= 1
    times = [frame.seconds for frame in frames]
    assert times == sorted(set(times))
    assert all(line.startswith(f"{path} is damaged") for line in complaints)
