"""Reads a split's frames at their stored size, each exactly once."""

import dataclasses
from collections.abc import Iterator

import numpy as np

from schemas import example, tfrecord
from schemas.labels import IGNORE_ID, LabelSpace
from schemas.manifest import Manifest, ManifestError
from trainer import pictures, storage
from trainer.config import DataConfig


@dataclasses.dataclass(frozen=True, eq=False)
class Frame:
    """A decoded frame.

    Attributes:
        name: The frame's stem, `<city>_<seq>_<frame>`.
        image: (H, W, 3) uint8 in [0, 255].
        truth_ids: (H, W) uint8 labelIds; `IGNORE_ID` where the data set
            knows none.
    """

    name: str
    image: np.ndarray
    truth_ids: np.ndarray


def read_frames(data: DataConfig, manifest: Manifest) -> Iterator[Frame]:
    """Yields the frames of the split to score on, in shard order.

    Decoding runs in threads, a few frames ahead.

    Raises:
        ManifestError: A shard is damaged or short; names the record.
    """
    to_label_ids = label_id_table(manifest.space)

    def decode(item: tuple[str, bytes]) -> Frame:
        where, payload = item
        try:
            return _decode(payload, to_label_ids)
        except ValueError as error:
            raise ManifestError(f"{where}: {error}") from error

    yield from pictures.ahead(decode, _payloads(data, manifest))


def label_id_table(space: LabelSpace) -> np.ndarray:
    """Returns (256,) uint8: id of a space → labelId, else `IGNORE_ID`."""
    table = space.to_label_ids.copy()
    table[space.num_classes :] = IGNORE_ID
    return table


def _payloads(
    data: DataConfig, manifest: Manifest
) -> Iterator[tuple[str, bytes]]:
    """Yields each record with the words that name it."""
    shards = manifest.split(data.eval_split).shards
    for shard in shards:
        path = storage.join(data.data_dir, shard.name)
        count = 0
        try:
            with storage.open_binary(path) as stream:
                for _, payload in tfrecord.read_records(stream):
                    yield f"{path}, record {count}", payload
                    count += 1
        except tfrecord.CorruptRecordError as error:
            raise ManifestError(f"{path}: {error}") from error
        if count != shard.num_examples:
            raise ManifestError(
                f"{path} holds {count} records, the manifest says "
                f"{shard.num_examples}; convert again with --overwrite"
            )


def _decode(payload: bytes, to_label_ids: np.ndarray) -> Frame:
    record = example.decode(payload)
    try:
        image = pictures.decode_rgb(record.image)
        ids = pictures.decode_ids(record.label)
    except ValueError as error:
        raise ValueError(f"{record.name}: {error}") from error
    if image.shape[:2] != ids.shape:
        raise ValueError(
            f"{record.name}: the picture is {image.shape[:2]}, its label "
            f"{ids.shape}"
        )
    return Frame(record.name, image, to_label_ids[ids])
