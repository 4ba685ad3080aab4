"""TensorFlow Datasets opens converted folders: `make test-readers`."""

import json

import pytest
import tensorflow as tf

from preprocess.storage import files
from schemas import manifest
from schemas.descriptions import tfds as metadata
from tests import recipes, trees
from tests.extra.readers.reading import NUM_FRAMES, check_pairs, convert, reader

tfds = reader("tensorflow_datasets")


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return convert(tmp_path_factory.mktemp("native"))


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


def test_tfds_gives_pairs_and_names_and_shows_examples(data_dir):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    recipe = recipes.on_page("TensorFlow Datasets, as pairs")
    names = recipes.run(recipe, data_dir)
    assert names["names"][7:9] == ["road", "sidewalk"]
    assert list(names["builder"].info.splits) == ["train"]
    check_pairs(list(names["dataset"]))
    assert len(names["figure"].axes) == min(NUM_FRAMES, 9)


def test_label_maps_know_their_classes(data_dir):
    info = tfds.builder_from_directory(data_dir).info
    label = info.features["image"]["segmentation"]["class"]["encoded"]
    assert label.names[7:9] == ["road", "sidewalk"]
    assert "7 road #804080" in label.doc.desc


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
    ids = tfds.features.LabeledImage(
        shape=(*shape, 1),
        encoding_format="png",
        labels=list(content.space.class_names),
        doc=metadata.describe_labels(content.space),
    )
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
    flat = {
        "image/encoded": picture,
        "image/segmentation/class/encoded": ids,
        "image/filename": text,
    }
    theirs = tmp_path / "theirs"
    for folder, features in (("", {"image": image}), ("supervised", flat)):
        (theirs / folder).mkdir(parents=True)
        info = tfds.builder_from_directory(f"{data_dir}/{folder}").info
        info.write_to_directory(theirs / folder)
        tfds.features.FeaturesDict(features).save_config(theirs / folder)
    # What is of TFDS's own class, not of the data set.
    own_class = {"moduleName", "redistributionInfo"}
    for name, text in metadata.metadata_files(content).items():
        written = (theirs / name).read_text()
        if not name.endswith(".json"):
            assert text == written, name
            continue
        written = json.loads(written)
        described = {k: v for k, v in written.items() if k not in own_class}
        assert json.loads(text) == described, name
