"""The pages' recipes with the packages they are for: `make test-readers`."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import yaml

from tests import recipes
from tests.extra.readers.reading import (
    NUM_FRAMES,
    check_pairs,
    convert,
    reader,
    run_apart,
)

reader("official")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return convert(tmp_path_factory.mktemp("native"))


@pytest.mark.parametrize("title", ("tf.data", "TensorFlow Datasets", "PyTorch"))
def test_page_and_card_show_the_same_recipe(data_dir, title):
    ids = {
        "tf.data": "read-tf-data",
        "TensorFlow Datasets": "read-tfds",
        "PyTorch": "read-pytorch",
    }
    card = recipes.on_card(data_dir)
    assert recipes.on_page(title) == card[ids[title]]


def test_model_garden_decodes_and_parses_every_pair(data_dir):
    recipe = recipes.on_page("TF Model Garden")
    names = recipes.run(recipe, data_dir)
    batches = list(names["dataset"])
    assert len(batches) == NUM_FRAMES
    image, labels = batches[0]
    assert image.shape == (512, 1024, 3)
    assert labels["masks"].shape == (512, 1024, 1)
    decoded = list(names["records"].map(names["decoder"].decode))
    check_pairs(
        [
            (
                tf.io.decode_png(d["image/encoded"]),
                tf.io.decode_png(d["image/segmentation/class/encoded"]),
            )
            for d in decoded
        ]
    )


def test_model_gardens_configuration_trains_on_the_shards(tmp_path):
    from official.core import exp_factory, task_factory
    from official.vision.configs import semantic_segmentation  # noqa: F401

    data_dir = convert(tmp_path, label_space="train_ids")
    recipe = recipes.on_page("TF Model Garden", "yaml")
    experiment = exp_factory.get_exp_config("seg_deeplabv3plus_cityscapes")
    changes = yaml.safe_load(recipe.replace(recipes.PLACEHOLDER, data_dir))
    experiment.override(changes, is_strict=True)
    small = {
        "model": {"backbone": {"dilated_resnet": {"model_id": 50}}},
        "train_data": {
            "crop_size": [16, 32],
            "output_size": [32, 64],
            "global_batch_size": 2,
        },
    }
    experiment.override({"task": small}, is_strict=True)
    task = task_factory.get_task(experiment.task)
    model = task.build_model()
    batch = next(iter(task.build_inputs(experiment.task.train_data)))
    optimizer = task.create_optimizer(experiment.trainer.optimizer_config)
    logs = task.train_step(batch, model, optimizer, metrics=[])
    assert np.isfinite(logs["loss"].numpy())
    assert set(np.unique(batch[1]["masks"])) <= {*range(19), 255}


@pytest.mark.parametrize("num_workers", (0, 2))
def test_pytorch_reads_every_pair_once(tmp_path, data_dir, num_workers):
    code = (
        "pairs = list(torch.utils.data.DataLoader("
        f"dataset, batch_size=None, num_workers={num_workers}))"
    )
    recipe = recipes.on_page("PyTorch")
    check_pairs(run_apart(tmp_path, recipe, data_dir, code))


@pytest.mark.parametrize("num_workers", (0, 2))
def test_pytorch_reads_any_frame_by_its_number(tmp_path, data_dir, num_workers):
    code = (
        "pairs = list(torch.utils.data.DataLoader(dataset, shuffle=True, "
        f"batch_size=None, num_workers={num_workers}))"
    )
    recipe = recipes.on_page("PyTorch, any frame by its number")
    check_pairs(run_apart(tmp_path, recipe, data_dir, code))


def test_dali_reads_every_pair(tmp_path, data_dir):
    pytest.importorskip("nvidia.dali")
    code = (
        f"runs = [pipeline.run() for _ in range({NUM_FRAMES // 2})]\n"
        "pairs = [(i.at(n), l.at(n)) for i, l in runs for n in range(2)]"
    )
    recipe = recipes.on_page("NVIDIA DALI")
    check_pairs(run_apart(tmp_path, recipe, data_dir, code))


def test_index_files_are_what_tfrecord2idx_writes(tmp_path, data_dir):
    shards = sorted(pathlib.Path(data_dir).glob("train-*"))
    assert len(shards) == 2
    theirs = tmp_path / "theirs"
    for shard in shards:
        tool = [sys.executable, "-m", "tfrecord.tools.tfrecord2idx"]
        subprocess.run([*tool, shard, theirs], check=True)
        own = shard.parent / "index" / f"{shard.name}.index"
        assert own.read_text() == theirs.read_text()
