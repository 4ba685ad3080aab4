import subprocess
import sys
import weakref
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

from schemas.labels.cityscapes import TRAIN_IDS
from tests import commands, trees
from tests.stand_ins import clips
from trainer.video import overlay
from trainer.video.source import VideoFrame, open_clip
from trainer.visualization import draw

LABEL_IDS = TRAIN_IDS.table.label_ids
ROAD, CAR, SKY = 7, 26, 23


def predict(frames):
    """Says road, and in the upper half car or sky, in turn."""
    for number, frame in enumerate(frames):
        ids = np.full(frame.image.shape[:2], ROAD, np.uint8)
        ids[: len(ids) // 2] = SKY if number % 2 else CAR
        yield frame, ids


def paint(image, label_ids):
    return draw.overlay_with_legend(
        image, label_ids, LABEL_IDS, TRAIN_IDS.classes
    )


def run(path, source, limit=None, predict=predict, paint=paint):
    complaints = []
    count = overlay.write(
        str(path), source, predict, paint, complaints.append, limit
    )
    return count, complaints


@pytest.fixture
def clip(tmp_path):
    images = [clips.quarters((120, 160))] * 12
    return open_clip(str(clips.write(tmp_path / "a.mp4", images, 12)))


def test_each_frame_stands_above_one_legend(tmp_path, clip):
    path = tmp_path / "o.mp4"
    assert run(path, clip) == (12, [])
    frames = clips.read(path)
    with clips.opened(path) as stream:
        assert (stream.frames, stream.average_rate) == (12, 12)
    items = predict([VideoFrame(clips.quarters((120, 160)), 0)] * 12)
    for frame, (source, ids) in zip(frames, items, strict=True):
        expected = paint(source.image, ids)
        height, width = expected.shape[:2]
        assert frame.shape == (height + height % 2, width, 3)
        difference = np.abs(frame[:height].astype(int) - expected)
        assert np.quantile(difference, 0.9) <= 6
        legend = np.abs(frame[120:].astype(int) - frames[0][120:])
        assert np.quantile(legend, 0.99) <= 6


def test_limit_takes_the_first_frames(tmp_path, clip):
    path = tmp_path / "o.mp4"
    assert run(path, clip, limit=5)[0] == 5
    assert len(clips.read(path)) == 5


def test_what_can_be_decoded_of_a_damaged_clip_plays(tmp_path):
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 255, (40, 48, 64, 3), np.uint8))
    source = clips.write(tmp_path / "a.mp4", images, g="5")
    clips.overwrite(source, 0.4, 0.5)
    path = tmp_path / "o.mp4"
    count, (line,) = run(path, open_clip(str(source)))
    assert line.startswith(f"{source} is damaged: ")
    assert len(clips.read(path)) == count > 25


def failing(error):
    def predict_some(frames):
        items = predict(frames)
        yield next(items)
        raise error

    return predict_some


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_unfinished_video_replaces_nothing(tmp_path, clip, error):
    path = tmp_path / "out" / "o.mp4"
    trees.write(path, b"complete")
    with pytest.raises(error):
        run(path, clip, predict=failing(error))
    assert trees.contents(path.parent) == {"o.mp4": b"complete"}


def test_an_error_while_frames_are_painted_or_written_is_raised(tmp_path, clip):
    def paint_nothing(image, label_ids):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(tmp_path / "o.mp4", clip, paint=paint_nothing)
    assert not (tmp_path / "o.mp4").exists()


class Unread:
    """A clip without a frame that can be decoded."""

    path, stem, rate, num_frames = "no.mp4", "no", Fraction(10), 3

    def frames(self, complain):
        yield from ()


def test_without_frames_there_is_no_video(tmp_path):
    with pytest.raises(ValueError, match=r"no\.mp4: no frame of it can be"):
        run(tmp_path / "o.mp4", Unread())
    assert not list(tmp_path.iterdir())


class Endless(Unread):
    """Counts the frames that are held while it makes more."""

    num_frames, num_held, most_held = None, 0, 0

    def frames(self, complain):
        while True:
            frame = VideoFrame(clips.flat(0), Fraction(0))
            self.num_held += 1
            self.most_held = max(self.most_held, self.num_held)
            weakref.finalize(frame, self.let_go)
            yield frame

    def let_go(self):
        self.num_held -= 1


def test_few_frames_are_held_at_once(tmp_path):
    source = Endless()
    assert run(tmp_path / "o.mp4", source, limit=200)[0] == 200
    assert source.most_held < 20


PEAK = """
import resource, sys
import numpy as np
from trainer.video import overlay
from trainer.video.source import open_clip

def predict(frames):
    for frame in frames:
        yield frame, np.zeros(frame.image.shape[:2], np.uint8)

def paint(image, ids):
    return image // 2

overlay.write(sys.argv[2], open_clip(sys.argv[1]), predict, paint, print)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10)
"""


def test_memory_does_not_grow_with_the_clip(tmp_path):
    peaks = []
    for num_frames in (40, 400):  # 400 frames take 88 MiB
        images = [clips.flat(number, (240, 320)) for number in range(4)]
        path = tmp_path / f"{num_frames}.mp4"
        clips.write(path, images * (num_frames // 4), pix_fmt="yuv420p")
        done = subprocess.run(
            [sys.executable, "-c", PEAK, path, tmp_path / "o.mp4"],
            cwd=commands.ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
        peaks.append(int(done.stdout))
    assert peaks[1] - peaks[0] < 25
