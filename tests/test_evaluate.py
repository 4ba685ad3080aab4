import json

import color_network
import numpy as np
import pytest
from PIL import Image
from tiny_dataset import write_dataset

from schemas.labels import LABEL_IDS, LABEL_SPACES
from schemas.manifest import ManifestError
from trainer import evaluate
from trainer.applying import EvaluateConfig, InferenceConfig
from trainer.config import DataConfig

ROAD, SKY, PARKING, CAR = 7, 23, 9, 26


def painted(ids, space=LABEL_IDS):
    return space.palette[ids], ids


def evaluated(tmp_path, frames, network=LABEL_IDS, data="label_ids", **opts):
    """Scores the colour network on frames; returns evaluation.json."""
    write_dataset(
        tmp_path / "data",
        0,
        len(frames),
        size=frames[0][1].shape,
        label_space=data,
        native=opts.get("native", True),
        frames=frames,
    )
    path = str(tmp_path / "network.keras")
    color_network.build(network).save(path)
    evaluate.run(
        EvaluateConfig(
            model_dir=str(tmp_path / "run"),
            data=DataConfig(str(tmp_path / "data"), resize=None, crop=(16, 16)),
            inference=InferenceConfig(resize=None, crop=(16, 16)),
            checkpoint=path,
        )
    )
    return json.loads((tmp_path / "run" / "evaluation.json").read_text())


def half_and_half(left, right, size=(20, 30)):
    ids = np.full(size, left, np.uint8)
    ids[:, size[1] // 2 :] = right
    return ids


def test_scores_are_those_of_the_pixels_by_hand(tmp_path):
    # Frame 1 is right; in frame 2 the sky half is painted as a car.
    right = painted(half_and_half(ROAD, SKY))
    wrong = (painted(half_and_half(ROAD, CAR))[0], half_and_half(ROAD, SKY))
    result = evaluated(tmp_path, [right, wrong, right])
    assert result["confMatrix"][ROAD][ROAD] == 900
    assert result["confMatrix"][SKY][SKY] == 600
    assert result["confMatrix"][SKY][CAR] == 300
    assert np.sum(result["confMatrix"]) == 1800
    assert result["classScores"]["road"] == 1
    assert result["classScores"]["sky"] == pytest.approx(2 / 3)
    assert result["classScores"]["car"] == 0
    assert result["averageScoreClasses"] == pytest.approx(5 / 9)
    assert result["pixelAccuracy"] == pytest.approx(1500 / 1800)


def test_every_frame_counts_once_at_its_own_size(tmp_path):
    frames = [
        painted(half_and_half(ROAD, SKY, size))
        for size in [(20, 30), (40, 18), (20, 30), (16, 16), (20, 30)]
    ]
    result = evaluated(tmp_path, frames)
    assert result["numFrames"] == 5
    assert result["sizes"] == {"20x30": 3, "40x18": 1, "16x16": 1}
    assert np.sum(result["confMatrix"]) == 3 * 600 + 720 + 256
    assert len({frame["name"] for frame in result["frames"]}) == 5


def test_size_and_label_space_stand_beside_the_numbers(tmp_path, capsys):
    evaluated(tmp_path, [painted(half_and_half(ROAD, SKY))])
    printed = capsys.readouterr().out
    assert (
        "mean IoU, 19 official classes   100.00 %  (at 20x30, label_ids)"
        in printed
    )
    assert "resized at conversion" not in printed


def test_labels_resized_at_conversion_are_called_so(tmp_path, capsys):
    evaluated(tmp_path, [painted(half_and_half(ROAD, SKY))], native=False)
    assert "do not compare with published ones" in capsys.readouterr().out


def test_ignored_truth_counts_nowhere(tmp_path):
    frame = painted(half_and_half(PARKING, SKY))
    result = evaluated(tmp_path, [frame])
    assert result["classScores"]["parking"] is None
    assert result["averageScoreClasses"] == 1
    assert result["allIds"]["classScores"]["parking"] == 1


@pytest.mark.parametrize(
    ("network", "data"),
    [
        ("train_ids", "label_ids"),
        ("label_ids", "train_ids"),
        ("train_ids", "train_ids"),
    ],
)
def test_networks_of_both_spaces_score_on_data_of_both(
    tmp_path, network, data, capsys
):
    label_ids = half_and_half(ROAD, CAR)
    ids = label_ids
    if data == "train_ids":
        ids = half_and_half(0, 13)
        ids[:5] = 255
    image = LABEL_IDS.palette[label_ids]
    result = evaluated(tmp_path, [(image, ids)], LABEL_SPACES[network], data)
    assert result["averageScoreClasses"] == 1
    assert result["labelSpace"] == data
    assert result["networkLabelSpace"] == network
    is_mapped = "ids are mapped by the label table" in capsys.readouterr().out
    assert is_mapped == (network != data)
    assert np.sum(result["confMatrix"]) == np.count_nonzero(ids != 255)


def test_strips_show_picture_truth_and_prediction(tmp_path):
    frame = painted(half_and_half(ROAD, SKY))
    evaluated(tmp_path, [frame])
    (path,) = (tmp_path / "run" / "pictures").iterdir()
    strip = np.asarray(Image.open(path))
    assert strip.shape[1] == 3 * 30 + 2 * 4
    for left in (0, 34, 68):
        np.testing.assert_array_equal(strip[-20:, left : left + 30], frame[0])


def test_a_damaged_record_is_named(tmp_path):
    frames = [painted(half_and_half(ROAD, SKY))] * 4
    evaluated(tmp_path, frames)
    shard = tmp_path / "data" / "val-00001-of-00002.tfrecord"
    content = bytearray(shard.read_bytes())
    content[-30] ^= 1
    shard.write_bytes(content)
    config = EvaluateConfig(
        model_dir=str(tmp_path / "run"),
        data=DataConfig(str(tmp_path / "data"), resize=None, crop=(16, 16)),
        inference=InferenceConfig(resize=None, crop=(16, 16)),
        checkpoint=str(tmp_path / "network.keras"),
    )
    with pytest.raises(
        ManifestError, match="val-00001-of-00002.tfrecord: record 1 at byte"
    ):
        evaluate.run(config)
