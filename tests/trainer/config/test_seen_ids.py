import json
import re

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS, TRAIN_IDS
from trainer.config import seen_ids
from trainer.config.flag import ConfigError

ROAD, CAR, PARKING = 7, 26, 9


@pytest.fixture
def pixels():
    pixels = np.zeros(34, int)
    pixels[[ROAD, CAR, PARKING]] = 500, 20, 3
    return pixels


@pytest.mark.parametrize(
    ("ignore_void", "expected"),
    [(False, [ROAD, PARKING, CAR]), (True, [ROAD, CAR])],
)
def test_ids_that_the_loss_counted_are_seen(
    tmp_path, pixels, ignore_void, expected
):
    seen_ids.save(str(tmp_path), LABEL_IDS, pixels, ignore_void)
    seen = seen_ids.load(f"{tmp_path}/best.keras", LABEL_IDS)
    assert np.flatnonzero(seen).tolist() == expected


def test_a_network_from_elsewhere_has_no_such_file(tmp_path, monkeypatch):
    assert seen_ids.load(f"{tmp_path}/best.keras", LABEL_IDS) is None
    monkeypatch.chdir(tmp_path)
    assert seen_ids.load("best.keras", LABEL_IDS) is None


def test_counts_of_other_ids_are_refused(tmp_path, pixels):
    seen_ids.save(str(tmp_path), LABEL_IDS, pixels, False)
    with pytest.raises(ConfigError, match="34 counts of label_ids") as error:
        seen_ids.load(f"{tmp_path}/best.keras", TRAIN_IDS)
    assert "--mask_unseen=false" in str(error.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"label_space": "label_ids"}', "[" * 100_000]
)
def test_a_damaged_file_is_named(tmp_path, text):
    path = tmp_path / seen_ids.FILE_NAME
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(str(path))):
        seen_ids.load(f"{tmp_path}/best.keras", LABEL_IDS)


@pytest.mark.parametrize("pixels", [["many"] * 34, {"a": 1}, None, [[1]] * 34])
def test_counts_that_are_no_numbers_are_refused(tmp_path, pixels):
    content = {"label_space": "label_ids", "class_pixels": pixels}
    (tmp_path / seen_ids.FILE_NAME).write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="--mask_unseen=false"):
        seen_ids.load(f"{tmp_path}/best.keras", LABEL_IDS)
