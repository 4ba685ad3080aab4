import contextlib
import errno
import io
import json
import math
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from schemas.labels.cityscapes import CITYSCAPES
from schemas.layouts.table import CITYSCAPES as CITYSCAPES_LAYOUT
from trainer import configure
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.config.inference import EvaluateConfig, InferenceConfig
from trainer.evaluation import score_label_maps
from trainer.storage import image_files, images

STEMS = (
    "bad-honnef_000000_000019",
    "ulm_000001_000019",
    "ulm_000002_000318",
)


@pytest.fixture
def tree(tmp_path):
    """A Cityscapes folder, and predictions that are right in most pixels."""
    random = np.random.default_rng(0)
    for stem in STEMS:
        truth = random.integers(0, 33, (40, 60)).astype(np.uint8)
        guess = random.integers(0, 34, (40, 60)).astype(np.uint8)
        right = random.random((40, 60)) < 0.7
        city = tmp_path / "gtFine" / "val" / stem.split("_")[0]
        write(city / f"{stem}_gtFine_labelIds.png", truth)
        write(
            tmp_path / "results" / f"{stem}_leftImg8bit.png",
            np.where(right, truth, guess),
        )
    return tmp_path


def write(path, ids):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(images.encode_png(ids))


def score(tree, truth=".", predictions="results", label_space=None):
    score_label_maps.run(
        EvaluateConfig(
            model_dir=str(tree / "run"),
            data=DataConfig(str(tree / truth)),
            inference=InferenceConfig(),
            predictions=str(tree / predictions),
            label_space=label_space,
        ),
        CITYSCAPES,
        CITYSCAPES_LAYOUT,
    )
    return json.loads((tree / "run" / "evaluation.json").read_text())


@pytest.mark.parametrize("name", ["results", "packed/results.zip"])
def test_without_a_run_the_scores_go_to_the_predictions(tree, name):
    with_run = score(tree)
    if name.endswith(".zip"):
        (tree / "packed").mkdir()
        shutil.make_archive(tree / "packed/results", "zip", tree / "results")
    score_label_maps.run(
        EvaluateConfig(
            data=DataConfig(str(tree)),
            inference=InferenceConfig(),
            predictions=str(tree / name),
        ),
        CITYSCAPES,
        CITYSCAPES_LAYOUT,
    )
    path = tree / name.split("/")[0] / "evaluation.json"
    scores = json.loads(path.read_text())
    assert scores["confMatrix"] == with_run["confMatrix"]


def test_a_place_that_no_scores_can_go_to_is_told_before_any_is_made(
    tree, monkeypatch
):
    def refuse(folder):
        raise OSError(errno.EROFS, "Read-only file system", folder)

    monkeypatch.setattr(score_label_maps.files, "prepare_folder", refuse)
    monkeypatch.setattr(
        score_label_maps, "_score", lambda *_: pytest.fail("scored")
    )
    with pytest.raises(OSError, match=f"system: '{tree}/run'$"):
        score(tree)
    config = EvaluateConfig(
        data=DataConfig(str(tree)),
        inference=InferenceConfig(),
        predictions=str(tree / "results"),
    )
    with pytest.raises(
        OSError,
        match=f"system: '{tree}/results'; --model_dir=FOLDER writes the scores",
    ):
        score_label_maps.run(config, CITYSCAPES, CITYSCAPES_LAYOUT)


@pytest.mark.parametrize(
    ("given", "name"),
    [("", "evaluation-predictions.json"), ("mine", "evaluation-mine.json")],
)
def test_the_scores_of_a_runs_own_network_stay(tree, given, name):
    (tree / "run").mkdir()
    (tree / "run/evaluation.json").write_text("the network's")
    config = EvaluateConfig(
        model_dir=str(tree / "run"),
        data=DataConfig(str(tree)),
        inference=InferenceConfig(),
        predictions=str(tree / "results"),
        evaluation_name=given,
    )
    run_data = DataConfig(str(tree / "gone"))
    score_label_maps.run(config, CITYSCAPES, CITYSCAPES_LAYOUT, run_data)
    assert (tree / "run/evaluation.json").read_text() == "the network's"
    assert json.loads((tree / "run" / name).read_text())["confMatrix"]


def test_results_equal_those_of_the_official_scripts(tree):
    official = pytest.importorskip(
        "cityscapesscripts.evaluation.evalPixelLevelSemanticLabeling"
    )
    args = official.args
    args.evalInstLevelScore = False
    args.JSONOutput = False
    args.quiet = True
    with contextlib.redirect_stdout(io.StringIO()):
        expected = official.evaluateImgLists(
            sorted(map(str, (tree / "results").iterdir())),
            sorted(map(str, tree.glob("gtFine/val/*/*_labelIds.png"))),
            args,
        )
    actual = score(tree)
    assert actual["confMatrix"] == expected["confMatrix"]
    for key in ("averageScoreClasses", "averageScoreCategories"):
        assert actual[key] == pytest.approx(expected[key], abs=1e-9)
    for key in ("classScores", "categoryScores", "priors", "labels"):
        assert actual[key].keys() == expected[key].keys()
        for name, value in expected[key].items():
            if math.isnan(value):
                assert actual[key][name] is None
            else:
                assert actual[key][name] == pytest.approx(value, abs=1e-9)


def test_label_maps_alone_have_outlines_and_no_confidence(tree):
    perfect = score(tree, predictions="gtFine")
    assert perfect["boundaryIoU"]["averageScoreClasses"] == 1
    assert "calibration" not in perfect
    noisy = score(tree)["boundaryIoU"]["averageScoreClasses"]
    assert 0 < noisy < 1


def test_zips_give_the_same_scores_as_folders(tree):
    for name, folder in (("gt.zip", "gtFine"), ("results.zip", "results")):
        with zipfile.ZipFile(tree / name, "w") as archive:
            for path in (tree / folder).rglob("*.png"):
                archive.write(path, path.relative_to(tree))
    from_zips = score(tree, "gt.zip", "results.zip")
    from_folders = score(tree)
    assert from_zips["confMatrix"] == from_folders["confMatrix"]
    assert np.sum(from_zips["confMatrix"]) == 3 * 40 * 60


def test_colors_beside_label_maps_do_not_count(tree):
    for path in (tree / "results").iterdir():
        stem = image_files.stem(str(path))
        path.rename(path.with_name(f"{stem}_labelIds.png"))
        write(path.with_name(f"{stem}_color.png"), np.zeros((4, 4), np.uint8))
    assert score(tree)["numFrames"] == 3


def test_hidden_files_of_other_systems_do_not_count(tree):
    for folder in ("results", "gtFine/val/ulm"):
        for path in list((tree / folder).glob("ulm*.png")):
            path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert score(tree)["numFrames"] == 3


def test_predictions_of_no_frame_are_counted_and_named(tree, capsys):
    other = tree / "results" / "jena_000000_000019.png"
    write(other, np.zeros((4, 4), np.uint8))
    assert score(tree)["numFrames"] == 3
    assert (
        f"note: 1 file is left out, first {other}: of no frame of the split"
    ) in capsys.readouterr().err


def test_frames_may_have_any_name(tree):
    for folder in ("results", "gtFine/val/ulm"):
        for path in list((tree / folder).glob("ulm_000001_000019*")):
            path.rename(path.with_name(path.name.replace(STEMS[1], "a,b [1]")))
    assert score(tree)["numFrames"] == 3


def test_missing_predictions_are_counted_and_named(tree):
    (tree / "results" / f"{STEMS[1]}_leftImg8bit.png").unlink()
    with pytest.raises(
        FileNotFoundError, match=f"1 of 3 frames .* first .*{STEMS[1]}"
    ):
        score(tree)


def test_two_predictions_of_a_frame_are_refused(tree):
    write(
        tree / "results" / "more" / f"{STEMS[0]}.png",
        np.zeros((4, 4), np.uint8),
    )
    with pytest.raises(ValueError, match=f"several predictions of {STEMS[0]}"):
        score(tree)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.full((40, 60), 255, np.uint8), r"ids in 0\.\.33, one is 255"),
        (np.zeros((20, 30), np.uint8), "should be of one shape"),
        (np.zeros((40, 60, 3), np.uint8), "a label map should be 8-bit grey"),
    ],
)
def test_what_the_server_would_reject_is_named(tree, ids, message):
    write(tree / "results" / f"{STEMS[2]}_leftImg8bit.png", ids)
    with pytest.raises(ValueError, match=f"{STEMS[2]}.*{message}"):
        score(tree)


def test_a_folder_without_labels_says_what_was_looked_for(tree):
    with pytest.raises(
        FileNotFoundError, match=r"neither gtFine/ nor gtFine\*"
    ):
        score(tree, "results")


def write_train_ids(tree, ignored=18):
    """Writes perfect predictions, but for pixels that are not evaluated."""
    for path in tree.glob("gtFine/val/*/*_labelIds.png"):
        ids = CITYSCAPES.train_ids.stored[images.decode_ids(path.read_bytes())]
        write(tree / "train" / path.name, np.where(ids == 255, ignored, ids))


def test_predictions_may_be_of_train_ids(tree):
    write_train_ids(tree)
    scores = score(tree, predictions="train", label_space="train_ids")
    assert scores["pixelAccuracy"] == 1
    assert scores["classScores"]["road"] == 1


def test_train_ids_that_nothing_tells_are_no_label_ids(tree):
    write_train_ids(tree)
    with pytest.raises(
        ValueError,
        match=r"train holds train ids: as such, [\d,]+ pixels are right, and "
        r"[\d,]+ as label ids; give --label_space=train_ids, or",
    ):
        score(tree, predictions="train")
    assert not (tree / "run" / "evaluation.json").exists()
    assert score(tree, predictions="train", label_space="label_ids")


def test_an_id_that_is_no_train_id_is_named(tree):
    write_train_ids(tree, ignored=255)
    with pytest.raises(
        ValueError, match=r"_labelIds.png: .* train ids in 0\.\.18, one is 255"
    ):
        score(tree, predictions="train", label_space="train_ids")


@pytest.mark.parametrize("name", ["checkpoint", "resize", "batch_size"])
def test_a_flag_of_a_network_is_refused_beside_files(name):
    with pytest.raises(
        ConfigError, match=f"^--{name} is of a network, and --predictions=maps"
    ):
        configure.evaluate({"predictions": "maps", name: "none"})


def test_the_command_needs_no_tensorflow(tree):
    command = (
        "import sys; from trainer import task; "
        "code = task.main(['task', '--mode=evaluate', "
        f"'--data_dir={tree}', '--model_dir={tree}/run', "
        f"'--predictions={tree}/results']); "
        "sys.exit(code or 'tensorflow' in sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", command])
    assert finished.returncode == 0
