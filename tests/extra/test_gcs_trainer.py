"""The trainer on gs://; `make test-gcs` runs this in its own venv.

TensorFlow's own file system is at work, against an emulator behind a proxy.
"""

import json
import os

import pytest

pytest.importorskip("gcp_storage_emulator")
pytest.importorskip("google.cloud.storage")
pytest.importorskip("tensorflow")

from gcp_storage_emulator import server  # noqa: E402

from schemas.labels.cityscapes import LABEL_IDS  # noqa: E402
from tests import commands, tiny_dataset, trees  # noqa: E402
from tests.extra.programs import tls_proxy  # noqa: E402
from tests.stand_ins import color_network  # noqa: E402

NUM_FRAMES = 3
NETWORK = ("--resize=none", "--crop=16x16")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Records, a tree, its zips and a network, all on the local disk."""
    folder = tmp_path_factory.mktemp("files")
    frames = [
        tiny_dataset.make_frame(number, (32, 48), LABEL_IDS)
        for number in range(NUM_FRAMES)
    ]
    tiny_dataset.write_dataset(
        folder / "records", 0, NUM_FRAMES, (32, 48), native=True, frames=frames
    )
    for number, (image, ids) in enumerate(frames):
        stem = f"tiny_{number:06d}_000019"
        root = folder / "tree"
        trees.write(trees.image_path(root, stem, "val"), trees.png(image))
        trees.write(trees.label_path(root, stem, "val"), trees.png(ids))
    trees.zip_tree(folder / "tree", folder / "zips")
    color_network.build(LABEL_IDS).save(folder / "network.keras")
    return folder


@pytest.fixture(scope="module")
def cloud(gcs_bucket, files, tmp_path_factory):
    """The same files in a bucket, and the environment to reach them."""
    mend_empty_uploads()
    for name, data in trees.contents(files).items():
        gcs_bucket.blob(name).upload_from_string(data)
    folder = tmp_path_factory.mktemp("proxy")
    port = int(os.environ["STORAGE_EMULATOR_HOST"].rpartition(":")[2])
    with tls_proxy.serve(folder, port) as environment:
        yield gcs_bucket, environment


def mend_empty_uploads() -> None:
    """Lets the emulator take the empty objects that stand for folders."""
    read = server._read_data
    server._read_data = lambda *request: read(*request) or b""


def task(place: str, environment: dict[str, str], *arguments: str):
    done = commands.run(
        "trainer.task",
        f"--checkpoint={place}/network.keras",
        *NETWORK,
        *arguments,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return done


def names_and_bytes(bucket, prefix: str) -> dict[str, bytes]:
    # What a listed blob says of its address is the proxy's name for it.
    return {
        blob.name.removeprefix(prefix): bucket.blob(
            blob.name
        ).download_as_bytes()
        for blob in bucket.list_blobs(prefix=prefix)
    }


@pytest.mark.parametrize(
    "source",
    ["tree", "tree/leftImg8bit/val/tiny/*.png", "zips/leftImg8bit*.zip"],
)
def test_predictions_are_those_of_local_files(cloud, files, tmp_path, source):
    bucket, environment = cloud
    if source.endswith(".zip"):
        source = "zips/leftImg8bit_trainvaltest.zip"
    output = f"out/{len(source)}/"
    for place, out, env in (
        (str(files), str(tmp_path), {}),
        (f"gs://{bucket.name}", f"gs://{bucket.name}/{output}", environment),
    ):
        task(
            place,
            env,
            "--mode=predict",
            f"--input={place}/{source}",
            f"--output_dir={out}",
        )
    found = names_and_bytes(bucket, output)
    assert found == trees.contents(tmp_path)
    assert len(found) == 3 * NUM_FRAMES + 1


@pytest.mark.parametrize("source", ["records", "tree", "zips"])
def test_scores_are_those_of_local_records(cloud, files, tmp_path, source):
    bucket, environment = cloud
    root = f"gs://{bucket.name}"
    mode = "--mode=evaluate"
    task(
        str(files),
        {},
        mode,
        f"--data_dir={files}/records",
        f"--model_dir={tmp_path}",
    )
    task(
        root,
        environment,
        mode,
        f"--data_dir={root}/{source}",
        f"--model_dir={root}/run",
    )
    wanted = json.loads((tmp_path / "evaluation.json").read_text())
    found = names_and_bytes(bucket, "run/")
    assert found.keys() == trees.contents(tmp_path).keys()
    actual = json.loads(found["evaluation.json"])
    places = {"dataSet", "source"}
    for key in wanted.keys() - {"frames", "framesPerSecond"} - places:
        assert actual[key] == wanted[key], key


def test_exports_reach_the_bucket(cloud):
    bucket, environment = cloud
    root = f"gs://{bucket.name}"
    task(
        root,
        environment,
        "--mode=export",
        "--export_formats=keras,saved_model",
        f"--export_dir={root}/export",
        "--input_size=32x48",
    )
    found = names_and_bytes(bucket, "export/")
    assert {"unet.keras", "saved_model/saved_model.pb"} <= found.keys()


def test_what_is_not_there_is_one_line(cloud, tmp_path):
    bucket, environment = cloud
    done = commands.run(
        "trainer.task",
        "--mode=predict",
        f"--checkpoint=gs://{bucket.name}/network.keras",
        f"--input=gs://{bucket.name}/nowhere/*.png",
        f"--output_dir={tmp_path}",
        env=environment,
    )
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("error: --input=gs://scenes/nowhere/*.png is ne")
