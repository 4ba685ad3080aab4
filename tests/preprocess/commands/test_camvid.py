"""Tests of preprocess.camvid, on tiny folders packed like CamVid."""

import numpy as np
import pytest
from PIL import Image

from preprocess import camvid as door
from preprocess.commands import camvid
from tests import odd_pngs
from tests.preprocess.conversions import convert

NAMES = {"train": ["0001TP_006690.png", "0006R0_f00930.png"],
         "val": ["0016E5_07959.png"],
         "test": ["Seq05VD_f00000.png"]}  # fmt: skip
STEMS = {"0001TP_006690.png": "cambridge_000001_006690",
         "0006R0_f00930.png": "cambridge_000006_000930",
         "0016E5_07959.png": "cambridge_000016_007959",
         "Seq05VD_f00000.png": "cambridge_000005_000000"}  # fmt: skip
IDS = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "in" / "CamVid"
    rng = np.random.default_rng(0)
    for split, names in NAMES.items():
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for name in names:
            pixels = rng.integers(0, 256, (3, 4, 3), np.uint8)
            Image.fromarray(pixels).save(root / split / name)
            Image.fromarray(IDS).save(root / f"{split}annot" / name)
    return root


def _run(source, output, *flags):
    return door.main(
        [f"--camvid_dir={source}", f"--output_dir={output}", "--workers=1"]
        + list(flags)
    )


def _read(output, kind, split, name, suffix):
    stem = STEMS[name]
    path = output / kind / split / "cambridge" / f"{stem}_{suffix}.png"
    return np.asarray(Image.open(path))


def test_train_and_val_get_cityscapes_names_and_keep_their_pixels(
    source, tmp_path
):
    output = tmp_path / "out"
    assert _run(source, output) == 0
    for split in ("train", "val"):
        for name in NAMES[split]:
            np.testing.assert_array_equal(
                _read(output, "leftImg8bit", split, name, "leftImg8bit"),
                np.asarray(Image.open(source / split / name)),
            )
    assert len(list(output.rglob("*.png"))) == 6


def test_each_camvid_id_becomes_its_label_id(source, tmp_path):
    output = tmp_path / "out"
    assert _run(source, output) == 0
    label = _read(
        output, "gtFine", "val", "0016E5_07959.png", "gtFine_labelIds"
    )
    expected = [[23, 11, 17, 7], [8, 21, 20, 13], [26, 24, 25, 0]]
    assert label.tolist() == expected


@pytest.mark.parametrize("bits", [1, 4, 16])
def test_label_maps_of_any_depth_hold_the_ids(source, tmp_path, bits):
    ids = np.minimum(IDS, min(255, (1 << bits) - 1))
    path = source / "valannot" / NAMES["val"][0]
    path.write_bytes(odd_pngs.grey(ids, bits))
    assert _run(source, tmp_path / "out", "--splits=val") == 0
    label = _read(
        tmp_path / "out", "gtFine", "val", path.name, "gtFine_labelIds"
    )
    assert label.tolist() == camvid._label_table()[ids].tolist()


def test_the_test_split_is_converted_with_its_label_maps(source, tmp_path):
    assert _run(source, tmp_path / "out", "--splits=train,val,test") == 0
    options = {"splits": ("train", "val", "test"), "test_labels": True}
    content = convert(tmp_path / "out", tmp_path / "records", **options).content
    counts = {
        name: (split.num_examples, sum(split.class_pixels))
        for name, split in content.splits.items()
    }
    assert counts == {"train": (2, 24), "val": (1, 12), "test": (1, 12)}


def test_the_parent_of_camvid_and_one_split_will_do(source, tmp_path):
    output = tmp_path / "out"
    assert _run(source.parent, output, "--splits=test") == 0
    assert sorted(path.name for path in output.rglob("*.png")) == [
        "cambridge_000005_000000_gtFine_labelIds.png",
        "cambridge_000005_000000_leftImg8bit.png",
    ]


def test_resizing_invents_no_label(source, tmp_path):
    output = tmp_path / "out"
    assert _run(source, output, "--image_size=33x44") == 0
    name = NAMES["train"][0]
    label = _read(output, "gtFine", "train", name, "gtFine_labelIds")
    image = _read(output, "leftImg8bit", "train", name, "leftImg8bit")
    assert (label.shape, image.shape) == ((33, 44), (33, 44, 3))
    expected = camvid._label_table()[IDS].repeat(11, 0).repeat(11, 1)
    np.testing.assert_array_equal(label, expected)


def test_noise_is_grey_and_repeatable(source, tmp_path):
    name = NAMES["val"][0]
    noisy = []
    for output in (tmp_path / "a", tmp_path / "b"):
        assert _run(source, output, "--noise=5") == 0
        noisy.append(_read(output, "leftImg8bit", "val", name, "leftImg8bit"))
    np.testing.assert_array_equal(*noisy)
    clean = np.asarray(Image.open(source / "val" / name)).astype(int)
    change = noisy[0] - clean
    free = ((clean > 30) & (clean < 225)).all(-1)
    assert np.ptp(change[free], axis=-1).max() == 0
    assert change.any()


def test_a_missing_label_map_is_named(source, tmp_path, capsys):
    path = source / "valannot" / NAMES["val"][0]
    path.unlink()
    assert _run(source, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"1 of 3 pictures has no label map, first {path}" in error
    assert not (tmp_path / "out").exists()


def test_files_of_other_systems_are_no_pictures(source, tmp_path):
    for name in (f"._{NAMES['val'][0]}", ".DS_Store", "Thumbs.db"):
        (source / "val" / name).write_bytes(b"?")
    assert _run(source, tmp_path / "out") == 0


def test_a_picture_of_another_name_is_not_passed_over(source, tmp_path, capsys):
    path = source / "val" / f"{NAMES['val'][0][:-4]}.jpg"
    path.write_bytes(b"?")
    assert _run(source, tmp_path / "out") == 1
    assert f"{path} should be named like" in capsys.readouterr().err


def test_a_damaged_picture_is_named(source, tmp_path, capsys):
    path = source / "train" / NAMES["train"][0]
    path.write_bytes(path.read_bytes()[:40])
    assert _run(source, tmp_path / "out") == 1
    assert capsys.readouterr().err == (
        f"error: {path}: image is not a PNG; unpack CamVid again\n"
    )


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.full((3, 4), 12, np.uint8), " holds id 12, CamVid ends at 11"),
        (np.zeros((3, 5), np.uint8), ": label is 3x5, its image 3x4; unpack"),
        (
            np.zeros((3, 4, 3), np.uint8),
            ": label is 8-bit RGB, should be 8-bit grey or 8-bit palette; unp",
        ),
    ],
)
def test_a_wrong_label_map_is_named(source, tmp_path, capsys, ids, message):
    path = source / "valannot" / NAMES["val"][0]
    Image.fromarray(ids).save(path)
    assert _run(source, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"{path}{message}" in error and error.count("\n") == 1


def test_a_folder_that_is_no_camvid_is_one_line(tmp_path, capsys):
    assert _run(tmp_path, tmp_path / "out") == 1
    error = capsys.readouterr().err
    assert f"{tmp_path} should hold train/" in error
    assert error.count("\n") == 1


def test_two_pictures_of_one_stem_are_an_error(source, tmp_path, capsys):
    for folder in ("train", "trainannot"):
        picture = source / folder / "0001TP_006690.png"
        (source / folder / "0001XX_6690.png").write_bytes(picture.read_bytes())
    assert _run(source, tmp_path / "out") == 1
    assert "would both be cambridge_000001_006690" in capsys.readouterr().err


@pytest.mark.parametrize(
    "flag", ["--splits=dev", "--splits=", "--noise=-1", "--image_size=9"]
)
def test_a_bad_flag_is_one_line_and_exit_code_2(source, tmp_path, capsys, flag):
    with pytest.raises(SystemExit) as stop:
        _run(source, tmp_path / "out", flag)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
