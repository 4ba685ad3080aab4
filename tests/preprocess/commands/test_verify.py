import dataclasses
import json

import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from preprocess.commands import verify
from preprocess.options import Options
from preprocess.pipeline import job
from preprocess.records import shard_index
from schemas import example
from schemas.shards import tfrecord
from tests import odd_pngs, trees


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    base = tmp_path_factory.mktemp("verify")
    root = trees.write_tree(base / "cityscapes")
    options = Options(str(root), str(base / "out"), ("train",), num_shards=2)
    job.run(options, PipelineOptions([]), num_workers=1)
    return trees.contents(base / "out")


@pytest.fixture
def data_dir(pristine, tmp_path):
    for name, data in pristine.items():
        trees.write(tmp_path / name, data)
    return tmp_path


SHARD = "train-00000-of-00002.tfrecord"
OTHER = "train-00001-of-00002.tfrecord"


def rewrite(path, change) -> None:
    """Changes a shard's records and makes checksums and manifest fit."""
    import google_crc32c

    with path.open("rb") as file:
        kept = [example.decode(p) for _, p in tfrecord.read_records(file)]
    data = b""
    kept = change(kept)
    for record in kept:
        payload = example.encode(record)
        header, footer = tfrecord.frame(payload)
        data += header + payload + footer
    path.write_bytes(data)
    manifest_path = path.with_name("manifest.json")
    content = json.loads(manifest_path.read_text())
    del content["checksum"]
    split = content["splits"]["train"]
    for shard in split["shards"]:
        if shard["name"] == path.name:
            shard["num_examples"] = len(kept)
            shard["num_bytes"] = len(data)
            shard["crc32c"] = f"{google_crc32c.value(data):08x}"
    for key in ("num_examples", "num_bytes"):
        split[key] = sum(shard[key] for shard in split["shards"])
    manifest_path.write_text(json.dumps(content))


@pytest.mark.parametrize("quick", [True, False])
def test_a_good_data_set_has_no_problems(data_dir, quick):
    assert verify.verify(str(data_dir), quick=quick) == []


@pytest.mark.parametrize("quick", [True, False])
def test_a_flipped_bit_is_found_and_its_record_named(data_dir, quick):
    data = bytearray((data_dir / SHARD).read_bytes())
    data[100] ^= 1
    (data_dir / SHARD).write_bytes(data)
    problems = verify.verify(str(data_dir), quick=quick)
    assert problems[0] == (
        f"{SHARD}: record 0 at byte 0 has a wrong payload checksum"
    )


def test_a_truncated_shard_is_found(data_dir):
    data = (data_dir / SHARD).read_bytes()
    (data_dir / SHARD).write_bytes(data[:-1])
    problems = verify.verify(str(data_dir))
    assert "breaks off in its payload" in problems[0]
    assert any(f"bytes {len(data) - 1}, the manifest" in p for p in problems)


def test_a_deleted_shard_and_a_stranger_are_found(data_dir):
    (data_dir / SHARD).rename(data_dir / "train-00007-of-00009.tfrecord")
    problems = verify.verify(str(data_dir))
    assert problems[0].startswith(f"{SHARD}: ")
    assert problems[-1] == (
        "train-00007-of-00009.tfrecord: the manifest does not name it"
    )


def test_a_frame_in_two_shards_is_found(data_dir):
    with (data_dir / OTHER).open("rb") as file:
        _, payload = next(iter(tfrecord.read_records(file)))
    twin = example.decode(payload)
    rewrite(data_dir / SHARD, lambda records: [*records, twin])
    problems = verify.verify(str(data_dir), quick=True)
    assert any(f"frame {twin.name} belongs in {OTHER}" in p for p in problems)
    assert any(f"frame {twin.name} is also at" in p for p in problems)


def change_first(**fields):
    def change(records):
        return [dataclasses.replace(records[0], **fields), *records[1:]]

    return change


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"label": trees.png(trees.label_map(0) + 200)}, "label holds id 2"),
        ({"label": trees.png(trees.label_map(0)[:4])}, "label is 4x32, the r"),
        ({"image": b"?"}, "image is not a PNG"),
        ({"image": trees.png(trees.picture(0)[:4])}, "image is 4x32, the r"),
        ({"height": 20000, "width": 20000}, "a picture of 20000x20000 pixels"),
        ({"image_format": "jpeg"}, "is jpeg, the manifest says png"),
    ],
)
def test_a_record_that_does_not_fit_is_named(data_dir, fields, message):
    rewrite(data_dir / SHARD, change_first(**fields))
    problems = verify.verify(str(data_dir))
    assert len(problems) == 1
    assert problems[0].startswith(f"{SHARD}: record 0 at 0: ")
    assert message in problems[0]


SIZE = (16, 32)
PICTURE, IDS = trees.picture(0, SIZE), trees.label_map(0, SIZE)
ODD = odd_pngs.invalid(PICTURE) | odd_pngs.broken(PICTURE)
ODD_LABELS = odd_pngs.invalid(IDS) | odd_pngs.broken(IDS)


def test_every_picture_that_a_reader_would_stumble_over_is_named(data_dir):
    for name in ODD:
        for field, content in (
            ("image", ODD[name]),
            ("label", ODD_LABELS[name]),
        ):
            saved = trees.contents(data_dir)
            rewrite(data_dir / SHARD, change_first(**{field: content}))
            (problem,) = verify.verify(str(data_dir))
            assert problem.startswith(f"{SHARD}: record 0 at 0: frame ")
            assert f": {field} " in problem
            for path, data in saved.items():
                (data_dir / path).write_bytes(data)


def test_label_maps_of_other_counts_than_the_manifests_are_found(data_dir):
    other = trees.png(trees.label_map(99))
    rewrite(data_dir / SHARD, change_first(label=other))
    assert verify.verify(str(data_dir), quick=True) == []
    assert verify.verify(str(data_dir)) == [
        "train: the manifest's class_pixels are not those of the label maps"
    ]


def test_records_out_of_order_are_found(data_dir):
    rewrite(data_dir / SHARD, lambda records: records[::-1])
    assert verify.verify(str(data_dir), quick=True) == [
        f"{SHARD}: the records are not in order"
    ]


def test_an_edited_manifest_is_named_and_the_shards_still_checked(data_dir):
    path = data_dir / "manifest.json"
    content = json.loads(path.read_text())
    content["splits"]["train"]["shards"][1]["crc32c"] = "00000000"
    path.write_text(json.dumps(content))
    edited, shard = verify.verify(str(data_dir), quick=True)
    assert edited.startswith(f"{path}: it was changed after it was written")
    assert f"{OTHER}: CRC-32C " in shard


def test_an_index_file_that_does_not_fit_its_shard_is_named(data_dir):
    index = data_dir / "index" / f"{SHARD}.index"
    with (data_dir / SHARD).open("rb") as file:
        lines = [f"{a} {b}\n" for a, b in shard_index.extents(file)]
    trees.write(index, "".join(lines).encode())
    stranger = "train-00000-of-00009.tfrecord.index"
    assert verify.verify(str(data_dir)) == []
    trees.write(index, "".join(lines[1:]).encode())
    trees.write(index.with_name(stranger), b"")
    assert verify.verify(str(data_dir), quick=True) == [
        f"index/{index.name}: says other places than the records have; the "
        "conversion's command with --write_index writes it again",
        f"index/{stranger}: the manifest does not name its shard",
    ]


def test_a_shard_that_is_gone_from_an_object_store_is_a_problem(
    pristine, store
):
    folder = "store://bucket/out"
    store.fill(folder, pristine)
    assert verify.verify(folder) == []
    del store.objects[f"{folder}/{SHARD}"]
    assert verify.verify(folder) == [
        f"{SHARD}: {folder}/{SHARD} does not exist"
    ]
