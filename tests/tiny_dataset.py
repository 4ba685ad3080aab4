"""Writes small converted data sets for tests, without the converter."""

import io
import os
from collections.abc import Sequence

import google_crc32c
import numpy as np
from PIL import Image

from schemas import example, manifest
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.table import LabelSpace, LabelTable
from schemas.shards import names, tfrecord


def encode_png(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def make_frame(
    index: int, size: tuple[int, int], space: LabelSpace
) -> tuple[np.ndarray, np.ndarray]:
    """Makes a learnable frame: its colours are those of its label map.

    Returns:
        (H, W, 3) uint8 picture and (H, W) uint8 ids, both unlike those of
        every other index.
    """
    random = np.random.default_rng(index)
    blocks = random.integers(0, space.num_classes, (4, 4), np.uint8)
    rows = np.arange(size[0]) * 4 // size[0]
    columns = np.arange(size[1]) * 4 // size[1]
    ids = blocks[rows][:, columns]
    noise = random.integers(0, 20, (*size, 3), np.uint8)
    return space.palette[ids] // 2 + 50 + noise, ids


def write_dataset(
    path: str | os.PathLike,
    num_train: int,
    num_val: int,
    size: tuple[int, int] = (40, 40),
    label_space: str = "label_ids",
    native: bool = False,
    num_shards: int = 2,
    frames: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
    labels: LabelTable = CITYSCAPES,
) -> manifest.Manifest:
    """Writes shards and manifest.json of numbered frames.

    Args:
        path: The folder, made where missing.
        num_train: Frames of train: the first ones.
        num_val: Frames of val: those after them.
        size: (height, width) of every frame.
        label_space: The name of the ids' space.
        native: Whether the manifest calls the size native.
        num_shards: Files a split.
        frames: The (picture, ids) of all frames; `make_frame`'s where None.
        labels: The table of the classes.
    """
    space = labels.space(label_space)
    os.makedirs(path, exist_ok=True)
    if frames is None:
        frames = [
            make_frame(index, size, space)
            for index in range(num_train + num_val)
        ]
    splits = {
        "train": _write_split(path, "train", frames[:num_train], num_shards),
        "val": _write_split(path, "val", frames[num_train:], num_shards),
    }
    result = manifest.Manifest(
        label_space=label_space,
        num_classes=space.num_classes,
        image_size=manifest.NATIVE if native else size,
        image_format="png",
        options={},
        versions={},
        splits={
            name: manifest.Split(
                num_examples=len(ids),
                num_bytes=sum(shard.num_bytes for shard in shards),
                num_skipped=0,
                class_pixels=_class_pixels(ids, space),
                present_pixels=_present_pixels(ids, space),
                shards=tuple(shards),
                image_sizes={f"{size[0]}x{size[1]}": len(ids)},
            )
            for name, (shards, ids) in splits.items()
        },
        labels=labels,
    )
    with open(os.path.join(path, manifest.FILE_NAME), "w") as file:
        file.write(result.to_json())
    return result


def write_records(
    path: str | os.PathLike,
    records: Sequence[example.Record],
    label_space: str = "label_ids",
) -> None:
    """Writes a data set of one shard, whatever its records hold.

    Checksums and counts fit, as in one that a stranger made.
    """
    space = CITYSCAPES.space(label_space)
    os.makedirs(path, exist_ok=True)
    name = names.shard_name("train", 0, 1)
    content = b""
    for record in records:
        payload = example.encode(record)
        before, after = tfrecord.frame(payload)
        content += before + payload + after
    with open(os.path.join(path, name), "wb") as file:
        file.write(content)
    crc = f"{google_crc32c.value(content):08x}"
    shard = manifest.Shard(name, len(records), len(content), crc)
    result = manifest.Manifest(
        label_space=label_space,
        num_classes=space.num_classes,
        image_size=manifest.NATIVE,
        image_format=records[0].image_format,
        options={},
        versions={},
        splits={
            "train": manifest.Split(
                num_examples=len(records),
                num_bytes=len(content),
                num_skipped=0,
                class_pixels=(0,) * space.num_classes,
                present_pixels=(0,) * space.num_classes,
                shards=(shard,),
                image_sizes={"16x32": len(records)},
            )
        },
    )
    with open(os.path.join(path, manifest.FILE_NAME), "w") as file:
        file.write(result.to_json())


def _write_split(path, split, frames, num_shards):
    shards = []
    for number in range(num_shards):
        name = names.shard_name(split, number, num_shards)
        content, count = b"", 0
        for index in range(number, len(frames), num_shards):
            payload = _encode(f"tiny_{index:06d}_000019", *frames[index])
            before, after = tfrecord.frame(payload)
            content += before + payload + after
            count += 1
        with open(os.path.join(path, name), "wb") as file:
            file.write(content)
        crc = f"{google_crc32c.value(content):08x}"
        shards.append(manifest.Shard(name, count, len(content), crc))
    return shards, [ids for _, ids in frames]


def _encode(name: str, image: np.ndarray, ids: np.ndarray) -> bytes:
    return example.encode(
        example.Record(
            name=name,
            image=encode_png(image),
            image_format="png",
            label=encode_png(ids),
            height=image.shape[0],
            width=image.shape[1],
        )
    )


def _class_pixels(all_ids, space) -> tuple[int, ...]:
    counts = np.zeros(256, np.int64)
    for ids in all_ids:
        counts += np.bincount(ids.ravel(), minlength=256)
    return tuple(int(count) for count in counts[: space.num_classes])


def _present_pixels(all_ids, space) -> tuple[int, ...]:
    counts = np.zeros(256, np.int64)
    for ids in all_ids:
        counts[np.unique(ids)] += np.count_nonzero(ids < space.num_classes)
    return tuple(int(count) for count in counts[: space.num_classes])
