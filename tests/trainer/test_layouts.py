"""Every named layout, from its tree to a trained network and its scores."""

import dataclasses
import json

import pytest

from preprocess.options import Encoding
from schemas.labels import named
from schemas.layouts import table
from tests import public_sets
from tests.preprocess.conversions import convert
from trainer import configure, evaluate, train

SPLITS = ("train", "val")


@pytest.fixture(scope="module", params=table.LAYOUTS)
def trained(request, tmp_path_factory):
    """The folder of a layout's tree, its records and a run of one epoch."""
    root = tmp_path_factory.mktemp(request.param)
    public_sets.WRITERS[request.param](root / "tree")
    layout = table.LAYOUTS[request.param]
    if request.param in ("kitti", "pairs"):
        layout = dataclasses.replace(layout, val_share=0.4)
    encoding = Encoding(labels=named.table(layout.table))
    convert(
        root / "tree",
        root / "records",
        splits=SPLITS,
        layout=layout,
        encoding=encoding,
        num_shards=1,
    )
    given = {
        "data_dir": str(root / "records"),
        "model_dir": str(root / "run"),
        "resize": public_sets.SIZE,
        "crop": (32, 32),
        "base_filters": 2,
        "batch_size": 1,
        "epochs": 1,
    }
    assert train.run(*configure.train(given)) == 0
    return root


def score(root, source):
    given = {"data_dir": str(root / source), "model_dir": str(root / "run")}
    evaluate.run(*configure.evaluate(given))
    scores = json.loads((root / "run" / "evaluation.json").read_text())
    return scores["confMatrix"], scores["averageScoreClasses"]


@pytest.mark.slow
def test_a_layout_trains_and_its_tree_scores_as_its_records(trained):
    assert (trained / "run" / "metrics.csv").exists()
    assert repr(score(trained, "tree")) == repr(score(trained, "records"))
