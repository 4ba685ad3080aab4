import numpy as np
import pytest

pytest.importorskip("av")

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from tests import commands, trees
from tests.stand_ins import clips, color_network
from trainer import task

ROAD, CAR, SKY = 7, 26, 23


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("network") / "colors.keras"
    color_network.save(TRAIN_IDS, str(path))
    return path


@pytest.fixture
def scenes():
    """(48, 64) ids of 9 frames, in which a car drives along."""
    frames = []
    for number in range(9):
        ids = np.full((48, 64), ROAD, np.uint8)
        ids[:20] = SKY
        ids[24:40, 6 * number : 6 * number + 16] = CAR
        frames.append(ids)
    return frames


@pytest.fixture
def clip(tmp_path, scenes):
    images = [LABEL_IDS.palette[ids] for ids in scenes]
    return clips.write(tmp_path / "drive.mp4", images, 12, crf="5")


@pytest.fixture
def predict(tmp_path, network, capsys):
    """Runs the command; returns its code, output and lines of errors."""

    def run(source, *more):
        code = task.main(
            [
                "task",
                "--mode=predict",
                f"--checkpoint={network}",
                f"--input={source}",
                f"--output_dir={tmp_path}/out",
                "--resize=none",
                "--crop=16x16",
                *more,
            ]
        )
        printed = capsys.readouterr()
        lines = printed.err.splitlines()
        errors = [line for line in lines if not line.endswith(" left")]
        return code, printed.out, errors

    return run


def overlays(path, scenes):
    """Checks a video's frames against their scenes; returns its legends."""
    frames = clips.read(path)
    for frame, ids in zip(frames, scenes, strict=True):
        # Over a picture in the classes' colours these stay what they are.
        difference = np.abs(frame[:48].astype(int) - LABEL_IDS.palette[ids])
        assert np.quantile(difference, 0.9) <= 8
    return [frame[48:] for frame in frames]


def test_a_clip_becomes_a_video_of_overlays(tmp_path, clip, scenes, predict):
    code, out, errors = predict(clip)
    assert code == 0 and not errors
    path = tmp_path / "out" / "video" / "drive_overlay.mp4"
    assert out.startswith("9 frames, ") and out.endswith(f"wrote {path}\n")
    assert list(trees.contents(tmp_path / "out")) == [
        "predictions.json",
        "video/drive_overlay.mp4",
    ]
    legends = overlays(path, scenes)
    assert all(legend.shape == legends[0].shape for legend in legends)
    with clips.opened(path) as stream:
        assert (stream.frames, stream.average_rate) == (9, 12)


def test_sliding_windows_and_other_sizes_do_as_with_pictures(
    tmp_path, clip, scenes, predict
):
    flags = "--inference=sliding", "--resize=96x128", "--batch_size=3"
    assert predict(clip, *flags)[0] == 0
    overlays(tmp_path / "out" / "video" / "drive_overlay.mp4", scenes)


def test_pictures_become_a_video_at_the_rate_that_is_given(
    tmp_path, scenes, predict
):
    for number, ids in enumerate(scenes):
        pixels = trees.png(LABEL_IDS.palette[ids])
        trees.write(tmp_path / "drive" / f"{number}.png", pixels)
    code, _, errors = predict(tmp_path / "drive", "--fps=29.97", "--limit=7")
    assert code == 0 and not errors
    path = tmp_path / "out" / "video" / "drive_overlay.mp4"
    overlays(path, scenes[:7])
    with clips.opened(path) as stream:
        assert float(stream.average_rate) == pytest.approx(29.97, abs=0.01)


def test_overlays_of_an_unsure_network_fade(tmp_path, predict):
    model = color_network.build(TRAIN_IDS)
    model.set_weights([weights / 1e6 for weights in model.get_weights()])
    network = tmp_path / "unsure.keras"
    model.save(network)
    grey = [np.full((48, 64, 3), 120, np.uint8)] * 3
    source = clips.write(tmp_path / "grey.mp4", grey, 12, crf="5")
    apart = []
    for flags in ((), ("--fade_unsure",)):
        code, _, _ = predict(source, f"--checkpoint={network}", *flags)
        assert code == 0
        frames = clips.read(tmp_path / "out" / "video" / "grey_overlay.mp4")
        apart.append(np.abs(frames[0][:48].astype(int) - 120).mean())
    assert apart[0] > 10 > 3 > apart[1]


def test_frames_that_cannot_be_decoded_are_said_and_the_others_done(
    tmp_path, predict
):
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 255, (40, 48, 64, 3), np.uint8))
    path = clips.write(tmp_path / "drive.mp4", images, g="5")
    clips.overwrite(path, 0.4, 0.5)
    code, out, (line,) = predict(path)
    assert code == 1
    assert line.startswith(f"error: {path} is damaged: frames that cannot be")
    frames = clips.read(tmp_path / "out" / "video" / "drive_overlay.mp4")
    assert out.startswith(f"{len(frames)} frames, ") and len(frames) > 25


def test_a_video_that_no_prediction_wrote_is_never_replaced(
    tmp_path, clip, scenes, predict
):
    path = tmp_path / "out" / "video" / "drive_overlay.mp4"
    trees.write(path, b"another's")
    code, _, (line,) = predict(clip)
    assert code == 1
    assert "1 file in" in line and "first video/drive_overlay.mp4" in line
    assert path.read_bytes() == b"another's"
    path.unlink()
    for _ in range(2):
        assert predict(clip)[0] == 0
    overlays(path, scenes)


def test_a_clip_among_pictures_is_said_to_be_left_out(tmp_path, clip, predict):
    code, _, (line,) = predict(tmp_path)
    assert code == 1
    assert f"{clip}: a clip, which has to be the input itself" in line
    code, _, (line,) = predict(tmp_path / "*.mp4*")
    assert code == 1 and f"give one by its name, as --input={clip}" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--fps=10"], "--fps=10 is for pictures, and --input="),
        (["--submission=x.zip"], "--submission=x.zip is of pictures"),
        (["--probabilities=npz"], "--probabilities=npz is of pictures"),
        (["--fps=0"], "--fps=0.0 must be at least 0.01 and at most 1000"),
    ],
)
def test_flags_that_do_not_go_with_a_clip_are_refused(
    clip, predict, flags, message
):
    code, _, (line,) = predict(clip, *flags)
    assert code == 2 and line.startswith(f"error: {message}")


def test_a_bad_clip_is_answered_before_the_slow_imports(tmp_path, network):
    path = tmp_path / "drive.mp4"
    path.write_text("no clip")
    imported = commands.imported(
        "trainer.task",
        "--mode=predict",
        f"--checkpoint={network}",
        f"--input={path}",
        f"--output_dir={tmp_path}/out",
    )
    assert "av" in imported
    assert not imported & {"keras", "tensorflow"}
