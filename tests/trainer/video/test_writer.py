import dataclasses
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

from tests.stand_ins import clips
from trainer.video.source import VideoFrame
from trainer.video.writer import VideoWriter

NTSC = Fraction(30_000, 1001)


@dataclasses.dataclass
class Source:
    """As much of a source as is written."""

    path: str = "clip.mp4"
    rate: Fraction = Fraction(10)


def write(path, images, source=None, times=None, aspect=Fraction(1)):
    source = source or Source()
    with VideoWriter(str(path), source) as video:
        for number, image in enumerate(images):
            time = times[number] if times else number / source.rate
            video.add(VideoFrame(image, time, aspect))
    return path


@pytest.mark.parametrize(
    "rate", [NTSC, Fraction(25), Fraction("23.976"), Fraction(1, 2)]
)
def test_frames_rate_and_size_are_kept(tmp_path, rate):
    images = [clips.flat(number) for number in range(20)]
    path = write(tmp_path / "a.mp4", images, Source(rate=rate))
    with clips.opened(path) as stream:
        assert (stream.frames, stream.average_rate) == (20, rate)
        assert (stream.height, stream.width) == (48, 64)
        assert stream.codec_context.pix_fmt == "yuv420p"
        seconds = stream.duration * stream.time_base
        assert seconds == pytest.approx(20 / rate, abs=1e-3)


def test_colors_are_those_of_the_pictures_and_say_by_which_rule(tmp_path):
    images = [clips.quarters((120, 160))] * 5
    path = write(tmp_path / "a.mp4", images)
    written = clips.read(path)
    assert len(written) == 5
    for image in written:
        difference = np.abs(image.astype(int) - images[0])
        assert np.quantile(difference, 0.95) <= 4
    with clips.opened(path) as stream:
        context = stream.codec_context
        assert (context.colorspace, context.color_range) == (1, 1)


def test_times_that_vary_are_kept(tmp_path):
    times = [Fraction(n, 1000) for n in (0, 33, 500, 501, 9000)]
    path = write(tmp_path / "a.mp4", [clips.flat(0)] * 5, times=times)
    with clips.opened(path) as stream:
        frames = stream.container.decode(stream)
        seconds = [frame.pts * frame.time_base for frame in frames]
    assert seconds == times


def test_frames_of_one_time_all_stay(tmp_path):
    times = [Fraction(0), Fraction(0), Fraction(0), Fraction(1)]
    path = write(tmp_path / "a.mp4", [clips.flat(0)] * 4, times=times)
    assert len(clips.read(path)) == 4


@pytest.mark.parametrize("size", [(1, 1), (47, 64), (48, 63), (31, 45)])
def test_odd_sides_get_their_last_pixels_twice(tmp_path, size):
    image = clips.quarters(size)
    path = write(tmp_path / "a.mp4", [image] * 3)
    written = clips.read(path)
    assert len(written) == 3
    for frame in written:
        height, width = size
        assert frame.shape == (height + height % 2, width + width % 2, 3)


def test_the_shape_of_pixels_is_kept(tmp_path):
    aspect = Fraction(16, 11)
    path = write(tmp_path / "a.mp4", [clips.flat(0)] * 3, aspect=aspect)
    with clips.opened(path) as stream:
        assert stream.sample_aspect_ratio == aspect


def test_a_name_with_a_colon_is_a_name(tmp_path):
    path = write(tmp_path / "http:a.mp4", [clips.flat(0)] * 3)
    assert len(clips.read(path)) == 3


def test_what_cannot_be_written_is_named(tmp_path):
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 255, (60, 48, 64, 3), np.uint8))
    with pytest.raises(OSError, match="No space left on device: '/dev/full'"):
        write("/dev/full", images)
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}/no/a.mp4"):
        write(tmp_path / "no" / "a.mp4", images)


def test_a_video_that_is_too_large_for_the_format_is_refused(tmp_path):
    image = np.zeros((2, 16_386, 3), np.uint8)
    with pytest.raises(ValueError, match="clip.mp4: its overlay .* 2x16386"):
        write(tmp_path / "a.mp4", [image])


def test_an_error_inside_is_the_one_that_is_raised(tmp_path):
    with pytest.raises(ZeroDivisionError):
        with VideoWriter("/dev/full", Source()) as video:
            video.add(VideoFrame(clips.flat(0), Fraction(0)))
            raise ZeroDivisionError
