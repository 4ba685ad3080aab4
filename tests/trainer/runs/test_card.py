import dataclasses
import shutil

import keras
import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset
from tests.stand_ins import fake_runs
from tests.tiny_evaluation import evaluated, half_and_half, painted
from trainer import configure
from trainer.config import saved, seen_ids
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
    assert "2 of 2 epochs, 20 steps, 1 minute, begun with" in text


def test_the_published_files_are_those_that_predict_reads(
    tmp_path, monkeypatch
):
    text = read_card(fake_runs.write(tmp_path / "first"))
    names = "best.keras, config.json and classes.json"
    assert f"put {names} beside it" in text
    assert "`first` holds\n`best.keras`, `config.json` and" in text
    published = tmp_path / "published" / "first"
    published.mkdir(parents=True)
    shutil.copy(tmp_path / "first/config.json", published)
    (published / "best.keras").write_bytes(b"a network")
    (published / "street.jpg").write_bytes(b"a picture")
    monkeypatch.chdir(published.parent)
    config, path, _ = configure.predict(
        {"model_dir": "first", "input": "first", "output_dir": "out"}
    )
    assert path == "first/best.keras"
    run = saved.load(str(tmp_path / "first"))
    assert config.inference.crop == run.data.crop


def test_no_card_is_written_where_there_is_no_run(tmp_path):
    card.write(str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_scores_of_each_evaluation_stand_beside_each_other(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder, hits=3)
    fake_runs.evaluate(folder, hits=2, name="test", averageScoreClasses=None)
    fake_runs.evaluate(folder, name="maps", source="/home/ann/maps")
    text = read_card(folder)
    assert "- `evaluation`: `val` of `data`, 1 frame" in text
    assert "| road | 75.00 | 50.00 |" in text
    assert "| mean IoU | 77.50 | - |" in text
    assert "maps`" not in text  # They are not this network's.
    assert "| wall |" not in text  # It has no score in either.


def test_the_head_has_the_best_networks_scores_once_a_data_set(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder, hits=3)
    fake_runs.evaluate(
        folder, hits=2, name="last", source=f"{folder}/last.keras"
    )
    fake_runs.evaluate(folder, hits=2, name="else", source="/b/best.keras")
    fake_runs.evaluate(
        folder, hits=4, name="flip", inference={"flip_average": True}
    )
    text = read_card(folder)
    head = text.partition("\n---\n")[0]
    assert head.count("- task:") == 1
    assert '      name: "mean IoU"\n      value: 0.7750' in head
    assert "by `best.keras` `--flip_average=true`" in text


def test_flags_are_said_without_what_is_the_users_own(tmp_path):
    folder = fake_runs.write(
        tmp_path / "first",
        learning_rate=0.01,
        data_dir="/home/ann/data/streets",
        init_from="/home/ann/runs/cityscapes",
        keep_checkpoints=7,
    )
    text = read_card(folder)
    assert "encoder begun" not in text
    assert "    --learning_rate=0.01\n" in text
    assert "begun with the weights of `cityscapes`" in text
    assert "of `streets`" in text
    assert "ann" not in text and str(tmp_path) not in text
    assert "keep_checkpoints" not in text  # It decides no result.


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ("none", "begun with weights drawn at random"),
        ("imagenet", "the encoder begun with the weights `imagenet`"),
        ("/home/ann/a.pth", "the encoder begun with the weights `a.pth`"),
    ],
)
def test_first_weights_are_said_without_their_path(tmp_path, weights, said):
    folder = tmp_path / "first"
    config = fake_runs.config(fake_runs.write(folder))
    model = dataclasses.replace(
        config.model, encoder="efficientnet_lite0", encoder_weights=weights
    )
    saved.save(dataclasses.replace(config, model=model))
    text = read_card(folder)
    assert said in text and "/home" not in text


@pytest.mark.parametrize("is_same", [True, False])
def test_data_at_hand_is_counted_where_the_run_learned_from_it(
    tmp_path, is_same
):
    data_dir = tmp_path / "streets"
    manifest = tiny_dataset.write_dataset(data_dir, 5, 3, size=(256, 288))
    folder = fake_runs.write(tmp_path / "first", data_dir=str(data_dir))
    pixels = np.array(manifest.split("train").class_pixels)
    pixels[ROAD] += not is_same
    seen_ids.save(str(folder), LABEL_IDS, pixels, ignore_void=True)
    text = read_card(folder)
    assert ("| streets | train | 5 | 1 | 256x288 |" in text) == is_same
    assert ("| streets | val | 3 | scored |" in text) == is_same
    assert ("`streets`: street scenes laid out" in text) == is_same


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


def test_a_run_that_stopped_early_is_not_called_unfinished(tmp_path):
    folder = fake_runs.write(
        tmp_path / "first", (0.5, 0.4), epochs=5, early_stopping_patience=1
    )
    assert "has done" not in read_card(folder)


@pytest.mark.parametrize(
    ("split", "data_dir", "said"),
    [
        ("val", "data", "scored best on `val`"),
        ("train", "data", "It learned from `train`"),
        ("test", "data", ""),
        ("val", "acdc", ""),
    ],
)
def test_scores_that_are_too_high_are_told(tmp_path, split, data_dir, said):
    run = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(run, name="other", split=split, data_dir=data_dir)
    text = read_card(run)
    assert said in text
    has_warning = "too high" in text or "It learned from `" in text
    assert has_warning == bool(said)


def test_files_that_cannot_be_read_are_counted(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    fake_runs.evaluate(folder)
    (folder / "metrics.csv").write_text("{")
    (folder / "evaluation-test.json").write_text("{")
    text = read_card(folder)
    assert "- 2 files of its run could not be read" in text
    assert "epochs." not in text and " of 2 epochs" not in text


def test_an_epoch_without_its_seconds_ends_nothing(tmp_path):
    folder = fake_runs.write(tmp_path / "first")
    rows = (folder / "metrics.csv").read_text()
    (folder / "metrics.csv").write_text(rows.replace(",30\n", ",\n"))
    assert "2 of 2 epochs, 20 steps, begun" in read_card(folder)


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
