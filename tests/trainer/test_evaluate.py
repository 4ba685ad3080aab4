import numpy as np
import pytest
from PIL import Image

from schemas.labels import files
from schemas.labels.cityscapes import CITYSCAPES, LABEL_IDS
from schemas.labels.table import ignoring
from tests import tiny_dataset, trees
from tests.tiny_evaluation import evaluated, half_and_half, painted, scored

ROAD, SKY, PARKING, CAR = 7, 23, 9, 26


def write_tree(root, frames):
    """Lays frames out as Cityscapes does, under the records' names."""
    for index, (image, ids) in enumerate(frames):
        stem = f"tiny_{index:06d}_000019"
        picture_path = trees.image_path(root, stem, "val")
        trees.write(picture_path, trees.png(image))
        label_path = trees.label_path(root, stem, "val")
        trees.write(label_path, trees.png(ids))
    return root


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
        "mean IoU, 2 of 19 classes       100.00 %  (at 20x30, label_ids)"
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
    space = CITYSCAPES.space(network)
    result = evaluated(tmp_path, [(image, ids)], space, data)
    assert result["averageScoreClasses"] == 1
    assert result["labelSpace"] == data
    assert result["networkLabelSpace"] == network
    is_mapped = "ids are mapped by the label table" in capsys.readouterr().out
    assert is_mapped == (network != data)
    assert np.sum(result["confMatrix"]) == np.count_nonzero(ids != 255)


OWN = files.parse(
    "name,id,color\nroad,3,250 0 0\nsky,9,0 250 0\ntram,200,0 0 250\n"
)


def test_own_classes_are_scored_under_their_own_names(tmp_path, capsys):
    space = OWN.train_ids
    right = painted(half_and_half(0, 1), space)
    wrong = (painted(half_and_half(0, 2), space)[0], half_and_half(0, 1))
    result = evaluated(tmp_path, [right, wrong], space, "train_ids")
    assert result["classScores"] == {"road": 1, "sky": 0.5, "tram": 0}
    assert result["labels"] == {"road": 3, "sky": 9, "tram": 200}
    assert result["averageScoreClasses"] == 0.5
    assert "categoryScores" not in result
    assert list(result["means"].items()) == [
        ("mean IoU over 3 classes", 0.5),
        ("boundary IoU over 3 classes", 0.5),
        ("mean IoU, 2 in the truth", 0.75),
        ("pixel accuracy", 0.75),
    ]
    lines = capsys.readouterr().out.splitlines()
    head = "id   class                 trainId  pixels    IoU of 3   boundary"
    assert head in lines
    line = "200  tram                        2    0.00       0.00       0.00"
    assert line in lines
    page = (tmp_path / "run" / "report.html").read_text()
    assert "background:#00fa00" in page
    assert "mean IoU over 3 classes" in page


def test_trees_of_own_classes_score_like_their_records(tmp_path):
    ids = [half_and_half(0, 1), half_and_half(0, 2)]
    frames = [(OWN.train_ids.palette[truth], truth) for truth in ids]
    frames[1][0][:9] = 0, 0, 250
    wanted = evaluated(tmp_path, frames, OWN.train_ids, "train_ids")
    for maps in (OWN.train_ids.to_label_ids, OWN.train_ids.palette):
        of_files = [(image, maps[truth]) for image, truth in frames]
        tree = write_tree(tmp_path / f"tree{maps.ndim}", of_files)
        found = scored(tmp_path, tree, OWN.train_ids)
        assert found["classScores"] == wanted["classScores"]
        assert found["labelSpace"] == "label_ids"


def test_a_data_set_of_other_classes_is_refused_by_the_first(tmp_path):
    frame = painted(half_and_half(ROAD, SKY))
    with pytest.raises(
        ValueError,
        match="network.keras learned other classes than --data_dir holds: id "
        "8 is 'sidewalk', which is not evaluated, here and 'sidewalk' of train "
        "id 1 there; give the data set of its run",
    ):
        evaluated(tmp_path, [frame], labels=ignoring(CITYSCAPES, 8))


def by_name(result):
    return sorted(result["frames"], key=lambda frame: frame["name"])


def test_folders_and_zips_score_like_records_of_the_same_frames(tmp_path):
    frames = [
        tiny_dataset.make_frame(number, size, LABEL_IDS)
        for number, size in enumerate([(32, 48), (40, 40), (20, 64)])
    ]
    wanted = evaluated(tmp_path, frames)
    tree = write_tree(tmp_path / "tree", frames)
    zips = trees.zip_tree(tree, tmp_path / "zips")
    listed = ",".join(map(str, sorted(zips.iterdir())))
    for data_dir in (tree, zips, listed):
        found = scored(tmp_path, data_dir)
        assert by_name(found) == by_name(wanted)
        for key in wanted.keys() - {"dataSet", "frames", "framesPerSecond"}:
            assert found[key] == wanted[key], key
        folder = {"folder": str(data_dir)}
        assert found["dataSet"] == wanted["dataSet"] | folder
    assert 0.1 < wanted["pixelAccuracy"] < 0.99


def test_frames_without_partner_are_counted_and_named(tmp_path):
    frames = [painted(half_and_half(ROAD, SKY))] * 3
    tree = write_tree(tmp_path, frames)
    trees.label_path(tree, "tiny_000001_000019", "val").unlink()
    with pytest.raises(
        FileNotFoundError,
        match="1 of 3 frames has no label map, first .*tiny_000001",
    ):
        scored(tmp_path, tree)
    trees.image_path(tree, "tiny_000001_000019", "val").unlink()
    trees.image_path(tree, "tiny_000002_000019", "val").unlink()
    with pytest.raises(
        FileNotFoundError,
        match="1 of 2 frames has no picture, first .*tiny_000002",
    ):
        scored(tmp_path, tree)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        (trees.image_path, b"no picture", "not a PNG or JPEG"),
        (
            trees.label_path,
            trees.png(np.full((20, 30), 255, np.uint8)),
            r"holds the id 255, label_ids are 0\.\.33",
        ),
        (
            trees.label_path,
            trees.png(np.zeros((8, 9), np.uint8)),
            r"the picture is \(20, 30\), its label \(8, 9\)",
        ),
        (trees.label_path, b"", "not a PNG"),
    ],
)
def test_a_damaged_file_of_a_tree_is_named(tmp_path, kind, content, message):
    frames = [painted(half_and_half(ROAD, SKY))] * 3
    tree = write_tree(tmp_path, frames)
    kind(tree, "tiny_000001_000019", "val").write_bytes(content)
    with pytest.raises(ValueError, match=f"tiny_000001_000019.*{message}"):
        scored(tmp_path, tree)


def test_a_folder_of_neither_kind_says_what_was_looked_for(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"no manifest\.json, .* neither gtFine/"
    ):
        scored(tmp_path, tmp_path)


def test_the_report_is_there_before_strips_can_fail(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "pictures").write_text("no folder")
    with pytest.raises(FileExistsError):
        evaluated(tmp_path, [painted(half_and_half(ROAD, SKY))])
    assert (tmp_path / "run" / "report.html").exists()


def test_strips_show_picture_truth_prediction_and_mistakes(tmp_path):
    wrong = (painted(half_and_half(ROAD, CAR))[0], half_and_half(ROAD, SKY))
    evaluated(tmp_path, [wrong])
    (path,) = (tmp_path / "run" / "pictures").iterdir()
    strip = np.asarray(Image.open(path))
    assert strip.shape[1] == 4 * 30 + 3 * 4
    truth = LABEL_IDS.palette[wrong[1]]
    for left, panel in ((0, wrong[0]), (34, truth), (68, wrong[0])):
        np.testing.assert_array_equal(strip[-20:, left : left + 30], panel)
    is_red = (strip[-20:, 102:] == (220, 30, 30)).all(-1)
    np.testing.assert_array_equal(is_red, wrong[1] == SKY)
