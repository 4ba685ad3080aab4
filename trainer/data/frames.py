"""The frames of a split at their stored size, each exactly once.

They come from records that preprocess.main wrote, or from Cityscapes as it
is downloaded; the scores of both are the same.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator

import numpy as np

from schemas import example
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.colors import ids_of_colors
from schemas.labels.table import LabelSpace, LabelTable
from schemas.layouts import filenames
from schemas.layouts.kinds import frame_name
from schemas.layouts.layout import Layout
from schemas.layouts.table import CITYSCAPES as CITYSCAPES_LAYOUT
from schemas.manifest import FILE_NAME, NATIVE, ManifestError
from schemas.pictures import PICTURE_KINDS, parse_png_header
from schemas.quantities import counted
from schemas.shards import tfrecord
from trainer.config.data import DataConfig
from trainer.config.flag import ConfigError
from trainer.data import found_files, run_records
from trainer.data.dataset import Part
from trainer.storage import files
from trainer.storage import images as pictures
from trainer.storage.archives import Reader
from trainer.storage.threads import ahead


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


@dataclasses.dataclass(frozen=True)
class Frames:
    """A split's frames.

    Attributes:
        num_frames: How many there are.
        space: The label space that they are stored in.
        is_native: Whether they have their original size.
        read: Reads them, a few ahead in threads; raises ValueError where one
            is damaged, and names it.
        left_out: Counts and names files that look like frames' and are not
            taken; empty if all are.
        part: The split of records that they are; None for files as they are
            downloaded.
    """

    num_frames: int
    space: LabelSpace
    is_native: bool
    read: Callable[[], Iterator[Frame]]
    left_out: str = ""
    part: Part | None = None


def open_frames(
    data: DataConfig,
    label_space: str | None = None,
    table: LabelTable = CITYSCAPES,
    layout: Layout = CITYSCAPES_LAYOUT,
) -> Frames:
    """Finds the frames of the split to score on.

    Args:
        data: The split, and the folder of its records or of files as they
            are downloaded, or zips of these.
        label_space: The space that the run insists on; None takes any.
        table: The classes of label maps that are not converted yet; records
            bring their own.
        layout: Where the files of such label maps, and pictures, lie.

    Raises:
        ManifestError: The records are not what their manifest says.
        ConfigError: The label space or a size does not fit.
        FileNotFoundError: There are no frames, or one lacks its partner.
        ValueError: A zip is none, or a frame comes twice.
    """
    folders = run_records.folders(data.data_dir)
    if not any(map(run_records.is_data_set, folders)):
        if found_files.is_source(data.data_dir, data.eval_split, layout):
            return _open_downloaded(data, label_space, table, layout)
        if not files.is_folder(data.data_dir):
            raise FileNotFoundError(
                f"{data.data_dir} does not exist; give --data_dir a folder of "
                "preprocess.main, or Cityscapes' own or its zips"
            )
        missing = found_files.what_is_missing(
            data.data_dir, "--data_dir", data.eval_split, layout
        )
        raise FileNotFoundError(
            f"{data.data_dir} holds no {FILE_NAME}, so it is no data set of "
            f"preprocess.main; {missing}"
        )
    part = run_records.open_evaluation(data, label_space)
    manifest = part.records.manifest
    return Frames(
        num_frames=part.counts.num_examples,
        space=manifest.space,
        is_native=manifest.image_size == NATIVE,
        read=lambda: _read_records(part),
        part=part,
    )


def sample(part: Part, count: int) -> list[Frame]:
    """Reads the first frames of a split of records.

    Raises:
        ManifestError: A record is damaged.
        OSError: They cannot be read.
    """
    return list(itertools.islice(_read_records(part), count))


def _open_downloaded(
    data: DataConfig,
    label_space: str | None,
    table: LabelTable,
    layout: Layout,
) -> Frames:
    space = table.label_ids
    if label_space not in (None, space.name):
        raise ConfigError(
            f"--label_space={label_space}, but {data.data_dir} holds "
            f"{space.name}; drop the flag"
        )
    images, labels = (
        found_files.find(data.data_dir, data.eval_split, is_label, layout)
        for is_label in (False, True)
    )
    found_files.pair(labels, images, "picture")
    pairs = found_files.pair(images, labels, "label map")
    return Frames(
        num_frames=len(pairs),
        space=space,
        is_native=True,
        read=lambda: ahead(lambda pair: _read_pair(pair, table), pairs),
        left_out=filenames.describe((*images.strays, *labels.strays)),
    )


def _read_pair(pair: found_files.Pair, table: LabelTable) -> Frame:
    image, label = pair.first, pair.second
    return _decode(
        frame_name(pair.stem),
        (image.path, image.read),
        (label.path, lambda: decode_label_map(label.read(), table)),
    )


def decode_label_map(content: bytes, table: LabelTable) -> np.ndarray:
    """Decodes a label map's PNG as the conversion reads it.

    Args:
        content: The file's bytes.
        table: The classes that it tells apart.

    Returns:
        (H, W) uint8 label ids; `IGNORE_ID` where no class is meant.

    Raises:
        ValueError: It is no label map, or holds what is no class.
    """
    if parse_png_header(content).kind in PICTURE_KINDS:
        return ids_of_colors(pictures.decode_rgb(content), table)
    ids = pictures.decode_ids(content)
    there = np.flatnonzero(np.bincount(ids.ravel()))
    strays = {*there.tolist()} - {*table.label_ids.ids, table.ignore_id}
    if strays:
        raise ValueError(
            f"the label map holds the id {max(strays)}, label_ids are "
            f"{table.label_ids.extent}"
        )
    return table.label_ids.stored[ids]


def _read_records(part: Part) -> Iterator[Frame]:
    space = part.records.manifest.space
    to_label_ids = space.to_label_ids

    def decode(item: tuple[str, bytes]) -> Frame:
        where, payload = item
        try:
            record = example.decode(payload)
            where += f": {record.name}"
            if not record.label:
                raise ValueError(
                    "it has no label map; score another split, or convert "
                    "test with --test_labels where its label maps are real"
                )
            example.check_pictures(record)
            frame = _decode(
                record.name,
                ("its picture", lambda: record.image),
                ("its label map", lambda: pictures.decode_ids(record.label)),
            )
            space.check_ids(frame.truth_ids)
        except ValueError as error:
            raise ManifestError(f"{where}: {error}") from error
        truth_ids = to_label_ids[frame.truth_ids]
        return dataclasses.replace(frame, truth_ids=truth_ids)

    return ahead(decode, _payloads(part))


def _payloads(part: Part) -> Iterator[tuple[str, bytes]]:
    """Yields each record with the words that name it.

    Raises:
        ManifestError: A record is damaged, or another conversion has replaced
            some while others were read.
    """
    for shard in part.shards:
        path = part.records.path(shard)
        count = 0
        try:
            with files.open_binary(path) as stream:
                for _, payload in tfrecord.read_records(stream):
                    yield f"{path}, record {count}", payload
                    count += 1
        except tfrecord.CorruptRecordError as error:
            raise ManifestError(f"{path}: {error}") from error
        if count != shard.num_examples:
            raise ManifestError(
                f"{path} holds {counted(count, 'record')}, the manifest says "
                f"{shard.num_examples}; convert again with --overwrite"
            )
    part.check_unchanged()


def _decode(
    name: str,
    image_file: tuple[str, Reader],
    label_file: tuple[str, Callable[[], np.ndarray]],
) -> Frame:
    """Decodes both; the ids are still those of the stored label map.

    Args:
        name: The frame's stem.
        image_file: What to call the picture, and what reads it.
        label_file: What to call the label map, and what decodes it.
    """
    try:
        where, decode_label = label_file
        ids = decode_label()
        where, read_image = image_file
        image = pictures.decode_rgb(read_image())
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error
    if image.shape[:2] != ids.shape:
        raise ValueError(
            f"{where}: the picture is {image.shape[:2]}, its label {ids.shape}"
        )
    return Frame(name, image, ids)
