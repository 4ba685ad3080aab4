"""Tiny Cityscapes trees for tests."""

import io
import pathlib
import zipfile
import zlib

import numpy as np
from PIL import Image

STEMS = tuple(
    f"{city}_{sequence:06d}_{frame:06d}"
    for city, sequence, frame in (
        ("aachen", 0, 19),
        ("aachen", 1, 19),
        ("bad-honnef", 0, 4),
        ("bad-honnef", 12, 190),
        ("ulm", 3, 19),
        ("ulm", 4, 20),
    )
)


def png(pixels: np.ndarray, **options) -> bytes:
    """Encodes pixels as Pillow writes them."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """Frames a chunk of a PNG, whatever it holds, with the CRC that fits."""
    crc = zlib.crc32(kind + content)
    return b"".join(
        (len(content).to_bytes(4, "big"), kind, content, crc.to_bytes(4, "big"))
    )


def picture(seed: int, size: tuple[int, int] = (16, 32)) -> np.ndarray:
    """Draws (H, W, 3) uint8 noise."""
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def label_map(seed: int, size: tuple[int, int] = (16, 32)) -> np.ndarray:
    """Draws (H, W) uint8 ids in 0..33."""
    return np.random.default_rng(seed).integers(0, 34, size, np.uint8)


def image_path(root, stem: str, split: str = "train") -> pathlib.Path:
    """Returns where a frame's picture lies."""
    city = stem.rsplit("_", 2)[0]
    folder = pathlib.Path(root) / "leftImg8bit" / split / city
    return folder / f"{stem}_leftImg8bit.png"


def label_path(
    root, stem: str, split: str = "train", kind: str = "gtFine"
) -> pathlib.Path:
    """Returns where a frame's label map lies."""
    city = stem.rsplit("_", 2)[0]
    folder = pathlib.Path(root) / kind / split / city
    return folder / f"{stem}_{kind}_labelIds.png"


def write(path: pathlib.Path, data: bytes) -> None:
    """Writes a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_tree(
    root,
    stems=STEMS,
    split: str = "train",
    size: tuple[int, int] = (16, 32),
    kind: str = "gtFine",
) -> pathlib.Path:
    """Writes one split of a Cityscapes tree and returns its root."""
    for seed, stem in enumerate(stems):
        write(image_path(root, stem, split), png(picture(seed, size)))
        write(label_path(root, stem, split, kind), png(label_map(seed, size)))
    return pathlib.Path(root)


def zip_tree(root, target) -> pathlib.Path:
    """Packs a tree into the two official zips; returns their folder."""
    root, target = pathlib.Path(root), pathlib.Path(target)
    target.mkdir(parents=True, exist_ok=True)
    for kind in ("leftImg8bit", "gtFine"):
        path = target / f"{kind}_trainvaltest.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("README", "read me")
            archive.writestr("license.txt", "a license")
            for file in sorted((root / kind).rglob("*.png")):
                archive.write(file, file.relative_to(root).as_posix())
    return target


def contents(folder) -> dict[str, bytes]:
    """Returns the files below a folder, by their relative paths."""
    folder = pathlib.Path(folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
