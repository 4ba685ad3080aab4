import json

import numpy as np
import pytest
from PIL import Image

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset, trees
from tests.stand_ins import color_network
from tests.tiny_run import make_config
from trainer import configure, evaluate
from trainer.config import saved
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.evaluation import data_set
from trainer.evaluation.results import ScoredFrame

NUM_TRAIN, NUM_VAL = 3, 5
FRAMES = [
    tiny_dataset.make_frame(number, (40, 40), LABEL_IDS)
    for number in range(NUM_TRAIN + NUM_VAL)
]


def write_records(path, frames=FRAMES, size=(40, 40)):
    tiny_dataset.write_dataset(path, NUM_TRAIN, NUM_VAL, size, frames=frames)


@pytest.fixture
def root(tmp_path):
    """A folder with records and, in run/, a run that learned from them."""
    write_records(tmp_path / "records")
    (tmp_path / "run").mkdir()
    saved.save(make_config(tmp_path / "records", tmp_path / "run"))
    color_network.save(LABEL_IDS, str(tmp_path / "run" / "best.keras"))
    return tmp_path


def score(root, source=None, run="run", **given):
    """Evaluates; returns the names of the files that are new or changed."""
    before = trees.contents(root / run)
    if source:
        given["data_dir"] = str(root / source)
    given |= {"model_dir": str(root / run)}
    evaluate.run(*configure.evaluate(given))
    now = trees.contents(root / run)
    return {
        name.partition("/")[0]
        for name in now
        if now[name] != before.get(name) and not name.endswith(".keras")
    }


def read(root, name="evaluation.json", run="run"):
    return json.loads((root / run / name).read_text())["dataSet"]


OWN = {"evaluation.json", "report.html", "pictures"}
CARD = {"model_card.md"}
"""Of a run alone."""


def smaller(image, ids):
    picture = Image.fromarray(image).reduce(2)
    return np.asarray(picture), ids[::2, ::2]


def test_the_run_s_own_split_has_the_plain_names(root):
    assert score(root) == OWN | CARD
    content = read(root)
    assert content["folder"] == str(root / "records")
    assert content["split"] == "val"
    assert content["firstFrame"]["name"] == "tiny_000000_000019"
    assert len(content["firstFrame"]["color"]) == 3


def test_so_have_the_same_frames_in_another_form(root):
    write_records(root / "small", [smaller(*f) for f in FRAMES], (20, 20))
    for number, (image, ids) in enumerate(FRAMES[NUM_TRAIN:]):
        stem = f"tiny_{number:06d}_000019"
        picture = trees.image_path(root / "tree", stem, "val")
        trees.write(picture, trees.png(image))
        label = trees.label_path(root / "tree", stem, "val")
        trees.write(label, trees.png(ids))
    given = {"resize": None, "crop": (16, 16)}
    for source in ("small", "tree"):
        assert "evaluation.json" in score(root, source, **given)
        assert read(root)["folder"] == str(root / source)
    names = {path.name for path in (root / "run").iterdir()}
    assert names == OWN | CARD | {"best.keras", "config.json"}


def test_another_split_has_its_own_name(root):
    score(root)
    own = (root / "run" / "evaluation.json").read_bytes()
    new = score(root, eval_split="train")
    assert new == {
        "evaluation-train.json",
        "report-train.html",
        "pictures-train",
        *CARD,
    }
    assert (root / "run" / "evaluation.json").read_bytes() == own


def painted_over(image, ids):
    """The same frame in fog."""
    return image // 2 + 120, ids


def relabelled(image, ids):
    """The same picture, labelled by somebody else."""
    return image, np.roll(ids, 1, 0) % 3 + 24


@pytest.mark.parametrize("change", [painted_over, relabelled])
def test_other_frames_of_the_same_names_have_another_name(root, change):
    write_records(root / "other, set", [change(*frame) for frame in FRAMES])
    assert score(root) == OWN | CARD
    assert score(root, "other, set") == {
        "evaluation-other_set-val.json",
        "report-other_set-val.html",
        "pictures-other_set-val",
        *CARD,
    }
    assert read(root)["folder"] == str(root / "records")


def test_two_data_sets_of_one_name_keep_apart(root):
    for number in (1, 2):
        frames = FRAMES[number:] + FRAMES[:number]
        write_records(root / str(number) / "set", frames)
    assert "evaluation-set-val.json" in score(root, "1/set")
    assert "evaluation-set-val-2.json" in score(root, "2/set")
    assert "evaluation-set-val.json" in score(root, "1/set", scales=(0.5,))
    assert "evaluation-set-val-2.json" in score(root, "2/set", scales=(0.5,))


def test_a_user_names_the_files(root):
    score(root)
    new = score(root, flip_average=True, evaluation_name="flip")
    assert (
        {"evaluation-flip.json", "report-flip.html"}
        <= new
        <= {
            "evaluation-flip.json",
            "report-flip.html",
            "pictures-flip",
            *CARD,
        }
    )
    with pytest.raises(ConfigError, match="--evaluation_name=a/b is a part of"):
        score(root, evaluation_name="a/b")


def test_where_there_is_no_run_the_first_data_set_has_the_plain_names(root):
    write_records(root / "other", FRAMES[::-1])
    given = {"checkpoint": str(root / "run" / "best.keras"), "run": "scores"}
    given |= {"resize": None, "crop": (16, 16)}
    assert score(root, "records", **given) == OWN
    assert "evaluation-other-val.json" in score(root, "other", **given)
    again = score(root, "records", scales=(0.5,), **given)
    assert "evaluation.json" in again


def test_the_scores_of_an_older_version_are_kept(root):
    write_records(root / "other", FRAMES[::-1])
    (root / "records").rename(root / "gone")
    for stem, wanted in (
        ("others", "evaluation-other-val.json"),
        ("tiny", "evaluation.json"),
    ):
        frames = [
            {"name": f"{stem}_{number:06d}_000019"} for number in range(NUM_VAL)
        ]
        old = {"split": "val", "frames": frames}
        (root / "run" / "evaluation.json").write_text(json.dumps(old))
        assert wanted in score(root, "other")


@pytest.mark.parametrize(
    "old",
    [
        "[" * 100_000,
        "[]",
        '{"dataSet": {"firstFrame": {"shares": [1], "color": []}}}',
        '{"dataSet": {"folder": "", "split": "val", "frames": "%s",'
        ' "firstFrame": {"name": "", "shares": {"road": ""}, "color": []}}}',
        '{"dataSet": {"folder": "", "split": "val", "frames": "%s",'
        ' "firstFrame": {"name": "a", "shares": {}, "color": [1%s]}}}',
    ],
)
def test_what_is_no_evaluation_is_replaced(tmp_path, old):
    pixels = 4 * (np.arange(34) == 7)
    frame = ScoredFrame("a", (2, 2), pixels, (1, 2, 3), None, None)
    data = DataConfig("data", eval_split="val")
    scored = data_set.Scored(data, None, [frame], LABEL_IDS)
    digest = scored.data_set.frames
    text = old.replace("%s", digest, 1).replace("%s", "0" * 400)
    (tmp_path / "evaluation.json").write_text(text)
    assert scored.choose_name("", str(tmp_path), None) == ""


def test_a_folder_of_zips_gives_its_name():
    for folder, name in (
        ("/data/fog/leftImg8bit.zip,/data/fog/gtFine.zip", "fog-val"),
        ("gs://data/fog.ZIP", "data-val"),
        ("/data/a,b.zips/", "a_b.zips-val"),
    ):
        scored = data_set.DataSet(folder, "val", "", None)
        assert next(data_set.names(scored, None)) == name
