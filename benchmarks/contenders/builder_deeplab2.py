"""Builds records the way DeepLab2's Cityscapes builder does.

    python -m benchmarks.contenders.builder_deeplab2 CITYSCAPES_ROOT OUTPUT_DIR

An own equivalent of what its semantic mode does to the train split
(`data/build_cityscapes_data.py`, `create_features` in `data/data_utils.py`):
one process, ten shards one after the other; each picture is decoded twice,
for its mode and for its size, each label map once; protobuf serializes the
example.  TensorFlow, whose start the original pays as well, is left out.
"""

import glob
import io
import math
import os
import sys

from PIL import Image, ImageOps

from benchmarks.harness import trees
from schemas import example, example_pb2
from schemas.shards import names, tfrecord

_NUM_SHARDS = 10


def build(cityscapes_root: str, output_dir: str) -> None:
    """Writes the train split's pairs to ten TFRecord files."""
    os.makedirs(output_dir, exist_ok=True)
    pattern = "leftImg8bit/train/*/*_leftImg8bit.png"
    image_paths = sorted(glob.glob(os.path.join(cityscapes_root, pattern)))
    per_shard = math.ceil(len(image_paths) / _NUM_SHARDS)
    for index in range(_NUM_SHARDS):
        name = names.shard_name("train", index, _NUM_SHARDS)
        begin = index * per_shard
        with open(os.path.join(output_dir, name), "wb") as file:
            for image_path in image_paths[begin : begin + per_shard]:
                payload = _encode(image_path)
                header, footer = tfrecord.frame(payload)
                file.write(header + payload + footer)


def _encode(image_path: str) -> bytes:
    stem, image, label = trees.read_pair(image_path)
    if _decode(image).mode != "RGB":
        raise ValueError(f"{image_path} is not an RGB picture")
    width, height = _decode(image).size
    if _decode(label).size != (width, height):
        raise ValueError(f"the label map of {image_path} is not of its's size")
    message = example_pb2.Example()
    for key, value in (
        (example.IMAGE_ENCODED, image),
        (example.IMAGE_FILENAME, stem.encode()),
        (example.IMAGE_FORMAT, b"png"),
        (example.LABEL_ENCODED, label),
        (example.LABEL_FORMAT, b"png"),
    ):
        message.features.feature[key].bytes_list.value.append(value)
    for key, number in (
        (example.IMAGE_HEIGHT, height),
        (example.IMAGE_WIDTH, width),
        (example.IMAGE_CHANNELS, 3),
    ):
        message.features.feature[key].int64_list.value.append(number)
    return message.SerializeToString()


def _decode(data: bytes) -> Image.Image:
    """Decodes a picture as the original does: whole, and as a copy."""
    picture = Image.open(io.BytesIO(data), formats=("PNG",))
    return ImageOps.exif_transpose(picture)


if __name__ == "__main__":
    build(*sys.argv[1:])
