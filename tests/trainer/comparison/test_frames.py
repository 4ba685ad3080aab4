import numpy as np
import pytest

from tests.stand_ins import fake_runs
from trainer.comparison import frames, runs
from trainer.storage import images
from trainer.visualization import draw


@pytest.fixture
def folders(tmp_path):
    """Three runs; the first two keep the same evaluated frame."""
    found = [fake_runs.write(tmp_path / name) for name in "abc"]
    for folder, color in zip(found[:2], (100, 200), strict=True):
        fake_runs.evaluate(folder)
        fake_runs.draw_strip(folder, color)
    return found


def find(folders, problems):
    return frames.find(runs.open_runs(list(map(str, folders))), problems)


def colors(pictures):
    pictures = list(pictures)
    assert all(picture.shape == (32, 48, 3) for picture in pictures)
    return [np.unique(picture).tolist() for picture in pictures]


def write_preview(folder, color, truth=20):
    panels = {"picture": 10, "truth": truth, "prediction": color}
    pixels = {k: np.full((32, 48, 3), v, np.uint8) for k, v in panels.items()}
    (folder / "preview.png").write_bytes(images.encode_png(draw.strip(pixels)))


def test_the_same_frame_of_runs_is_found(folders):
    problems = []
    [shown] = find(folders[::-1], problems)
    assert shown.title == f"{fake_runs.FRAME} (evaluation)"
    assert list(shown.common) == ["picture", "truth"]
    assert colors(shown.common.values()) == [[10], [20]]
    assert [part[:2] for part in shown.of_runs] == [
        (1, "mean IoU 75.00 %"),
        (1, "mistakes"),
        (2, "mean IoU 75.00 %"),
        (2, "mistakes"),
    ]
    pictures = [picture for _, _, picture in shown.of_runs]
    assert colors(pictures) == [[200], [201], [100], [101]]
    assert problems == []


def test_frames_of_other_evaluations_are_none(folders):
    fake_runs.draw_strip(folders[0], 1, frame="left_behind")
    fake_runs.draw_strip(folders[1], 1, frame="left_behind")
    assert len(find(folders, [])) == 1
    other = {"folder": "b", "split": "val", "frames": "another"}
    other["firstFrame"] = {"name": "b", "shares": {}, "color": []}
    fake_runs.evaluate(folders[1], dataSet=other)
    assert find(folders, []) == []


def test_without_evaluations_the_last_epoch_s_frames_are_shown(folders):
    (folders[0] / "evaluation.json").unlink()
    write_preview(folders[0], 100)
    write_preview(folders[1], 150, truth=30)  # of other frames
    write_preview(folders[2], 200)
    [shown] = find(folders, [])
    assert shown.title == "the evaluation split, after the last epoch"
    assert [part[:2] for part in shown.of_runs] == [
        (0, "prediction"),
        (2, "prediction"),
    ]
    assert colors(picture for *_, picture in shown.of_runs) == [[100], [200]]


def test_pictures_are_held_as_small_as_they_are_shown(folders):
    for folder, size in zip(folders, [(600, 1200), (6, 12)], strict=False):
        panels = {str(n): np.full((*size, 3), n, np.uint8) for n in range(4)}
        path = folder / "pictures" / f"{fake_runs.FRAME}.png"
        path.write_bytes(images.encode_png(draw.strip(panels)))
    [shown] = find(folders, [])
    pictures = [picture for *_, picture in shown.of_runs]
    assert [picture.shape for picture in pictures] == [
        *[(240, 480, 3)] * 2,
        *[(6, 12, 3)] * 2,
    ]
    assert all(picture.base is None for picture in pictures)


@pytest.mark.parametrize("content", [b"", b"no picture", None])
def test_a_damaged_picture_is_named_and_left_out(folders, content):
    path = folders[1] / "pictures" / f"{fake_runs.FRAME}.png"
    if content is None:
        content = images.encode_png(np.zeros((40, 41, 3), np.uint8))
    path.write_bytes(content)
    problems = []
    [shown] = find(folders, problems)
    assert {number for number, *_ in shown.of_runs} == {0}
    assert len(problems) == 1
    assert problems[0].startswith(f"{path} cannot be shown: ")


@pytest.mark.parametrize("size", [(32, 48), (7, 1300)])
def test_a_strip_is_cut_into_what_it_was_made_of(size):
    random = np.random.default_rng(0)
    panels = [random.integers(0, 256, (*size, 3), np.uint8) for _ in range(4)]
    sheet = draw.strip({str(n): panel for n, panel in enumerate(panels)})
    for found, wanted in zip(draw.cut_strip(sheet, 4), panels, strict=True):
        np.testing.assert_array_equal(found, wanted)
    with pytest.raises(ValueError, match="is no strip of 5"):
        draw.cut_strip(sheet, 5)
