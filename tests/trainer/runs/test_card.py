import keras
import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset
from tests.stand_ins import fake_runs
from tests.tiny_evaluation import evaluated, half_and_half, painted
from trainer.config import seen_ids
from trainer.runs import card

ROAD, SKY = 7, 23


def read_card(folder) -> str:
    card.write(str(folder))
    return (folder / "model_card.md").read_text()


def test_a_run_without_scores_says_so(tmp_path):
    text = read_card(fake_runs.write(tmp_path / "first"))
    assert "\n# first\n" in text
    assert "None yet: `--mode=evaluate` writes them." in text
    assert "model-index" not in text
    assert "2 of 2 epochs, 20 steps, 1 minute." in text


def test_no_card_is_written_where_there_is_no_run(tmp_path):
    card.write(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_scores_of_each_evaluation_stand_beside_each_other(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder, hits=3)
    fake_runs.evaluate(folder, hits=2, name="test", averageScoreClasses=None)
    text = read_card(folder)
    assert "- `evaluation`: `val` of `data`, 1 frame" in text
    assert "| road | 50.00 | 75.00 |" in text
    assert "| mean IoU | - | 77.50 |" in text
    assert "| wall |" not in text  # It has no score in either.


def test_flags_are_said_without_what_is_the_users_own(tmp_path):
    folder = fake_runs.write(
        tmp_path / "first",
        learning_rate=0.01,
        data_dir="/home/ann/data/streets",
        init_from="/home/ann/runs/cityscapes",
        keep_checkpoints=7,
    )
    text = read_card(folder)
    assert "    --learning_rate=0.01\n" in text
    assert "begun with the weights of `cityscapes`" in text
    assert "of `streets`" in text
    assert "ann" not in text and str(tmp_path) not in text
    assert "keep_checkpoints" not in text  # It decides no result.


def test_data_at_hand_is_counted(tmp_path):
    data_dir = tmp_path / "streets"
    tiny_dataset.write_dataset(data_dir, 5, 3, size=(256, 288))
    folder = fake_runs.write(tmp_path / "first", data_dir=str(data_dir))
    text = read_card(folder)

    assert "| streets | train | 5 | 1 | 256x288 |" in text
    assert "| streets | val | 3 | scored |" in text


def test_limits_come_from_the_runs_own_files(tmp_path):
    folder = fake_runs.write(tmp_path / "first", epochs=5)
    fake_runs.evaluate(
        folder, hits=1, calibration={"expectedCalibrationError": 0.125}
    )
    pixels = np.ones(LABEL_IDS.num_classes, np.int64)
    pixels[LABEL_IDS.class_names.index("wall")] = 0
    seen_ids.save(str(folder), LABEL_IDS, pixels, ignore_void=False)
    limits = read_card(folder).partition("## Limits")[2]
    assert "has done 2 of 5 epochs" in limits
    assert "does not know 1 class that no pixel" in limits
    assert "counted for: wall." in limits
    assert "below 50 %: road (25.00 %)." in limits
    assert "off by 12.50 % on `val`" in limits
    assert "scored best on `val`" in limits


def test_a_network_of_another_choice_is_not_called_optimistic(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder, source=f"{folder}/last.keras")
    assert "too high" not in read_card(folder)


@pytest.mark.parametrize("broken", ["metrics.csv", "evaluation.json"])
def test_what_cannot_be_read_is_left_out(tmp_path, broken):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder)
    (folder / broken).write_text("{")
    assert "## Limits" in read_card(folder)


def test_an_evaluation_brings_the_card_up_to_date(tmp_path):
    fake_runs.write(tmp_path / "run")
    result = evaluated(tmp_path, [painted(half_and_half(ROAD, SKY))])
    card_text = (tmp_path / "run/model_card.md").read_text()
    assert result["averageScoreClasses"] == 1
    assert "| mean IoU | 100.00 |" in card_text


def test_the_code_of_the_card_runs(tmp_path, monkeypatch):
    text = read_card(fake_runs.write(tmp_path / "first"))
    network = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Conv2D(34, 1)]
    )
    network.save(tmp_path / "first/best.keras")
    monkeypatch.chdir(tmp_path / "first")
    names = {"pixels": np.zeros((1, 32, 32, 3), np.uint8)}
    exec(text.partition("```python\n")[2].partition("```")[0], names)
    assert np.shape(names["class_ids"]) == (1, 32, 32)
