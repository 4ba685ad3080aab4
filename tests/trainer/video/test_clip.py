from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("av")

from av.video.reformatter import Colorspace

from tests.stand_ins import clips
from trainer.video.clip import Clip

NTSC = Fraction(30_000, 1001)


def read(path):
    """Returns a clip's frames and what it complains of."""
    complaints = []
    return list(Clip(str(path)).frames(complaints.append)), complaints


def noise(num_frames, size=(48, 64)):
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 255, (num_frames, *size, 3), np.uint8))


def assert_close(image, expected, tolerance=8):
    assert image.shape == expected.shape
    difference = np.abs(image.astype(int) - expected)
    assert np.quantile(difference, 0.9) <= tolerance


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.mov"])
def test_frames_come_in_order_at_their_rate(tmp_path, name):
    images = [clips.flat(number) for number in range(12)]
    path = clips.write(tmp_path / name, images, NTSC)
    clip = Clip(str(path))
    assert (clip.rate, clip.stem, clip.num_frames) == (NTSC, "a", 12)
    frames, complaints = read(path)
    assert len(frames) == 12 and not complaints
    for number, frame in enumerate(frames):
        assert frame.seconds == number / NTSC
        assert_close(frame.image, images[number])


def test_times_that_vary_are_kept(tmp_path):
    seconds = [Fraction(n, 1000) for n in (0, 40, 55, 1500, 1533, 9000)]
    images = [clips.flat(number) for number in range(6)]
    path = clips.write(tmp_path / "a.mp4", images, 25, seconds=seconds)
    frames, _ = read(path)
    assert [frame.seconds for frame in frames] == seconds


@pytest.mark.parametrize("close", [39, 40, 41, 42])
def test_two_frames_that_lie_close_delay_none_that_follow(tmp_path, close):
    # Matroska counts in thousandths; at 25 frames/s one lies at 40 of them.
    ticks = [0, 38 if close == 39 else 39, close, 80, 120, 160, 200, 240]
    seconds = [Fraction(n, 1000) for n in ticks]
    images = [clips.flat(number) for number in range(8)]
    path = clips.write(tmp_path / "a.mkv", images, 25, seconds=seconds)
    frames, _ = read(path)
    times = [frame.seconds for frame in frames]
    assert times == sorted(set(times)) and times[3:] == seconds[3:]
    assert max(map(abs, np.subtract(times, seconds))) <= Fraction(2, 1000)


@pytest.mark.parametrize(
    ("rotation", "turns"), [(90, 1), (-90, 3), (180, 2), (0, 0)]
)
def test_frames_are_upright(tmp_path, rotation, turns):
    image = clips.quarters()
    path = clips.write(tmp_path / "a.mp4", [image] * 2, rotation=rotation)
    frames, _ = read(path)
    for frame in frames:
        assert_close(frame.image, np.rot90(image, turns))


@pytest.mark.parametrize(
    ("rotation", "upright"),
    [
        (0, Fraction(16, 11)),
        (90, Fraction(11, 16)),
        (180, Fraction(16, 11)),
        (-90, Fraction(11, 16)),
    ],
)
def test_pixels_that_are_not_square_are_turned_as_well(
    tmp_path, rotation, upright
):
    path = clips.write(
        tmp_path / "a.mp4",
        [clips.quarters()] * 2,
        rotation=rotation,
        pixel_aspect=Fraction(16, 11),
    )
    frames, _ = read(path)
    assert [frame.pixel_aspect for frame in frames] == [upright] * 2


def test_sides_may_be_odd(tmp_path):
    image = clips.quarters((31, 45))
    frames, _ = read(clips.write(tmp_path / "a.mp4", [image] * 3))
    assert len(frames) == 3
    assert_close(frames[2].image, image)


@pytest.mark.parametrize(
    ("size", "name"),
    [((720, 64), "ITU709"), ((64, 1280), "ITU709"), ((704, 64), "ITU601")],
)
def test_colours_that_a_clip_does_not_tell_are_those_of_players(
    tmp_path, size, name
):
    image = clips.quarters(size)
    path = clips.write(tmp_path / "a.mp4", [image], colorspace=Colorspace[name])
    with clips.opened(path) as stream:
        assert stream.codec_context.colorspace == 2  # It says nothing.
    frames, _ = read(path)
    assert_close(frames[0].image, image, tolerance=4)


def test_clips_that_were_joined_go_on_at_the_first_ones_size(tmp_path):
    first = clips.write(tmp_path / "a.ts", [clips.quarters()] * 5)
    second = clips.write(tmp_path / "b.ts", [clips.quarters((96, 96))] * 5)
    joined = tmp_path / "ab.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    frames, _ = read(joined)
    times = [frame.seconds for frame in frames]
    assert len(times) == 10 and times == sorted(set(times))
    assert times[-1] == pytest.approx(0.9, abs=0.11)
    for frame in frames:
        assert_close(frame.image, clips.quarters())


def test_damage_in_the_middle_is_said_once_and_the_rest_is_read(tmp_path):
    path = clips.write(tmp_path / "a.mp4", noise(40), 10, g="5")
    clips.overwrite(path, 0.4, 0.5)
    frames, complaints = read(path)
    assert 25 < len(frames) < 40
    (line,) = complaints
    assert line.startswith(f"{path} is damaged: ")
    assert "frames that cannot be decoded: " in line


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_an_end_that_is_missing_is_said(tmp_path, name):
    path = clips.write(tmp_path / name, noise(40), 10)
    clips.cut(path, 0.6)
    frames, complaints = read(path)
    assert 15 < len(frames) < 30
    (line,) = complaints
    assert "it ends at second 2." in line and " of 4.0" in line


def test_a_clip_that_is_read_in_part_complains_of_nothing(tmp_path):
    path = clips.write(tmp_path / "a.mp4", noise(40), 10)
    clips.cut(path, 0.6)
    complaints = []
    frames = Clip(str(path)).frames(complaints.append)
    next(frames)
    frames.close()
    assert not complaints


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n%s\n"
JOIN = b"ffconcat version 1.0\nfile %s\n"
NO_CLIPS = {
    "text": b"no clip",
    "empty": b"",
    "playlist": PLAYLIST,
    "join": JOIN,
}


@pytest.mark.parametrize("kind", NO_CLIPS)
def test_what_is_no_clip_is_named_and_reads_no_other_file(tmp_path, kind):
    real = clips.write(tmp_path / "real.ts", [clips.flat(0)] * 3)
    path = tmp_path / f"{kind}.mp4"
    path.write_bytes(NO_CLIPS[kind].replace(b"%s", str(real).encode()))
    with pytest.raises(ValueError, match=f"{path}: not a clip, or a damaged"):
        Clip(str(path))


def test_a_clip_without_its_index_is_named(tmp_path):
    path = clips.write(tmp_path / "a.mp4", noise(20))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") + 100])
    with pytest.raises(ValueError, match=f"{path}: not a clip, or a damaged"):
        Clip(str(path))


def test_sound_alone_is_no_video(tmp_path):
    path = clips.write_sound(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=f"{path} holds no video, but audio"):
        Clip(str(path))


def test_a_clip_of_an_unknown_codec_is_named(tmp_path):
    path = clips.write(tmp_path / "a.mp4", [clips.flat(0)] * 3)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"nono"))
    with pytest.raises(ValueError, match=f"{path}: its frames are of a codec"):
        Clip(str(path))


def test_a_note_in_no_known_letters_keeps_no_clip_closed(tmp_path):
    path = clips.write(tmp_path / "a.mp4", [clips.flat(0)] * 3)
    path.write_bytes(path.read_bytes().replace(b"Lavf", b"\xff\xfe\xb3f"))
    frames, _ = read(path)
    assert len(frames) == 3


def test_a_clip_of_too_many_pixels_is_refused(tmp_path, monkeypatch):
    path = clips.write(tmp_path / "a.mp4", [clips.flat(0)] * 3)
    monkeypatch.setattr("schemas.pictures.MAX_PIXELS", 100)
    with pytest.raises(ValueError, match=f"{path}: a picture of 48x64 pixels"):
        Clip(str(path))
