import numpy as np
import pytest
from PIL import Image

from schemas.labels import files
from schemas.labels.cityscapes import CITYSCAPES, LABEL_IDS, TRAIN_IDS
from schemas.labels.table import ignoring
from tests import trees
from tests.stand_ins import color_network
from trainer import predict
from trainer.config.inference import InferenceConfig, PredictConfig
from trainer.evaluation import submission
from trainer.storage.image_files import find_pictures

ROAD, CAR = 7, 26


@pytest.fixture
def street(tmp_path):
    """(30, 50) ids and the folder of their picture."""
    ids = np.full((30, 50), ROAD, np.uint8)
    ids[10:20, 5:30] = CAR
    folder = tmp_path / "pictures" / "ulm"
    folder.mkdir(parents=True)
    path = folder / "ulm_000001_000019_leftImg8bit.png"
    Image.fromarray(LABEL_IDS.palette[ids]).save(path)
    return ids, folder


def written(output_dir):
    names = (path.name for path in (output_dir / "labelIds").iterdir())
    return sorted(name.removesuffix("_labelIds.png") for name in names)


def run(
    tmp_path,
    source,
    space=LABEL_IDS,
    limit=None,
    submission="",
    output="out",
):
    network = str(tmp_path / "network.keras")
    color_network.save(space, network)
    config = PredictConfig(
        model_dir="",
        input=str(source),
        output_dir=str(tmp_path / output),
        inference=InferenceConfig(resize=None, crop=(16, 16)),
        checkpoint=network,
        limit=limit,
        submission=submission,
    )
    return predict.run(config, config.checkpoint, find_pictures(config.input))


@pytest.mark.parametrize("space", [LABEL_IDS, TRAIN_IDS])
def test_label_maps_are_label_ids_of_the_pictures_size(tmp_path, street, space):
    ids, folder = street
    assert run(tmp_path, folder, space) == 0
    with Image.open(
        tmp_path / "out" / "labelIds" / "ulm_000001_000019_labelIds.png"
    ) as png:
        assert png.mode == "L"
        np.testing.assert_array_equal(np.asarray(png), ids)


def test_colors_and_overlay_stand_beside_them(tmp_path, street):
    ids, folder = street
    run(tmp_path, folder)
    names = list(trees.contents(tmp_path / "out"))
    assert names == [
        "color/ulm_000001_000019_color.png",
        "labelIds/ulm_000001_000019_labelIds.png",
        "overlay/ulm_000001_000019_overlay.png",
        "predictions.json",
    ]
    color = np.asarray(Image.open(tmp_path / "out" / names[0]))
    np.testing.assert_array_equal(color, LABEL_IDS.palette[ids])
    overlay = np.asarray(Image.open(tmp_path / "out" / names[2]))
    np.testing.assert_array_equal(overlay[:30], LABEL_IDS.palette[ids])
    assert overlay.shape[0] > 30


def test_overlays_of_one_picture_size_have_one_size_and_legend(
    tmp_path, capsys
):
    for index in range(20):
        ids = np.full((30, 50), ROAD, np.uint8)
        ids[: index + 1, :index] = CAR
        pixels = TRAIN_IDS.table.label_ids.palette[ids]
        trees.write(tmp_path / f"pictures/{index}.png", trees.png(pixels))
    assert run(tmp_path, tmp_path / "pictures", TRAIN_IDS) == 0
    paths = sorted((tmp_path / "out" / "overlay").iterdir())
    legends = [np.asarray(Image.open(path))[30:] for path in paths]
    assert len(legends) == 20 and (np.stack(legends) == legends[0]).all()
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == len(printed.err.splitlines()) == 1


def test_own_classes_are_predicted_by_their_ids_and_colours(tmp_path):
    table = files.parse("name,id,color\nroad,3,9 9 9\nsky,200,0 250 0\n")
    ids = np.full((16, 16), 3, np.uint8)
    ids[:7] = 200
    picture = tmp_path / "street.png"
    Image.fromarray(table.label_ids.palette[ids]).save(picture)
    assert run(tmp_path, picture, table.train_ids) == 0
    for kind, expected in (
        ("labelIds", ids),
        ("color", table.label_ids.palette[ids]),
    ):
        path = tmp_path / "out" / kind / f"street_{kind}.png"
        np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)


def test_a_submission_is_of_cityscapes_classes(tmp_path, frames):
    table = ignoring(CITYSCAPES, 8)
    with pytest.raises(ValueError, match="other classes apart than Cityscapes"):
        run(tmp_path, frames, table.label_ids, submission=str(tmp_path / "s"))
    assert not (tmp_path / "out").exists()


def test_what_is_no_picture_is_named_and_the_others_are_done(
    tmp_path, street, capsys
):
    _, folder = street
    bad = folder / "aachen_000000_000000_leftImg8bit.png"
    bad.write_text("no picture")
    assert run(tmp_path, folder) == 1
    printed = capsys.readouterr()
    assert f"error: {bad}: not a PNG, JPEG, WEBP, BMP or TIFF" in printed.err
    assert "1 picture, " in printed.out
    assert (tmp_path / "out/color/ulm_000001_000019_color.png").exists()


def test_of_two_pictures_of_one_stem_the_first_is_done(
    tmp_path, street, capsys
):
    _, folder = street
    for name in ("x.png", "x.bmp", "y.png"):
        Image.new("RGB", (8, 8)).save(folder.parent / name)
    assert run(tmp_path, folder.parent) == 1
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()[:1]
    second, first = folder.parent / "x.png", folder.parent / "x.bmp"
    assert line.startswith(
        f"error: {second}: its outputs would replace those of {first}"
    )
    assert f"--input={second} and another --output_dir" in line
    assert written(tmp_path / "out") == ["ulm_000001_000019", "x", "y"]
    assert run(tmp_path, second, output="other") == 0
    assert written(tmp_path / "other") == ["x"]


def test_many_pictures_of_one_stem_are_counted(tmp_path, street, capsys):
    _, folder = street
    for number in range(12):
        path = folder / str(number) / "x.png"
        path.parent.mkdir()
        Image.new("RGB", (8, 8)).save(path)
    assert run(tmp_path, folder) == 1
    assert written(tmp_path / "out") == ["ulm_000001_000019", "x"]
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("error: ") for line in lines) == 11
    assert "error: 1 more picture is left out for their names" in lines


def test_a_name_too_long_for_its_output_ends_nothing(tmp_path, street, capsys):
    _, folder = street
    long = folder / f"{'x' * 250}.png"
    Image.new("RGB", (8, 8)).save(long)
    assert run(tmp_path, folder) == 1
    assert written(tmp_path / "out") == ["ulm_000001_000019"]
    assert f"{long}: its outputs' names would be too long" in (
        capsys.readouterr().err
    )


def test_a_name_with_a_backslash_is_named(tmp_path, street, capsys):
    _, folder = street
    odd = folder / "a\\b.png"
    Image.new("RGB", (8, 8)).save(odd)
    assert run(tmp_path, folder) == 1
    assert written(tmp_path / "out") == ["ulm_000001_000019"]
    assert "no output is named with a backslash" in capsys.readouterr().err


@pytest.mark.parametrize("output", [".", "ulm", "more/out"])
def test_outputs_among_the_inputs_are_no_inputs_the_next_time(
    tmp_path, street, output
):
    _, folder = street
    inputs = trees.contents(folder.parent)
    for _ in range(2):
        assert run(tmp_path, folder.parent, output=f"pictures/{output}") == 0
        assert written(folder.parent / output) == ["ulm_000001_000019"]
    now = trees.contents(folder.parent)
    assert inputs.items() <= now.items()


@pytest.mark.parametrize("kind", ["labelIds", "color", "overlay"])
def test_ground_truth_is_never_replaced(tmp_path, street, kind):
    _, folder = street
    truth = tmp_path / "out" / kind / f"ulm_000001_000019_{kind}.png"
    trees.write(truth, b"truth")
    with pytest.raises(ValueError, match=f"1 file .* first {kind}/ulm"):
        run(tmp_path, folder)
    assert trees.contents(tmp_path / "out") == {
        f"{kind}/{truth.name}": b"truth"
    }


def test_a_damaged_network_is_named(tmp_path, street):
    _, folder = street
    network = tmp_path / "broken.keras"
    network.write_bytes(b"PK\3\4 and no more")
    config = PredictConfig(
        model_dir="",
        input=str(folder),
        output_dir=str(tmp_path / "out"),
        inference=InferenceConfig(),
        checkpoint=str(network),
    )
    with pytest.raises(ValueError, match=r"broken\.keras is not a network"):
        predict.run(config, config.checkpoint, find_pictures(config.input))


def test_limit_takes_the_first_pictures_by_path(tmp_path, street):
    _, folder = street
    (first,) = folder.iterdir()
    for name in ("aachen_000000_000019", "zurich_000000_000019"):
        twin = folder / f"{name}_leftImg8bit.png"
        twin.write_bytes(first.read_bytes())
    assert run(tmp_path, folder, limit=2) == 0
    written = {
        path.name.rsplit("_", 1)[0]
        for path in (tmp_path / "out" / "overlay").iterdir()
    }
    assert written == {"aachen_000000_000019", "ulm_000001_000019"}


@pytest.fixture
def frames(tmp_path, monkeypatch):
    """The folder of two frames that a server of small pictures takes."""
    size = (32, 48)
    monkeypatch.setattr(submission, "SERVER_SIZE", size)
    folder = tmp_path / "test"
    folder.mkdir()
    ids = np.full(size, ROAD, np.uint8)
    for number in range(2):
        path = folder / f"berlin_{number:06d}_000019_leftImg8bit.png"
        Image.fromarray(LABEL_IDS.palette[ids]).save(path)
    return folder


def test_a_submission_holds_a_checked_label_map_of_each_frame(
    tmp_path, frames, capsys
):
    path = str(tmp_path / "zips" / "results.zip")
    assert run(tmp_path, frames, submission=path) == 0
    assert submission.check(path) == 2
    assert f"{path}: 2 frames, checked; the test set has 1525" in (
        capsys.readouterr().out
    )


def test_a_submission_that_lacks_a_frame_is_not_written(
    tmp_path, frames, capsys
):
    (frames / "berlin_000000_000019_leftImg8bit.png").write_text("no picture")
    path = tmp_path / "results.zip"
    assert run(tmp_path, frames, submission=str(path)) == 1
    assert not path.exists()
    assert f"{path} was not written: 1 of 2 frames is missing" in (
        capsys.readouterr().err
    )


def test_hidden_files_are_not_of_a_submission(tmp_path, frames, capsys):
    for path in list(frames.iterdir()):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    path = str(tmp_path / "results.zip")
    assert run(tmp_path, frames, submission=path) == 0
    assert submission.check(path) == 2


def test_a_picture_of_another_size_is_named_before_any_is_predicted(
    tmp_path, frames
):
    odd = frames / "berlin_000001_000019_leftImg8bit.png"
    Image.new("RGB", (48, 31)).save(odd)
    with pytest.raises(
        ValueError, match=f"1 of 2 pictures .* of 32x48 .* first {odd}: 31x48"
    ):
        run(tmp_path, frames, submission=str(tmp_path / "results.zip"))
    assert not (tmp_path / "out").exists()
