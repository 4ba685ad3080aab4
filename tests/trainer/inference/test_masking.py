import json

import numpy as np
import pytest

from schemas.labels.cityscapes import LABEL_IDS
from tests.stand_ins import color_network
from tests.trainer.serving.applied import Picture, texture
from trainer.config import seen_ids
from trainer.config.inference import InferenceConfig
from trainer.inference.masking import open_predictor

ROAD, CAR = 7, 26


@pytest.fixture
def network_path(tmp_path):
    path = str(tmp_path / "best.keras")
    color_network.build(LABEL_IDS).save(path)
    return path


def predicted_ids(network_path, **options):
    config = InferenceConfig(resize=None, crop=(32, 32), **options)
    predictor = open_predictor(network_path, config)
    ((_, label_ids),) = predictor.predict([Picture(texture((40, 60)))])
    return np.unique(label_ids).tolist()


def test_ids_are_masked_where_the_run_says_what_it_saw(
    tmp_path, network_path, capsys
):
    everything = predicted_ids(network_path)
    assert len(everything) > 5
    assert "training" not in capsys.readouterr().out
    pixels = [0] * 34
    pixels[ROAD] = pixels[CAR] = 9
    content = {"label_space": "label_ids", "class_pixels": pixels}
    (tmp_path / seen_ids.FILE_NAME).write_text(json.dumps(content))
    assert predicted_ids(network_path) == [ROAD, CAR]
    printed = capsys.readouterr().out
    assert printed.startswith("32 of 34 ids did not occur in training and are")
    assert "unlabeled, ego vehicle" in printed and "road" not in printed
    assert predicted_ids(network_path, mask_unseen=False) == everything
