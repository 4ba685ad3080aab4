import zipfile

import numpy as np
import pytest

from trainer.evaluation import submission
from trainer.storage import images

STEMS = ("berlin_000000_000019", "bad-honnef_000001_000318")


def write_map(folder, stem, ids=None):
    if ids is None:
        ids = np.full((1024, 2048), 33, np.uint8)
    path = folder / "labelIds" / f"{stem}_labelIds.png"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(images.encode_png(ids))


def test_the_zip_holds_each_label_map_once(tmp_path):
    for stem in STEMS:
        write_map(tmp_path, stem)
    path = tmp_path / "results.zip"
    submission.write(str(path), str(tmp_path), STEMS)
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == [f"{stem}_labelIds.png" for stem in STEMS]
    assert submission.check(str(path)) == 2


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (np.zeros((360, 480), np.uint8), "wants 1024x2048, this is 360x480"),
        (np.full((1024, 2048), 34, np.uint8), r"in 0\.\.33, one is 34"),
        (np.full((1024, 2048), 255, np.uint8), r"in 0\.\.33, one is 255"),
        (
            np.zeros((1024, 2048, 3), np.uint8),
            "a label map should be 8-bit grey",
        ),
    ],
)
def test_what_the_server_would_reject_is_named(tmp_path, ids, message):
    write_map(tmp_path, STEMS[0])
    write_map(tmp_path, STEMS[1], ids)
    path = tmp_path / "results.zip"
    with pytest.raises(ValueError, match=f"{STEMS[1]}_labelIds.*{message}"):
        submission.write(str(path), str(tmp_path), STEMS)
    assert not path.exists()


def test_two_files_of_one_frame_are_refused(tmp_path):
    content = images.encode_png(np.zeros((1024, 2048), np.uint8))
    with zipfile.ZipFile(tmp_path / "results.zip", "w") as archive:
        archive.writestr(f"{STEMS[0]}_a.png", content)
        archive.writestr(f"more/{STEMS[0]}_b.png", content)
    with pytest.raises(ValueError, match=r"more/berlin.*one frame's"):
        submission.check(str(tmp_path / "results.zip"))


def test_pictures_without_a_frames_name_are_counted():
    with pytest.raises(ValueError, match="1 of 3 pictures .* first holiday"):
        submission.check_pictures([*STEMS, "holiday.png"])
