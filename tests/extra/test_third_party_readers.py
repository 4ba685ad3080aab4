"""The pages' recipes with the packages they are for: `make test-readers`."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import yaml
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.options import Encoding, Options
from preprocess.pipeline import job
from preprocess.storage import files
from schemas import manifest
from schemas import tfds as metadata
from tests import recipes, trees

tfds = pytest.importorskip(
    "tensorflow_datasets",
    reason="other people's readers are installed by make test-readers",
)

NUM_FRAMES = len(trees.STEMS)


def convert(folder, num_shards=2, **encoding) -> str:
    root = folder / "cityscapes"
    for split in ("train", "test"):
        trees.write_tree(root, split=split)
    options = Options(
        str(root),
        str(folder / "out"),
        splits=("train", "test"),
        encoding=Encoding(**encoding),
        num_shards=num_shards,
        write_index=True,
    )
    job.run(options, PipelineOptions([]), overwrite=False, num_workers=1)
    return options.output_dir


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return convert(tmp_path_factory.mktemp("native"))


def check_pairs(pairs):
    """Checks that (image, ids) are the tree's, each exactly once."""
    found = {np.asarray(i).tobytes(): np.asarray(ids) for i, ids in pairs}
    assert len(pairs) == len(found) == NUM_FRAMES
    for seed in range(NUM_FRAMES):
        ids = found[trees.picture(seed).tobytes()]
        np.testing.assert_array_equal(
            ids.reshape(trees.label_map(seed).shape), trees.label_map(seed)
        )


def run_apart(folder, recipe: str, data_dir: str, code: str):
    """Runs a recipe and then `code` in a process of their own.

    The tfrecord package brings its own copy of TensorFlow's messages and
    cannot be imported beside it.

    Returns:
        The arrays of the list of pairs that `code` names `pairs`.
    """
    script, result = folder / "recipe.py", folder / "pairs.npz"
    save = f"np.savez({str(result)!r}, *[p for pair in pairs for p in pair])"
    text = f"import numpy as np\n{recipe}\n{code}\n{save}\n"
    script.write_text(text.replace(recipes.PLACEHOLDER, data_dir))
    subprocess.run([sys.executable, str(script)], check=True, timeout=300)
    with np.load(result) as arrays:
        flat = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    return list(zip(flat[::2], flat[1::2], strict=True))


@pytest.mark.parametrize("title", ("tf.data", "TensorFlow Datasets", "PyTorch"))
def test_page_and_card_show_the_same_recipe(data_dir, title):
    ids = {
        "tf.data": "read-tf-data",
        "TensorFlow Datasets": "read-tfds",
        "PyTorch": "read-pytorch",
    }
    card = recipes.on_card(data_dir)
    assert recipes.on_page(title) == card[ids[title]]


def test_tfds_opens_the_folder_and_reads_every_pair(data_dir):
    names = recipes.run(recipes.on_page("TensorFlow Datasets"), data_dir)
    assert names["image"].shape == (16, 32, 3)
    assert names["ids"].shape == (16, 32, 1)
    records = list(names["builder"].as_dataset(split="train"))
    check_pairs(
        [
            (
                r["image"]["encoded"],
                r["image"]["segmentation"]["class"]["encoded"],
            )
            for r in records
        ]
    )
    stems = {r["image"]["filename"].numpy().decode() for r in records}
    assert stems == set(trees.STEMS)


def test_tfds_reads_a_split_without_labels_undecoded(data_dir):
    page = recipes.PAGE.read_text()
    begin = page.index("skip = {")
    recipe = page[begin : page.index("```", begin)]
    builder = tfds.builder_from_directory(data_dir)
    names = {"tfds": tfds, "builder": builder}
    exec(recipe, names)
    images = [record["image"] for record in names["dataset"]]
    assert len(images) == NUM_FRAMES
    assert {i["segmentation"]["class"]["encoded"].numpy() for i in images} == {
        b""
    }


def test_tfds_reads_past_empty_shards_and_slices(tmp_path):
    data_dir = convert(tmp_path, num_shards=16)
    builder = tfds.builder_from_directory(data_dir)
    lengths = builder.info.splits["train"].shard_lengths
    assert 0 in lengths and sum(lengths) == NUM_FRAMES
    assert len(list(builder.as_dataset(split="train[:50%]"))) == NUM_FRAMES // 2


@pytest.mark.parametrize(
    ("size", "image_format"),
    ((manifest.NATIVE, "png"), ((8, 10), "jpeg")),
)
def test_the_metadata_are_what_tfds_itself_writes(tmp_path, size, image_format):
    data_dir = convert(tmp_path, image_size=size, image_format=image_format)
    content = manifest.load(data_dir, files.read_text)
    shape = (None, None) if size == manifest.NATIVE else size
    picture = tfds.features.Image(
        shape=(*shape, 3), encoding_format=image_format
    )
    ids = tfds.features.Image(shape=(*shape, 1), encoding_format="png")
    text, number = tfds.features.Text(), tf.int64
    label = {"class": {"encoded": ids, "format": text}}
    image = {
        "encoded": picture,
        "filename": text,
        "format": text,
        "height": number,
        "width": number,
        "channels": number,
        "segmentation": label,
    }
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    tfds.builder_from_directory(data_dir).info.write_to_directory(theirs)
    tfds.features.FeaturesDict({"image": image}).save_config(theirs)
    # What is of TFDS's own class, not of the data set.
    own_class = {"moduleName", "redistributionInfo"}
    for name, text in metadata.metadata_files(content).items():
        written = json.loads((theirs / name).read_text())
        described = {k: v for k, v in written.items() if k not in own_class}
        assert json.loads(text) == described, name


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
