import dataclasses
import io
import json
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from schemas import example
from schemas.manifest import ManifestError
from tests import odd_pngs, tiny_dataset, trees
from trainer.config.data import DataConfig
from trainer.data import dataset, frames, integrity, source
from trainer.data.process_share import WHOLE

ONE, OTHER = (f"train-0000{i}-of-00002.tfrecord" for i in (0, 1))


@pytest.fixture
def data_dir(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 6, 2, (16, 16))
    return tmp_path


def parts_of(data_dir, *splits):
    records = dataset.load(str(data_dir))
    return [dataset.Part(records, split) for split in splits]


def verify(data_dir):
    integrity.verify_shards(parts_of(data_dir, "train", "val"))


def test_a_data_set_as_it_was_written_passes(data_dir):
    verify(data_dir)


def test_a_flipped_bit_is_named_with_its_record(data_dir):
    path = data_dir / ONE
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(
        ManifestError, match=rf"^1 of 4 shards .* first {ONE}: record 1 at byte"
    ):
        verify(data_dir)


def test_a_shard_under_anothers_name_is_told(data_dir):
    (data_dir / ONE).write_bytes((data_dir / OTHER).read_bytes())
    with pytest.raises(
        ManifestError, match=f"first {ONE}: .*it is {OTHER} under this name"
    ):
        verify(data_dir)


def test_a_manifest_with_other_counts_is_told(data_dir):
    path = data_dir / "manifest.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    train = content["splits"]["train"]
    train["num_examples"] -= 1
    train["shards"][1]["num_examples"] -= 1
    path.write_text(json.dumps(content))
    with pytest.raises(
        ManifestError, match=f"first {OTHER}: records 3, the manifest says 2"
    ):
        verify(data_dir)


def test_a_shard_that_cannot_be_read_is_named(data_dir):
    (data_dir / ONE).unlink()
    (data_dir / ONE).mkdir()
    with pytest.raises(ManifestError, match=f"first {ONE}: .*Is a directory"):
        verify(data_dir)


def test_what_is_too_large_to_read_twice_is_left(data_dir, monkeypatch):
    monkeypatch.setattr(integrity, "MAX_BYTES", 99)
    said = []
    parts = parts_of(data_dir, "train")
    (data_dir / ONE).unlink()
    integrity.verify_shards(parts, said.append)
    assert said[0].endswith("preprocess.verify --quick verifies them")


def jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG")
    return stream.getvalue()


def read_all(part):
    """Reads the train split as training does, at its stored size."""
    opened = source.open_records(part, None, WHOLE)
    elements = opened.open_shard(0).map(opened.fetch)
    return [(image[0].numpy(), ids[0].numpy()) for image, ids, _ in elements]


SIZE = (16, 32)
IMAGE, IDS = trees.picture(0, SIZE), trees.label_map(0, SIZE)
HUGE = odd_pngs.file_of(
    [
        (b"IHDR", struct.pack(">IIBBBBB", 20000, 20000, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(99))),
        (b"IEND", b""),
    ]
)
PALETTE = odd_pngs.file_of(
    [
        odd_pngs.header(IDS, 3),
        (b"PLTE", bytes(99)),
        *odd_pngs.plain(IDS)[1:],
    ]
)


def write_one_record(folder, space="label_ids", **fields):
    """Writes a data set whose only frame holds what `fields` say.

    Returns its only split.
    """
    record = example.Record(
        name="ulm_000001_000019",
        image=trees.png(IMAGE),
        image_format=fields.pop("image_format", "png"),
        label=trees.png(IDS % 19),
        height=SIZE[0],
        width=SIZE[1],
    )
    record = dataclasses.replace(record, **fields)
    tiny_dataset.write_records(folder, [record], space)
    return parts_of(folder, "train")[0]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"label": trees.png(IDS % 19 + 100)},
            r"the id 1\d\d, label_ids",
        ),
        ({"label": trees.png(IDS[:8])}, "label is 8x32, the record says 16x32"),
        ({"image": trees.png(IMAGE[:8])}, "image is 8x32, the record says 16"),
        ({"label": HUGE}, "label is a picture of 20000x20000 pixels by its"),
        (
            {"label": HUGE, "height": 20000, "width": 20000},
            "a picture of 20000x20000 pixels by its header",
        ),
        ({"label": PALETTE}, "label is 8-bit palette, should be 8-bit grey"),
        ({"label": b""}, "no label map"),
        ({"label": b"\x89"}, "label is not a PNG"),
        ({"image": b"%!PS"}, "image is not a PNG"),
        ({"image": odd_pngs.broken(IMAGE)["cut"]}, "PNG|damaged"),
        (
            {"image": jpeg(IMAGE[:8]), "image_format": "jpeg"},
            "image is 8x32, the record says 16x32",
        ),
    ],
)
def test_what_a_record_may_not_hold_is_neither_learned_nor_scored(
    tmp_path, fields, message
):
    part = write_one_record(tmp_path, **fields)
    where = rf"{part.records.path(part.shards[0])}.* record 0"
    with pytest.raises(ManifestError, match=f"{where}.*({message})"):
        with integrity.naming_damage(part):
            read_all(part)
    data = DataConfig(str(tmp_path), eval_split="train", resize=None, crop=SIZE)
    with pytest.raises(ManifestError, match=f"record 0.*({message})"):
        list(frames.open_frames(data).read())


@pytest.mark.parametrize("image_format", ["png", "jpeg"])
def test_a_record_as_it_should_be_is_read(tmp_path, image_format):
    encode = {"png": trees.png, "jpeg": jpeg}[image_format]
    ids = np.where(IDS < 19, IDS, 255).astype(np.uint8)
    part = write_one_record(
        tmp_path,
        space="train_ids",
        image=encode(IMAGE),
        image_format=image_format,
        label=trees.png(ids),
    )
    ((image, label),) = read_all(part)
    assert image.shape == (*SIZE, 3)
    assert (label == ids).all()


def test_a_missing_record_is_noticed(tmp_path):
    tiny_dataset.write_dataset(tmp_path, 4, 2, (16, 16), num_shards=1)
    path = tmp_path / "train-00000-of-00001.tfrecord"
    path.write_bytes(b"")
    damage = integrity.find_damage(parts_of(tmp_path, "train"), "too short")
    assert str(damage) == (
        f"{path} holds 0 records, the manifest says 4. Copy the shard again "
        "or convert with --overwrite."
    )
