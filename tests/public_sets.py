"""Tiny trees of public data sets, each in its own naming.

Names, bit depths and palettes are those that each set documents: KITTI's
devkit_semantics (readme.txt), doc.bdd100k.com/format.html, ACDC's README_ACDC,
IDD's public-code, Mapillary Vistas v1.2's README, the SegNet tutorial.
"""

import io
import pathlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from schemas.labels import named
from tests import trees

SIZE = (32, 48)


def jpeg(pixels: np.ndarray, **options) -> bytes:
    """Encodes pixels as cameras do: 4:2:0."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "JPEG", **{"quality": 90, "subsampling": 2} | options
    )
    return buffer.getvalue()


def palette_png(ids: np.ndarray, colors: np.ndarray, bits: int = 8) -> bytes:
    """Encodes ids as the indices of a palette."""
    picture = Image.fromarray(ids).convert("L")
    picture = Image.frombytes("P", picture.size, picture.tobytes())
    picture.putpalette(colors.astype(np.uint8).ravel().tolist())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", bits=bits)
    return buffer.getvalue()


def ids(seed: int, *choice: int) -> np.ndarray:
    """Draws a label map of some ids, every one of which occurs."""
    random = np.random.default_rng(seed)
    pixels = random.choice(np.array(choice, np.uint8), SIZE)
    pixels.ravel()[: len(choice)] = choice
    return pixels


def _kitti(root: pathlib.Path) -> None:
    for index in range(8):
        stem = f"{index:06d}_10"
        picture = trees.png(trees.picture(index, SIZE))
        trees.write(root / "training" / "image_2" / f"{stem}.png", picture)
        label = trees.png(ids(index, 7, 8, 11, 26))
        trees.write(root / "training" / "semantic" / f"{stem}.png", label)
        color = root / "training" / "semantic_rgb" / f"{stem}.png"
        trees.write(color, picture)
        trees.write(root / "testing" / "image_2" / f"{stem}.png", picture)


def _bdd100k(root: pathlib.Path) -> None:
    for split, stem in (("train", "0004a4c0-d4dff0ad"), ("val", "7d06fefd-1")):
        picture = jpeg(trees.picture(1, SIZE))
        trees.write(root / f"images/10k/{split}/{stem}.jpg", picture)
        label = trees.png(ids(2, 0, 1, 13, 18, 255))
        masks = root / "labels" / "sem_seg"
        trees.write(masks / "masks" / split / f"{stem}.png", label)
        trees.write(masks / "colormaps" / split / f"{stem}.png", picture)


def _acdc(root: pathlib.Path) -> None:
    for split, folder in (
        ("train", "fog/train/GOPR0475"),
        ("train", "night/train_ref/GP010376"),
        ("val", "rain/val/GOPR0400"),
    ):
        stem = f"{folder.rpartition('/')[2]}_frame_000041"
        picture = trees.png(trees.picture(3, SIZE))
        path = root / "rgb_anon" / folder / f"{stem}_rgb_anon.png"
        trees.write(path, picture)
        if "_ref" in folder:
            continue
        for kind in ("labelIds", "labelTrainIds", "labelColor", "invIds"):
            label = trees.png(ids(4, 0, 7, 23, 33))
            trees.write(root / "gt" / folder / f"{stem}_gt_{kind}.png", label)
        assert split in folder


def _idd(root: pathlib.Path) -> None:
    for split in ("train", "val"):
        for city in ("0", "119"):  # Names repeat from drive to drive.
            stem = f"{city}/frame0299"
            picture = trees.picture(len(city), SIZE)
            pictures = root / "leftImg8bit" / split
            trees.write(
                pictures / f"{stem}_leftImg8bit.png", trees.png(picture)
            )
            labels = root / "gtFine" / split
            for kind in ("labelids.png", "instanceids.png", "polygons.json"):
                label = trees.png(ids(5, 0, 11, 34, 35, 255))
                trees.write(labels / f"{stem}_gtFine_{kind}", label)


def _mapillary(root: pathlib.Path) -> None:
    colors = named.table("mapillary").label_ids.palette
    for split in ("training", "validation"):
        stem = f"{split}-0RsSkJyA"
        picture = jpeg(trees.picture(6, SIZE))
        trees.write(root / split / "images" / f"{stem}.jpg", picture)
        label = palette_png(ids(7, 0, 13, 27, 64, 65), colors)
        trees.write(root / split / "labels" / f"{stem}.png", label)
        trees.write(root / split / "instances" / f"{stem}.png", label)


def _camvid(root: pathlib.Path) -> None:
    for split, stem in (("train", "0001TP_006690"), ("val", "0016E5_07959")):
        picture = trees.png(trees.picture(8, SIZE))
        trees.write(root / split / f"{stem}.png", picture)
        label = trees.png(ids(9, *range(12)))
        trees.write(root / f"{split}annot" / f"{stem}.png", label)
        (root / f"{split}.txt").write_text(f"/SegNet/CamVid/{stem}.png\n")


def _pairs(root: pathlib.Path) -> None:
    for index in range(10):
        folder = root / "images" / f"day {index % 2}"
        encode = jpeg if index % 3 else trees.png
        suffix = ".JPG" if index % 3 else ".png"
        picture = encode(trees.picture(index, SIZE))
        trees.write(folder / f"{index}{suffix}", picture)
        label = trees.png(ids(index, 7, 8, 11))
        trees.write(root / f"masks/day {index % 2}/{index}.png", label)


def _cityscapes(root: pathlib.Path) -> None:
    trees.write_tree(root, trees.STEMS[:2], "train", SIZE)
    trees.write_tree(root, trees.STEMS[2:3], "val", SIZE)


WRITERS: dict[str, Callable[[pathlib.Path], None]] = {
    "cityscapes": _cityscapes,
    "kitti": _kitti,
    "bdd100k": _bdd100k,
    "acdc": _acdc,
    "idd": _idd,
    "mapillary": _mapillary,
    "camvid": _camvid,
    "pairs": _pairs,
}
"""Layout → what writes a tree of it."""
