r"""Says what a conversion would find, and reads a few of the files.

    python -m preprocess.inspect --cityscapes_root=DIR [--layout=NAME]

The flags are preprocess.main's; nothing is written.  Without --splits it
looks for every split.  Exits with 1 where the conversion would stop.
"""

import collections
import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from preprocess import flags
from preprocess.errors import BadPictureError
from preprocess.options import Options
from preprocess.records import frame_files, jpeg, label_maps, png
from preprocess.sources import listing, pairing, root, source_files
from preprocess.sources.pairing import Frame, SkippedFrame
from preprocess.sources.source_files import SourceFile
from preprocess.storage import files
from schemas import failures
from schemas.failures import FlagError
from schemas.labels import named
from schemas.labels.table import LabelTable
from schemas.layouts import filenames
from schemas.pictures import LABEL_FILE_KINDS, PICTURE_KINDS
from schemas.quantities import counted
from schemas.shards.names import SPLITS

_NUM_READ = 8
"""Frames of a split that are read."""

_NUM_NAMED = 3

_OUTCOMES = {"fail": "stop it", "skip": "be left out"}
"""`--on_error` → what a frame with a problem would do to a conversion."""


@dataclasses.dataclass
class _Sample:
    """What a few frames of a split hold.

    Attributes:
        pictures: Format, kind and size in words → how many pictures.
        labels: Kind in words → how many label maps.
        ids: The ids that label maps hold.
        problems: Why frames would not be converted, naming the files.
    """

    pictures: collections.Counter[str]
    labels: collections.Counter[str]
    ids: set[int]
    problems: list[str]


def run(arguments: Sequence[str]) -> int:
    """Inspects a root.

    Args:
        arguments: The program and its flags.

    Returns:
        The exit code: 1 where a conversion would stop.

    Raises:
        FlagError: A flag does not fit.
        ConversionError: The root holds nothing of the layout.
    """
    if flags.asks_for_help(arguments):
        print(f"{__doc__}{flags.FLAGS.module_help(flags.__name__)}")
        return 0
    options, unknown = flags.parse(arguments, needs_output=False)
    if unknown:
        raise FlagError(f"unknown flag {unknown[0]}, see --help")
    files.use_default_options(options.cityscapes_root)
    are_given = flags.FLAGS["splits"].present
    converted = options.splits
    splits = converted if are_given else converted[:1]
    folder = options.cityscapes_root
    layout = root.find_layout(folder, options.layout, splits)
    options = dataclasses.replace(options, layout=layout, splits=splits)
    if not are_given:
        splits = tuple(s for s in SPLITS if _has_pictures(s, options))
    if not splits:
        root.check_root(listing.list_splits(options))
    num_problems = sum(_inspect(split, options) for split in splits)
    lacking = [split for split in converted if split not in splits]
    for split in lacking:
        reason = options.layout.problem(split)
        reason = reason or listing.why_no_files(split, options)
        print(f"{split}: none; {reason}.")
    return failures.EXIT_FAILED if num_problems or lacking else 0


def _has_pictures(split: str, options: Options) -> bool:
    if options.layout.problem(split):
        return False
    pictures = listing.list_split(split, options)[0]
    return any(
        isinstance(file, SourceFile)
        for file in source_files.list_files(pictures)
    )


def _inspect(split: str, options: Options) -> int:
    """Prints what is there of a split; returns the number of problems."""
    found, strays = [], []
    problems: list[SkippedFrame] = []
    for kind in listing.list_split(split, options):
        for file in source_files.list_files(kind):
            if isinstance(file, SourceFile):
                found.append(file)
            elif kind.is_label:
                strays.append(file)
            else:
                problems.append(pairing.stray(split, file))
    frames, unpaired = pairing.pair(split, found, options.has_labels(split))
    problems += unpaired
    num_found = counted(len(frames), "pair")
    if not options.has_labels(split):
        num_found = f"{counted(len(frames), 'picture')} without labels"
    print(f"{split}: {num_found}")
    outcome = _OUTCOMES[options.on_error]
    _print_problems([f"{p.name}: {p.reason}" for p in problems], outcome)
    if strays:
        print(f"  {failures.one_line(filenames.describe(strays))}")
    step = max(1, len(frames) // _NUM_READ)
    sample = _read(frames[::step][:_NUM_READ], options)
    for title, counts in (
        ("pictures", sample.pictures),
        ("label maps", sample.labels),
    ):
        for words, count in counts.most_common():
            of_them = counted(count, "of those read is", "of those read are")
            print(f"  {title}: {of_them} {words}")
    if sample.ids:
        _print_ids(sample.ids, options.encoding.labels)
    _print_problems(sample.problems, outcome)
    if frames and options.on_error == "skip":
        return 0
    return len(problems) + len(sample.problems)


def _print_problems(problems: Sequence[str], outcome: str) -> None:
    if problems:
        named_ones = "; ".join(problems[:_NUM_NAMED])
        line = f"{len(problems)} would {outcome}, first {named_ones}"
        print(f"  {failures.one_line(line)}")


def _read(frames: Sequence[Frame], options: Options) -> _Sample:
    """Reads frames as the conversion does."""
    sample = _Sample(collections.Counter(), collections.Counter(), set(), [])
    for frame in frames:
        label = None
        at = frame.image.path
        try:
            image = frame_files.read(frame.image)
            sample.pictures[_describe_picture(image)] += 1
            if frame.label:
                at = frame.label.path
                label = frame_files.read(frame.label)
                _note_label(label, options, sample)
            frame_files.encode(frame, image, label, options.encoding)
        except BadPictureError as error:
            sample.problems.append(f"{error.path or at}: {error}")
        except OSError as error:
            sample.problems.append(f"{at}: {error}")
    return sample


def _describe_picture(data: bytes) -> str:
    if data.startswith(jpeg.SIGNATURE):
        picture = jpeg.check(data)
        if not picture:
            return "JPEG, grey or CMYK"
        return f"JPEG of {picture.size[0]}x{picture.size[1]}"
    header = png.check(data, (), "image").header
    return f"PNG, {header.kind}, of {header.height}x{header.width}"


def _note_label(data: bytes, options: Options, sample: _Sample) -> None:
    label = png.check(data, LABEL_FILE_KINDS, "label")
    is_painted = label.header.kind in PICTURE_KINDS
    sample.labels[label.header.kind + " colors" * is_painted] += 1
    ids = label_maps.read_ids(label, options.encoding.labels)
    sample.ids.update(np.unique(ids).tolist())


def _print_ids(ids: set[int], table: LabelTable) -> None:
    """Prints the ids of label maps, how a table reads them, and a remedy."""
    known = {*table.label_ids.ids}
    unknown = ids - known - {table.ignore_id}
    evaluated = {row.label_id for row in table.classes if not row.is_void}
    print(
        f"  ids: {_ranges(ids)}; the table of {len(known)} classes knows "
        f"{_ranges(ids & known) or 'none'}, {len(ids & evaluated)} of them "
        "evaluated"
    )
    if table.ignore_id in ids:
        print(f"  id {table.ignore_id} means no class")
    if unknown or not ids & evaluated:
        print(f"  {_ranges(ids)}: {_suggest(ids, unknown)}")


def _suggest(ids: set[int], unknown: set[int]) -> str:
    """Says what to do about ids that a table does not fit."""
    given = flags.FLAGS.labels
    has_own = bool(given) and given not in named.NAMES
    for name in () if has_own else named.NAMES:
        other = named.table(name)
        evaluated = {row.label_id for row in other.classes if not row.is_void}
        if ids <= {*other.label_ids.ids, other.ignore_id} and ids & evaluated:
            what = _LOOKS.get(name, f"the ids of {name}")
            return (
                f"these look like {what}; add --labels={name}, or give the "
                "table of your classes by --labels=FILE"
            )
    remedy = "give the table of your classes by --labels=FILE"
    if has_own:
        remedy = f"complete the table that --labels={given} gives"
    if len(unknown) == 1:
        (stray,) = unknown
        return (
            f"if {stray} alone means no class, add --ignore_id={stray}; else "
            f"{remedy}"
        )
    return remedy


_LOOKS = {"cityscapes_train_ids": "train ids"}


def _ranges(ids: Iterable[int]) -> str:
    """Writes ids as `0..18, 255`."""
    parts: list[list[int]] = []
    for number in sorted(ids):
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ", ".join("..".join(map(str, part)) for part in parts)
