"""One shard: its frames' records in order, one file, one report.

The report stands beside the shard until the whole data set is done; a rerun
that finds a report whose shard still fits it takes the shard as it is.
"""

import collections
import dataclasses
import json
from collections.abc import Sequence
from typing import BinaryIO

import google_crc32c
import numpy as np

from preprocess.errors import (
    BadPictureError,
    ConversionError,
    cannot_write,
)
from preprocess.options import Options
from preprocess.progress import current as progress
from preprocess.records import frame_files, placement, shard_index
from preprocess.records.encoding import EncodedFrame
from preprocess.sources.pairing import Frame, SkippedFrame, fingerprint
from preprocess.sources.source_files import SourceFile
from preprocess.storage import files
from schemas import example, manifest
from schemas.quantities import counted
from schemas.shards import names, tfrecord

WORK_DIR = ".unfinished"
"""In the output folder while a conversion is under way."""


@dataclasses.dataclass(frozen=True)
class ShardReport:
    """What a shard holds.

    Attributes:
        split: The split's name.
        shard: The manifest's entry.
        class_pixels: Pixels of each class id.
        present_pixels: Pixels of all frames that hold the class, for each.
        image_sizes: `HEIGHTxWIDTH` → number of pictures.
        image_formats: Those of its pictures, in alphabetic order.
        skipped: Frames that were left out.
        inputs: What the shard was made from: options and frames.
    """

    split: str
    shard: manifest.Shard
    class_pixels: tuple[int, ...]
    present_pixels: tuple[int, ...]
    image_sizes: dict[str, int]
    skipped: tuple[SkippedFrame, ...]
    inputs: str
    image_formats: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Renders the report as one line of text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "ShardReport":
        """Reads what `to_json` wrote."""
        fields = json.loads(text)
        fields["shard"] = manifest.Shard(**fields["shard"])
        skipped = [SkippedFrame(**frame) for frame in fields["skipped"]]
        fields["skipped"] = tuple(skipped)
        for name in ("class_pixels", "present_pixels", "image_formats"):
            fields[name] = tuple(fields.get(name, ()))
        return cls(**fields)


class _Statistics:
    """Sums over a shard's frames."""

    def __init__(self, num_classes: int):
        self.class_pixels = np.zeros(num_classes, np.int64)
        self.present_pixels = np.zeros(num_classes, np.int64)
        self.image_sizes: collections.Counter[str] = collections.Counter()
        self.image_formats: set[str] = set()

    def add(self, frame: EncodedFrame) -> None:
        size = f"{frame.record.height}x{frame.record.width}"
        self.image_sizes[size] += 1
        self.image_formats.add(frame.record.image_format)
        if frame.class_pixels is not None:
            self.class_pixels += frame.class_pixels
            self.present_pixels[frame.class_pixels > 0] += (
                frame.class_pixels.sum()
            )


class _ShardFile:
    """An open TFRecord file that keeps its size, checksum and offsets."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._checksum = google_crc32c.Checksum()
        self.num_bytes = 0
        self.records: list[tuple[int, int]] = []  # (offset, length)

    def write(self, payload: bytes) -> None:
        begin = self.num_bytes
        header, footer = tfrecord.frame(payload)
        for part in (header, payload, footer):
            self._file.write(part)
            self._checksum.update(part)
            self.num_bytes += len(part)
        self.records.append((begin, self.num_bytes - begin))

    def crc32c(self) -> str:
        return self._checksum.digest().hex()


def write_shard(
    split: str,
    index: int,
    num_shards: int,
    frames: Sequence[Frame],
    options: Options,
) -> ShardReport:
    """Writes one shard, unless a former run has already done so.

    Args:
        split: The split's name.
        index: The shard's number, 0..num_shards-1.
        num_shards: The split's number of shards.
        frames: The shard's frames, in any order.
        options: The conversion's options.

    Raises:
        ConversionError: A frame is bad and `on_error` is `fail`, or a file
            cannot be read or written.
    """
    name = names.shard_name(split, index, num_shards)
    inputs = shard_inputs(frames, options)
    report = finished_report(name, inputs, options.output_dir)
    try:
        if report is None:
            report = _write(split, name, inputs, frames, options)
        else:
            progress.advance(len(frames))
            if options.write_index:
                _write_index_of(name, options.output_dir)
    except OSError as error:
        raise cannot_write(name, options.output_dir, error) from error
    return report


def shard_inputs(frames: Sequence[Frame], options: Options) -> str:
    """Returns the text that changes when a shard has to be made again."""
    total = sum(frame.fingerprint for frame in frames)
    # Index files are written beside a finished shard, too.
    made_by = options.deciding() | {"write_index": False}
    deciding = json.dumps(made_by, sort_keys=True)
    return f"{fingerprint(total, len(frames))} {deciding}"


def finished_report(
    name: str, inputs: str, output_dir: str
) -> ShardReport | None:
    """Returns a former run's report if its shard is there and whole."""
    try:
        text = files.read_text(_report_path(name, output_dir))
        report = ShardReport.from_json(text)
        if report.inputs != inputs:
            return None
        checksum = google_crc32c.Checksum()
        for block in files.read_blocks(files.join(output_dir, name)):
            checksum.update(block)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = checksum.digest().hex() == report.shard.crc32c
    return report if whole else None


def _write(
    split: str,
    name: str,
    inputs: str,
    frames: Sequence[Frame],
    options: Options,
) -> ShardReport:
    statistics = _Statistics(options.encoding.space.num_classes)
    skipped = []
    path = files.join(options.output_dir, name)
    work_dir = files.join(options.output_dir, WORK_DIR)
    by_order = sorted(frames, key=lambda f: placement.order_in_shard(f.name))
    with files.AtomicFile(path, work_dir) as file:
        shard = _ShardFile(file)
        for frame in by_order:
            try:
                encoded = _read_and_encode(frame, options)
            except BadPictureError as error:
                skipped.append(_skip(frame, error, options))
            else:
                shard.write(example.encode(encoded.record))
                statistics.add(encoded)
            progress.advance()
        if not shard.records and files.scheme(path) == "s3":
            raise ConversionError(
                f"{name} would be empty, and Beam cannot write an empty object "
                "to s3://; give a lower --num_shards."
            )
    if options.write_index:
        shard_index.write(name, shard.records, options.output_dir, work_dir)
    report = ShardReport(
        split=split,
        shard=manifest.Shard(
            name, len(shard.records), shard.num_bytes, shard.crc32c()
        ),
        class_pixels=tuple(statistics.class_pixels.tolist()),
        present_pixels=tuple(statistics.present_pixels.tolist()),
        image_sizes=dict(sorted(statistics.image_sizes.items())),
        skipped=tuple(skipped),
        inputs=inputs,
        image_formats=tuple(sorted(statistics.image_formats)),
    )
    report_path = _report_path(name, options.output_dir)
    files.write_text(report_path, report.to_json(), work_dir)
    return report


def _read_and_encode(frame: Frame, options: Options) -> EncodedFrame:
    image = _read(frame.image)
    label = _read(frame.label) if frame.label else None
    return frame_files.encode(frame, image, label, options.encoding)


def _read(file: SourceFile) -> bytes:
    try:
        data = frame_files.read(file)
    except OSError as error:
        raise ConversionError(
            f"{file.path} cannot be read ({error}); mend that and run the same "
            "command again, finished shards are kept."
        ) from error
    if len(data) != file.num_bytes:
        raise ConversionError(
            f"{file.path} gave {counted(len(data), 'byte')} and had "
            f"{file.num_bytes} when it was listed; run the same command again "
            "when nothing changes it."
        )
    return data


def _skip(
    frame: Frame, error: BadPictureError, options: Options
) -> SkippedFrame:
    if options.on_error == "fail":
        raise ConversionError(
            f"{error.path}: {error}. Mend the file, or leave such frames out "
            "with --on_error=skip; finished shards are kept."
        ) from error
    return SkippedFrame(frame.split, frame.name, f"{error}: {error.path}")


def _write_index_of(name: str, output_dir: str) -> None:
    """Writes the index file of a shard that a former run has finished."""
    with files.open_binary(files.join(output_dir, name)) as stream:
        records = list(shard_index.extents(stream))
    work_dir = files.join(output_dir, WORK_DIR)
    shard_index.write(name, records, output_dir, work_dir)


def _report_path(name: str, output_dir: str) -> str:
    return files.join(output_dir, WORK_DIR, f"{name}.json")
