"""Sample frames of a converted data set, small, for its card."""

import base64
import concurrent.futures
import dataclasses
import functools
import io
import itertools
import os
from collections.abc import Iterator

import numpy as np
from PIL import Image

from preprocess.errors import BadPictureError
from preprocess.records import encoding, png
from preprocess.storage import files
from schemas import example
from schemas.labels.colors import overlay
from schemas.labels.table import LabelSpace
from schemas.manifest import Manifest, Split
from schemas.pictures import LABEL_KINDS
from schemas.shards import tfrecord

MAX_SAMPLES = 6
WIDTH_PX = 320
_JPEG_QUALITY = 82


@dataclasses.dataclass(frozen=True)
class Sample:
    """One frame as the card shows it.

    Attributes:
        split: The split's name.
        name: The frame's stem.
        picture: A data: URI of the picture under its label map's colours, or
            of the picture alone where it has no label map; empty where it
            cannot be decoded.
        size: (height, width) of the small picture.
        problem: Why the picture cannot be decoded, else empty.
    """

    split: str
    name: str
    picture: str
    size: tuple[int, int]
    problem: str = ""


def read_samples(content: Manifest, data_dir: str) -> list[Sample]:
    """Reads the first few frames of each split.

    Which frames stand first is drawn by the conversion's hash, so they are
    both arbitrary and always the same.

    Args:
        content: The data set's manifest.
        data_dir: The folder with its shards.

    Returns:
        At most `MAX_SAMPLES` frames, split by split.
    """
    filled = {
        name: split
        for name, split in content.splits.items()
        if split.num_examples
    }
    samples: list[Sample] = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for index, (name, split) in enumerate(filled.items()):
            quota = (MAX_SAMPLES + index) // len(filled)
            draw = functools.partial(_draw, name, space=content.space)
            records = itertools.islice(_read_split(split, data_dir), quota)
            samples += pool.map(draw, records)
    return samples


def _read_split(split: Split, data_dir: str) -> Iterator[example.Record]:
    for shard in split.shards:
        with files.open_binary(files.join(data_dir, shard.name)) as stream:
            for _, payload in tfrecord.read_records(stream):
                yield example.decode(payload)


def _draw(split: str, record: example.Record, space: LabelSpace) -> Sample:
    """Decodes a record's pictures and lays one over the other."""
    try:
        picture = Image.fromarray(encoding.decode_image(record))
        ids = None
        if record.label:
            label = png.check(record.label, LABEL_KINDS, "label")
            ids = Image.fromarray(label.decode())
    except BadPictureError as error:
        return Sample(split, record.name, "", (1, 1), str(error))
    small = picture.reduce(max(1, picture.width // WIDTH_PX))
    pixels = np.asarray(small)
    if ids is not None:
        ids = ids.resize(small.size, Image.Resampling.NEAREST)
        pixels = overlay(pixels, np.asarray(ids), space)
    return Sample(split, record.name, _to_uri(pixels), pixels.shape[:2])


def _to_uri(pixels: np.ndarray) -> str:
    """Encodes (H, W, 3) uint8 pixels as a data: URI of a JPEG."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=_JPEG_QUALITY)
    text = base64.b64encode(stream.getvalue()).decode()
    return f"data:image/jpeg;base64,{text}"
