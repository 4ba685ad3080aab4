r"""Checks a finished data set, naming each bad shard and record.

    python -m preprocess.verify --data_dir=OUT [--quick]

Exits 0 if all is well, 1 if something is wrong, 2 if a flag is.
"""

import concurrent.futures
import dataclasses
import logging
import os
from collections.abc import Callable, Sequence

import numpy as np

from preprocess import command_line
from preprocess.errors import BadPictureError
from preprocess.records import encoding, label_maps, placement, png
from schemas import example, failures, manifest
from schemas.pictures import LABEL_KINDS, PICTURE_KINDS
from schemas.quantities import counted
from schemas.shards import check, tfrecord
from schemas.shards import names as shard_names

_NUM_PRINTED = 50


@dataclasses.dataclass(frozen=True)
class ShardResult:
    """What the check of one shard found.

    Attributes:
        problems: One line for each thing that is wrong.
        places: The name of each readable record → where it is.
        class_pixels: (num_classes,) int64 pixels of each class, or None if
            they were not counted.
        extents: (offset, length) in bytes of each record that could be read.
    """

    problems: tuple[str, ...]
    places: dict[str, str]
    class_pixels: np.ndarray | None
    extents: tuple[tuple[int, int], ...] = ()


def verify(data_dir: str, *, quick: bool = False) -> list[str]:
    """Checks a data set against its manifest.

    Every file's size and CRC-32C, every record's CRCs, every example's
    fields, names, order and place, what its pictures claim to be, and the index
    files that are there; without `quick` also the pictures' chunks and pixel
    streams, the label ids and counts.

    Args:
        data_dir: The data set's folder.
        quick: Whether to leave pictures undecoded.

    Returns:
        One line for each thing that is wrong, naming shard and record.

    Raises:
        manifest.ManifestError: There is no readable manifest.
    """
    from preprocess.output import commit
    from preprocess.records import shard_index
    from preprocess.storage import files

    files.use_default_options(data_dir)
    problems = []
    extents = {}
    try:
        content = manifest.load(data_dir, files.read_text)
    except manifest.EditedManifestError as error:
        content = error.manifest
        problems.append(str(error))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, split in content.splits.items():
            results = list(
                pool.map(
                    lambda shard: _check_shard(
                        shard, data_dir, content, quick, files.open_binary
                    ),
                    split.shards,
                )
            )
            problems += _check_split(name, split, results)
            for shard, result in zip(split.shards, results, strict=True):
                extents[shard.name] = result.extents
    known = {shard.name for shard in content.shards}
    for stranger in commit.shard_files(data_dir):
        if stranger not in known:
            problems.append(f"{stranger}: the manifest does not name it")
    for name in shard_index.list_shards(data_dir):
        place = shard_index.place(name)
        if name not in known:
            problems.append(f"{place}: the manifest does not name its shard")
        elif name in extents and not shard_index.fits(
            name, extents[name], data_dir
        ):
            problems.append(
                f"{place}: says other places than the records have; the "
                "conversion's command with --write_index writes it again"
            )
    return problems


def _check_split(
    name: str, split: manifest.Split, results: Sequence[ShardResult]
) -> list[str]:
    """Gathers the shards' problems and checks what spans them."""
    problems = [line for result in results for line in result.problems]
    places: dict[str, str] = {}
    for result in results:
        for frame, place in result.places.items():
            if frame in places:
                problems.append(
                    f"{place}: frame {frame} is also at {places[frame]}"
                )
            places[frame] = place
    counts = [r.class_pixels for r in results if r.class_pixels is not None]
    if counts and len(counts) == len(results) and not problems:
        total = tuple(np.sum(counts, axis=0).tolist())
        if total != split.class_pixels:
            problems.append(
                f"{name}: the manifest's class_pixels are not those of the "
                "label maps"
            )
    return problems


def _check_shard(
    shard: manifest.Shard,
    data_dir: str,
    content: manifest.Manifest,
    quick: bool,
    open_binary: Callable,
) -> ShardResult:
    """Reads one shard through and checks all that stands in it."""
    problems: list[str] = []
    places: dict[str, str] = {}
    class_pixels = None if quick else np.zeros(content.num_classes, np.int64)
    extents: list[tuple[int, int]] = []
    try:
        with open_binary(f"{data_dir}/{shard.name}") as raw:
            file = check.ChecksummedFile(raw)
            try:
                for offset, payload in tfrecord.read_records(file):
                    place = f"{shard.name}: record {len(extents)} at {offset}"
                    length = len(payload) + tfrecord.FRAMING_BYTES
                    extents.append((offset, length))
                    try:
                        record = example.decode(payload)
                        _check_record(
                            record, shard.name, places, place, content
                        )
                        if not quick:
                            class_pixels += _count_pixels(record, content)
                    except ValueError as error:
                        problems.append(f"{place}: {error}")
            except tfrecord.CorruptRecordError as error:
                problems.append(f"{shard.name}: {error}")
            file.read_rest()
    except OSError as error:
        return ShardResult((f"{shard.name}: {error}",), places, None)
    problems += _check_totals(shard, len(extents), file, list(places))
    return ShardResult(tuple(problems), places, class_pixels, tuple(extents))


def _check_totals(
    shard: manifest.Shard,
    num_records: int,
    file: check.ChecksummedFile,
    names: Sequence[str],
) -> list[str]:
    """Checks the whole of a shard that was read through, and the order."""
    problems = check.differences(shard, num_records, file)
    if list(names) != sorted(names, key=placement.order_in_shard):
        problems.append(f"{shard.name}: the records are not in order")
    return problems


def _check_record(
    record: example.Record,
    shard_name: str,
    places: dict[str, str],
    place: str,
    content: manifest.Manifest,
) -> None:
    """Checks an example's fields and place; notes its name.

    Raises:
        ValueError: One does not fit.
    """
    if record.name in places:
        raise ValueError(
            f"frame {record.name} is also at {places[record.name]}"
        )
    places[record.name] = place
    split, index, num_shards = shard_names.parse_shard_name(shard_name)
    home = placement.shard_of(record.name, num_shards)
    if home != index:
        name = shard_names.shard_name(split, home, num_shards)
        raise ValueError(f"frame {record.name} belongs in {name}")
    formats = {content.image_format}
    if content.image_format == manifest.SEVERAL:
        formats = {"png", "jpeg"}
    if record.image_format not in formats:
        raise ValueError(
            f"frame {record.name} is {record.image_format}, the manifest says "
            f"{content.image_format}"
        )
    size = content.image_size
    if size not in (manifest.NATIVE, (record.height, record.width)):
        raise ValueError(
            f"frame {record.name} is {record.height}x{record.width}, the "
            f"manifest says {size[0]}x{size[1]}"
        )
    try:
        example.check_pictures(record)
    except ValueError as error:
        raise ValueError(f"frame {record.name}: {error}") from error


def _count_pixels(
    record: example.Record, content: manifest.Manifest
) -> np.ndarray:
    """Decodes a record's pictures; returns the pixels of each class.

    Raises:
        BadPictureError: A picture is damaged, of another size than the
            record says, or holds a wrong id.
    """
    counts = [0] * 256
    try:
        _verify_image(record)
        if record.label:
            label = png.check(record.label, LABEL_KINDS, "label")
            _, counts = label_maps.decode_stored(label, content.space)
    except BadPictureError as error:
        raise BadPictureError(f"frame {record.name}: {error}") from error
    return np.array(counts[: content.num_classes], np.int64)


def _verify_image(record: example.Record) -> None:
    """Verifies a record's picture: a PNG's streams, all of a JPEG."""
    if record.image_format == "png":
        png.check(record.image, PICTURE_KINDS, "image").verify_pixels()
        return
    height, width = encoding.decode_image(record).shape[:2]
    if (height, width) != (record.height, record.width):
        raise BadPictureError(
            f"image is {height}x{width}, the record says "
            f"{record.height}x{record.width}"
        )


def run(arguments: Sequence[str] | None) -> int:
    """Parses the flags, verifies and prints; returns the exit code."""
    parser = command_line.FlagParser(__doc__)
    parser.add_argument(
        "--data_dir",
        type=command_line.folder,
        required=True,
        help="the data set",
    )
    parser.add_argument(
        "--quick", action="store_true", help="do not decode the pictures"
    )
    given = parser.parse_flags(arguments)
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns of its extras.
    data_dir = given.data_dir.rstrip("/") or "/"
    return _report(data_dir, given.quick)


def _report(data_dir: str, quick: bool) -> int:
    """Verifies a data set and prints what was found."""
    from preprocess.storage import files

    problems = verify(data_dir, quick=quick)
    for line in problems[:_NUM_PRINTED]:
        print(failures.printable(line))
    if problems:
        num_problems = counted(len(problems), "problem")
        print(f"{failures.printable(data_dir)}: {num_problems}")
        return failures.EXIT_FAILED
    splits = manifest.load(data_dir, files.read_text).splits
    for name, split in splits.items():
        print(f"{name}: {command_line.describe([split])}")
    total = command_line.describe(splits.values())
    print(f"{failures.printable(data_dir)}: {total}, all well")
    return 0
