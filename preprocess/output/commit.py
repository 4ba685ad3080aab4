"""The end of a conversion: what describes the set, the manifest last."""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence

from preprocess.errors import ConversionError, cannot_write
from preprocess.options import Options
from preprocess.output import card
from preprocess.records import shard_index, shard_writer
from preprocess.records.shard_writer import ShardReport
from preprocess.sources.pairing import SkippedFrame
from preprocess.storage import files
from schemas import manifest
from schemas.descriptions import croissant, origin, tfds
from schemas.quantities import counted, noun
from schemas.shards import names as shard_names

SKIPPED_FILE = "skipped.jsonl"
DESCRIPTIONS = (*tfds.FILES, croissant.FILE_NAME, card.FILE_NAME)
"""What describes a data set beside its manifest."""


def commit(
    reports: Sequence[ShardReport],
    problems: Sequence[SkippedFrame],
    inputs: Mapping[str, str],
    options: Options,
    versions: dict[str, str],
) -> None:
    """Writes skipped.jsonl, the metadata, the card and the manifest.

    Shards of a former conversion that the new manifest does not name are
    deleted with its index files, and so is the folder of unfinished work.

    Args:
        reports: One of each shard of each split, in any order.
        problems: Frames that were left out when they were paired.
        inputs: Split name → the fingerprint of its source files.
        options: The conversion's options.
        versions: Package name → version.

    Raises:
        ConversionError: A shard is not there with its size, or no frame of a
            split could be converted.
    """
    reports = sorted(reports, key=lambda report: report.shard.name)
    skipped = [frame for report in reports for frame in report.skipped]
    skipped = sorted(
        (*problems, *skipped), key=lambda frame: (frame.split, frame.name)
    )
    splits = {
        name: _sum_split(name, reports, skipped, inputs[name])
        for name in options.splits
    }
    _check_some_frame(splits, skipped)
    encoding = options.encoding
    content = manifest.Manifest(
        label_space=encoding.label_space,
        num_classes=encoding.space.num_classes,
        image_size=encoding.image_size,
        image_format=_image_format(reports, encoding.image_format),
        options=options.deciding(),
        versions=versions,
        splits=splits,
        labels=encoding.labels,
    )
    check_files(content, options.output_dir)
    _write_skipped(skipped, options.output_dir)
    write_descriptions(content, DESCRIPTIONS, options.output_dir)
    _delete_other_files(content, options)
    _write(manifest.FILE_NAME, content.to_json(), options.output_dir)
    delete_work(options.output_dir)


def _check_some_frame(
    splits: Mapping[str, manifest.Split], skipped: Sequence[SkippedFrame]
) -> None:
    """Raises ConversionError where all frames of a split were left out."""
    for name, split in splits.items():
        if not split.num_examples:
            first = next(frame for frame in skipped if frame.split == name)
            raise ConversionError(
                f"no frame of {name} can be converted, first {first.name}: "
                f"{first.reason}. Mend that, or leave {name} out of --splits."
            )


def check_files(content: manifest.Manifest, output_dir: str) -> None:
    """Checks that every shard is there with the size the manifest gives.

    Raises:
        ConversionError: One is not; names the first and counts them.
    """
    found = {
        file.path.rpartition("/")[2]: file.num_bytes
        for file in files.list_folder(output_dir)
    }
    shards = content.shards
    wrong = [s for s in shards if found.get(s.name) != s.num_bytes]
    if wrong:
        size = found.get(wrong[0].name, "no")
        raise ConversionError(
            f"{len(wrong)} of {counted(len(shards), 'shard')} in {output_dir} "
            f"{noun(len(wrong), 'is', 'are')} not as written, first "
            f"{wrong[0].name}: {size} bytes instead of "
            f"{wrong[0].num_bytes}. Run the same command again."
        )


def delete_work(output_dir: str) -> None:
    """Deletes the folder of unfinished work."""
    files.delete_folder(files.join(output_dir, shard_writer.WORK_DIR))


def shard_files(output_dir: str) -> list[str]:
    """Returns the names of all files in a folder that are named as shards."""
    found = files.list_folder(output_dir)
    names = (file.path.rpartition("/")[2] for file in found)
    return list(filter(shard_names.is_shard_name, names))


def _image_format(reports: Iterable[ShardReport], usual: str) -> str:
    """Returns the format of all pictures, or that they have several."""
    formats = {name for report in reports for name in report.image_formats}
    if len(formats) > 1:
        return manifest.SEVERAL
    return formats.pop() if formats else usual


def _sum_split(
    name: str,
    reports: Iterable[ShardReport],
    skipped: Iterable[SkippedFrame],
    inputs: str,
) -> manifest.Split:
    own = [report for report in reports if report.split == name]
    image_sizes: dict[str, int] = {}
    for report in own:
        for size, count in report.image_sizes.items():
            image_sizes[size] = image_sizes.get(size, 0) + count
    return manifest.Split(
        num_examples=sum(report.shard.num_examples for report in own),
        num_bytes=sum(report.shard.num_bytes for report in own),
        num_skipped=sum(frame.split == name for frame in skipped),
        class_pixels=_sum_columns(report.class_pixels for report in own),
        shards=tuple(report.shard for report in own),
        present_pixels=_sum_columns(report.present_pixels for report in own),
        image_sizes=dict(sorted(image_sizes.items())),
        inputs=inputs,
    )


def _sum_columns(rows: Iterable[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*rows, strict=True))


def write_descriptions(
    content: manifest.Manifest, names: Iterable[str], output_dir: str
) -> None:
    """Writes files that describe the data set to people and other readers.

    Args:
        content: The data set's manifest.
        names: Those of `DESCRIPTIONS` that are written.
        output_dir: The folder with its shards.

    Raises:
        ConversionError: One cannot be written.
    """
    texts = tfds.metadata_files(content)
    texts[croissant.FILE_NAME] = origin.to_text(croissant.metadata(content))
    for name in names:
        text = texts.get(name) or card.render(content, output_dir)
        _write(name, text, output_dir)


def find_descriptions(output_dir: str) -> list[str]:
    """Returns which of `DESCRIPTIONS` are there."""
    paths = {name: files.join(output_dir, name) for name in DESCRIPTIONS}
    return [name for name, path in paths.items() if files.exists(path)]


def _write_skipped(skipped: Sequence[SkippedFrame], output_dir: str) -> None:
    if skipped:
        lines = [json.dumps(dataclasses.asdict(frame)) for frame in skipped]
        text = "".join(f"{line}\n" for line in lines)
        _write(SKIPPED_FILE, text, output_dir)
    else:
        files.delete_if_there(files.join(output_dir, SKIPPED_FILE))


def _write(name: str, text: str, output_dir: str) -> None:
    """Writes one of the files that describe the data set.

    Raises:
        ConversionError: It cannot be written.
    """
    work_dir = files.join(output_dir, shard_writer.WORK_DIR)
    path = files.join(output_dir, name)
    try:
        files.make_folder(path.rpartition("/")[0])
        files.write_text(path, text, work_dir)
    except OSError as error:
        raise cannot_write(name, output_dir, error) from error


def _delete_other_files(content: manifest.Manifest, options: Options) -> None:
    """Deletes shards and index files that this conversion has not written."""
    output_dir = options.output_dir
    named = {shard.name for shard in content.shards}
    for name in shard_files(output_dir):
        if name not in named:
            files.delete_if_there(files.join(output_dir, name))
    indexed = named if options.write_index else set()
    for name in shard_index.list_shards(output_dir):
        if name not in indexed:
            files.delete_if_there(shard_index.index_path(name, output_dir))
