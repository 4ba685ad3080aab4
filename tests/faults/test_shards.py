"""Shards and manifests that were damaged between conversion and training."""

import json
import shutil

import pytest

from preprocess import verify
from schemas.manifest import ManifestError
from tests import tiny_run, trees
from tests.faults import jobs

NUM_SHARDS = 3
ONE, OTHER, LAST = (
    f"train-0000{i}-of-0000{NUM_SHARDS}.tfrecord" for i in range(NUM_SHARDS)
)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A converted data set."""
    base = tmp_path_factory.mktemp("shards")
    stems = [f"ulm_{i:06d}_000019" for i in range(12)]
    root = trees.write_tree(base / "cityscapes", stems, size=(40, 40))
    trees.write_tree(root, ["bonn_000000_000019"], "val", size=(40, 40))
    flags = (f"--num_shards={NUM_SHARDS}", "--splits=train,val")
    done = jobs.convert(root, base / "out", *flags)
    assert done.returncode == 0, done.stderr
    return base / "out"


def truncate(data_dir):
    path = data_dir / ONE
    path.write_bytes(path.read_bytes()[:-7])


def flip(data_dir):
    path = data_dir / OTHER
    content = bytearray(path.read_bytes())
    content[-40] ^= 8
    path.write_bytes(content)


def delete(data_dir):
    (data_dir / LAST).unlink()


def rename(data_dir):
    (data_dir / LAST).rename(data_dir / f"{LAST}.bak")


def swap(data_dir):
    contents = [(data_dir / name).read_bytes() for name in (ONE, OTHER)]
    for name, content in zip((OTHER, ONE), contents, strict=True):
        (data_dir / name).write_bytes(content)


def duplicate(data_dir):
    shutil.copy(data_dir / ONE, data_dir / OTHER)


def repeat(data_dir):
    path = data_dir / ONE
    path.write_bytes(path.read_bytes() * 2)


def edit(data_dir, change) -> None:
    """Changes the manifest as a person with an editor would."""
    path = data_dir / "manifest.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def edit_shard(data_dir):
    def change(content):
        content["splits"]["train"]["shards"][0]["crc32c"] = "00000000"

    edit(data_dir, change)


def edit_classes(data_dir):
    def change(content):
        content["splits"]["train"]["class_pixels"][7] += 1

    edit(data_dir, change)


def cut_manifest(data_dir):
    path = data_dir / "manifest.json"
    path.write_text(path.read_text()[:-9])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, rf"{ONE} has \d+ bytes, not \d+"),
        (flip, rf"{OTHER}: record \d+ at byte \d+ has a wrong payload checks"),
        (delete, f"{LAST} is missing"),
        (rename, f"{LAST} is missing"),
        (swap, f"{ONE} has"),
        (duplicate, f"{OTHER} has"),
        (repeat, f"{ONE} has"),
        (edit_shard, r"manifest\.json: it was changed after it was written"),
        (edit_classes, r"manifest\.json: it was changed after it was written"),
        (cut_manifest, r"manifest\.json: not a manifest"),
    ],
)
def test_damage_is_named_before_the_first_step(
    pristine, tmp_path, fault, damage, message
):
    data_dir = tmp_path / "data"
    shutil.copytree(pristine, data_dir)
    with fault(f"data set before a training: {damage.__name__}"):
        damage(data_dir)
        with pytest.raises(ManifestError, match=message):
            tiny_run.run_training(
                tiny_run.make_config(data_dir, tmp_path / "run")
            )
        assert not jobs.files_of(tmp_path / "run" / "checkpoints")
        assert verify.main([f"--data_dir={data_dir}"]) == 1


def test_a_strange_shard_is_not_read_and_verify_names_it(
    pristine, tmp_path, fault, capsys
):
    data_dir = tmp_path / "data"
    shutil.copytree(pristine, data_dir)
    stranger = ONE.replace("of-00003", "of-00004")
    with fault("data set before a training: a fourth shard of three"):
        shutil.copy(data_dir / ONE, data_dir / stranger)
        config = tiny_run.make_config(data_dir, tmp_path / "run", epochs=1)
        assert tiny_run.run_training(config) == 0
        [row] = tiny_run.read_rows(tmp_path / "run")
        assert row["step"] == "3"
        assert verify.main([f"--data_dir={data_dir}"]) == 1
        assert f"{stranger}: the manifest does not name it" in (
            capsys.readouterr().out
        )
