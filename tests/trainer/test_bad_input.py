"""What users get wrong with a trained network: one line each, exit code 1."""

import zipfile

import keras
import numpy as np
import pytest
from PIL import Image

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset, trees
from tests.stand_ins import color_network
from trainer import task

STEM = "tiny_000000_000019"
SIZES = ("--resize=none", "--crop=16x16")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Records, pictures and networks, good and bad."""
    folder = tmp_path_factory.mktemp("files")
    tiny_dataset.write_dataset(folder / "records", 0, 2, (32, 48), native=True)
    image, ids = tiny_dataset.make_frame(0, (32, 48), LABEL_IDS)
    tree = folder / "tree"
    trees.write(trees.image_path(tree, STEM, "val"), trees.png(image))
    trees.write(trees.label_path(tree, STEM, "val"), trees.png(ids))
    (folder / "empty").mkdir()
    network = color_network.build(LABEL_IDS)
    network.save(folder / "good.keras")
    pixels = keras.Input((None, None, 3))
    other = keras.Model(pixels, keras.layers.Conv2D(20, 1)(pixels))
    other.save(folder / "other.keras")
    whole = (folder / "good.keras").read_bytes()
    (folder / "cut.keras").write_bytes(whole[: len(whole) // 2])
    flipped = bytearray(whole)
    flipped[whole.index(b"class_name") + 3] ^= 255
    (folder / "flipped.keras").write_bytes(flipped)
    (folder / "text.keras").write_text("no network")
    return folder


def run(capsys, *arguments):
    """Runs the command; returns its exit code, output and error lines."""
    code = task.main(["task", *arguments])
    printed = capsys.readouterr()
    lines = [line for line in printed.err.splitlines() if "frames," not in line]
    return (
        code,
        printed.out,
        [line for line in lines if "pictures," not in line],
    )


def evaluate(capsys, files, network, data="records", *more):
    return run(
        capsys,
        "--mode=evaluate",
        f"--data_dir={files}/{data}",
        f"--model_dir={files}/run",
        f"--checkpoint={files}/{network}",
        *SIZES,
        *more,
    )


def predict(capsys, files, network, source, *more):
    return run(
        capsys,
        "--mode=predict",
        f"--checkpoint={files}/{network}",
        f"--input={source}",
        f"--output_dir={files}/out",
        *SIZES,
        *more,
    )


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ("other.keras", "the network has 20 outputs, wanted 34 (label_ids) or"),
        ("cut.keras", "cut.keras is not a network that Keras can open: "),
        (
            "flipped.keras",
            "flipped.keras is not a network that Keras can open: ",
        ),
        ("text.keras", "text.keras is not a network that Keras can open: "),
        ("none.keras", "none.keras does not exist: run --mode=train with"),
    ],
)
def test_a_network_that_does_not_fit_is_refused(
    files, capsys, network, message
):
    source = files / "tree"
    for code, _, lines in (
        evaluate(capsys, files, network),
        predict(capsys, files, network, source),
        run(
            capsys,
            "--mode=export",
            f"--checkpoint={files}/{network}",
            f"--export_dir={files}/export",
            *SIZES,
        ),
    ):
        assert code == 1
        assert len(lines) == 1
        assert lines[0].startswith("error: ") and message in lines[0]


def test_where_no_scores_can_go_is_told_before_any_frame_is_scored(
    files, capsys, monkeypatch
):
    monkeypatch.setattr(
        "trainer.evaluate.score_network", lambda *_: pytest.fail("scored")
    )
    place = files / "good.keras" / "run"
    flag = f"--model_dir={place}"
    code, _, lines = evaluate(capsys, files, "good.keras", "records", flag)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].endswith(f"'{place}'")


def test_another_label_space_than_asked_for_is_refused(files, capsys):
    for data in ("records", "tree"):
        flag = "--label_space=train_ids"
        code, _, lines = evaluate(capsys, files, "good.keras", data, flag)
        assert code == 2
        (line,) = lines
        assert f"{flag}, but {files}/{data} holds label_ids" in line


@pytest.mark.parametrize("in_zip", [False, True])
def test_good_pictures_among_bad_ones_are_done(files, tmp_path, capsys, in_zip):
    good = trees.image_path(files / "tree", STEM, "val").read_bytes()
    deep = np.zeros((8, 8), np.uint16)
    bad = {
        "cut.png": good[: len(good) // 2],
        "deep.png": trees.png(deep),
        "empty.png": b"",
        "text.jpg": b"no picture",
    }
    contents = bad | {"a.png": good, "z.png": good}
    source = tmp_path / "pictures"
    if in_zip:
        source = tmp_path / "pictures.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
    else:
        source.mkdir()
        for name, content in contents.items():
            (source / name).write_bytes(content)
    code, out, lines = predict(
        capsys, files, "good.keras", source, f"--output_dir={tmp_path}/out"
    )
    assert code == 1
    assert "2 pictures, " in out
    assert sorted(line.split(": ")[1] for line in lines) == sorted(
        f"{source}/{name}" for name in bad
    )
    for name in ("a", "z"):
        path = f"{tmp_path}/out/labelIds/{name}_labelIds.png"
        assert Image.open(path).mode == "L"


def test_a_folder_without_pictures_is_named(files, capsys):
    source = files / "empty"
    code, _, lines = predict(capsys, files, "good.keras", source)
    assert code == 1
    assert lines == [
        f"error: --input={source} holds no .png, .jpg, .jpeg, .jfif, .webp, "
        ".bmp, .tif, .tiff file, nor do the folders in it"
    ]


def test_a_folder_without_frames_is_named(files, capsys):
    code, _, lines = evaluate(capsys, files, "good.keras", "empty")
    assert code == 1
    (line,) = lines
    assert f"{files}/empty holds no manifest.json" in line
    assert line.endswith(f" Use --data_dir={files}/tree.")


def test_a_run_that_was_never_trained_is_named(files, capsys):
    code, _, lines = run(
        capsys,
        "--mode=predict",
        f"--model_dir={files}/empty",
        f"--input={files}/tree",
        f"--output_dir={files}/out",
    )
    assert code == 1
    (line,) = lines
    assert f"{files}/empty holds no config.json: nothing was trained" in line


@pytest.mark.parametrize("size", ["none", "0x32", "big"])
def test_a_size_that_cannot_be_exported_is_refused(files, capsys, size):
    code, _, lines = run(
        capsys,
        "--mode=export",
        f"--checkpoint={files}/good.keras",
        f"--export_dir={files}/export",
        f"--input_size={size}",
    )
    assert code == 2
    assert len(lines) == 1 and "HEIGHTxWIDTH" in lines[0]


def test_an_exported_model_says_what_it_is_for(files, capsys):
    export_dir = files / "exported"
    code, _, _ = run(
        capsys,
        "--mode=export",
        "--export_formats=keras",
        f"--checkpoint={files}/good.keras",
        f"--export_dir={export_dir}",
        "--resize=none",
        "--input_size=32x48",
    )
    assert code == 0
    code, _, lines = predict(
        capsys, files, "exported/unet.keras", files / "tree"
    )
    assert code == 1
    (line,) = lines
    assert "what --mode=export wrote is for others to apply" in line


def test_an_exported_model_refuses_another_size(files, capsys):
    test_an_exported_model_says_what_it_is_for(files, capsys)
    model = keras.models.load_model(files / "exported" / "unet.keras")
    with pytest.raises(ValueError, match=r"expected shape=\(None, 32, 48, 3\)"):
        model.predict(np.zeros((1, 40, 40, 3), np.uint8), verbose=0)
