"""What training says of data sets that it cannot use: one line each."""

import json

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from tests import tiny_dataset
from trainer import configure


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda path: (path / "manifest.json").unlink(), "does not exist"),
        (
            lambda path: (path / "val-00000-of-00002.tfrecord").unlink(),
            "first: val-00000-of-00002.tfrecord is missing",
        ),
        (
            lambda path: (path / "train-00001-of-00002.tfrecord").write_text(
                "short"
            ),
            "1 of 2 shards of 'train'",
        ),
    ],
)
def test_a_data_set_that_is_not_complete_is_refused(
    tmp_path, refuse, damage, text
):
    tiny_dataset.write_dataset(tmp_path, 2, 1, (48, 48))
    damage(tmp_path)
    code, line = refuse(
        f"--data_dir={tmp_path}",
        "--model_dir=unused",
        "--resize=48x48",
        "--crop=32x32",
    )
    assert code == 1
    assert text in line


LACKING = {
    "image_sizes": ("--resize=none",),
    "present_pixels": ("--resize=48x48", "--class_weights=median_frequency"),
}


@pytest.mark.parametrize("field", LACKING)
def test_what_a_manifest_may_lack_is_missed_by_the_flag_that_needs_it(
    tmp_path, refuse, field
):
    tiny_dataset.write_dataset(tmp_path, 2, 1, (48, 48), native=True)
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text())
    del content["splits"]["train"][field], content["checksum"]
    path.write_text(json.dumps(content))
    flags = (*LACKING[field], "--crop=32x32", f"--model_dir={tmp_path}/run")
    code, line = refuse(f"--data_dir={tmp_path}", *flags)
    assert code == 1
    assert line == (
        f"error: {path} has no {field} of 'train', which "
        f"{LACKING[field][-1]} needs; convert again, by the same command with "
        "--overwrite\n"
    )


def test_a_split_of_ignored_pixels_alone_is_refused(tmp_path, refuse):
    ids = np.arange(48 * 48).reshape(48, 48) % 4
    frame = np.zeros((48, 48, 3), np.uint8), ids.astype(np.uint8)
    tiny_dataset.write_dataset(tmp_path, 1, 1, (48, 48), frames=[frame] * 2)
    flags = (f"--data_dir={tmp_path}", "--resize=48x48", "--crop=32x32")
    code, line = refuse(*flags, f"--model_dir={tmp_path}/run")
    assert code == 1
    assert "100 % of the pixels of 'train'" in line
    assert "hold the ids 0, 1, 2, 3, and the label table evaluates none" in line
    assert "convert with --labels=FILE" in line
    given = {"data_dir": str(tmp_path), "model_dir": str(tmp_path / "run")}
    given |= {"resize": (48, 48), "crop": (32, 32), "ignore_void": False}
    configure.train(given)  # the remedy


def test_an_evaluation_split_that_cannot_be_scored_is_refused(tmp_path, refuse):
    good = tiny_dataset.make_frame(0, (48, 48), LABEL_IDS)
    void = good[0], np.full((48, 48), 3, np.uint8)
    data_dir = tmp_path / "data"
    tiny_dataset.write_dataset(data_dir, 1, 1, (48, 48), frames=[good, void])
    flags = (f"--data_dir={data_dir}", "--resize=48x48", "--crop=32x32")
    code, line = refuse(*flags, f"--model_dir={tmp_path}/run")
    assert code == 1
    assert line.startswith(
        f"error: 100 % of the pixels of 'val' in {data_dir}, the evaluation "
        "split, are ignored: the label maps hold the ids 3, and the label "
        "table evaluates none of these; give --eval_split one that has labels"
    )
