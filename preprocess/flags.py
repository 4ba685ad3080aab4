"""The conversion's flags; what is not among them is Beam's."""

import math
import os
from collections.abc import Sequence

from absl import flags

from preprocess import options
from preprocess.errors import ConversionError
from preprocess.options import Encoding, Options
from preprocess.records import placement
from preprocess.storage import files
from schemas.failures import FlagError, flag_file_problem
from schemas.labels import files as label_files
from schemas.labels import named
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelTable, ignoring
from schemas.layouts import table as layouts
from schemas.layouts.kinds import FRAME_SUFFIXES

FLAGS = flags.FLAGS

_HELP = {"-h", "-help", "--help", "-helpfull", "--helpfull"}
_MAX_LIMIT = 10**9
_MAX_SHARD_SIZE_MB = 2**20

flags.DEFINE_string(
    "cityscapes_root",
    os.environ.get("CITYSCAPES_DATASET"),
    "Folder (or gs:// prefix) with leftImg8bit/ and gtFine/, with the official "
    "zips, or as --layout says. Default: the environment variable "
    "CITYSCAPES_DATASET.",
)
flags.DEFINE_string("output_dir", None, "Where the data set is written.")
flags.DEFINE_list("splits", "train,val", "Of train, val, test, train_extra.")
flags.DEFINE_enum("annotation", "gtFine", ["gtFine", "gtCoarse"], "Label maps.")
flags.DEFINE_enum(
    "layout",
    None,
    list(layouts.LAYOUTS),
    "Where files lie below the root; pairs is images/ and masks/ beside each "
    "other. Default: cityscapes.",
)
flags.DEFINE_string(
    "image_pattern",
    None,
    "Where pictures lie instead, with the fields {split}, {city}, {stem}: "
    "photos/{split}/{city}/{stem}.jpg. {city} is any number of folders; the "
    f"suffix .* is any of {', '.join(FRAME_SUFFIXES)}.",
)
flags.DEFINE_string(
    "label_pattern", None, "Where label maps lie instead, by the same fields."
)
flags.DEFINE_float(
    "val_share",
    None,
    "The share of frames that are val, drawn by their names, where train and "
    "val lie together.",
    lower_bound=0,
    upper_bound=1,
)
flags.DEFINE_enum(
    "label_space",
    "label_ids",
    ["label_ids", "train_ids"],
    "Ids in the records: those of the label maps, or the evaluated classes "
    "alone, with 255 = ignore.",
)
flags.DEFINE_string(
    "labels",
    None,
    "File with the table of your own classes: CSV with a header of name, id "
    "and perhaps train_id, category, color; or label_colors.txt. Or the name "
    f"of a table: {', '.join(named.NAMES)}. Default: the layout's.",
)
flags.DEFINE_string(
    "ignore_id",
    None,
    "Id in label maps where no class is meant, or none. Default: 255 with "
    "--labels, else none.",
)
flags.DEFINE_string(
    "image_size",
    "native",
    "native, or HEIGHTxWIDTH to resize once (area for images, nearest for "
    "labels).",
)
flags.DEFINE_enum("image_format", "png", ["png", "jpeg"], "Of the pictures.")
flags.DEFINE_integer(
    "jpeg_quality", 95, "Of JPEG pictures.", lower_bound=1, upper_bound=100
)
flags.DEFINE_bool(
    "check_pixels",
    True,
    "Verify the pixel streams of native pictures, which pass through byte for "
    "byte; without, only their chunks' CRCs.",
)
flags.DEFINE_bool(
    "convert_pictures",
    False,
    "Take opaque RGBA, grey and palette pictures and JPEGs as well, as RGB.",
)
flags.DEFINE_integer(
    "num_shards",
    None,
    "Shards a split.",
    lower_bound=1,
    upper_bound=placement.MAX_SHARDS,
)
flags.DEFINE_float(
    "shard_size_mb", 128, "Size of a shard in MiB, without --num_shards."
)
flags.DEFINE_enum(
    "on_error",
    "fail",
    ["fail", "skip"],
    "Stop at a bad frame, or leave it out and name it in skipped.jsonl.",
)
flags.DEFINE_integer(
    "limit",
    None,
    "Only the first N frames a split.",
    lower_bound=1,
    upper_bound=_MAX_LIMIT,
)
flags.DEFINE_bool("overwrite", False, "Replace a data set that is there.")
flags.DEFINE_bool("test_labels", False, "Take label maps of the test split.")
flags.DEFINE_bool("write_index", False, "Write index files for PyTorch, DALI.")
flags.DEFINE_integer(
    "workers", None, "Threads of a local run; default: one a core.", 1
)


def asks_for_help(arguments: Sequence[str]) -> bool:
    """Whether the flags are to be listed.

    absl's own lists those of the module that was started, which has none.
    """
    return not _HELP.isdisjoint(arguments)


def parse(
    arguments: Sequence[str], needs_output: bool = True
) -> tuple[Options, list[str]]:
    """Parses flags; returns the options and the flags that are none of these.

    What an earlier call in this process was given does not count.

    Raises:
        FlagError: A flag is missing, or its value does not fit.
        FileNotFoundError: The root is not a folder.
    """
    for flag in FLAGS.flags_by_module_dict()[__name__]:
        flag.unparse()
    try:
        rest = FLAGS(arguments, known_only=True)[1:]
    except (flags.CantOpenFlagFileError, UnicodeDecodeError) as error:
        raise FlagError(flag_file_problem(error, arguments)) from error
    except flags.Error as error:
        raise FlagError(str(error)) from error
    parsed = parse_options(needs_output)
    root, layout = parsed.cityscapes_root, parsed.layout
    if files.is_local(root) and not os.path.isdir(root):
        places = [layout.place(parsed.splits[0], i) for i in (False, True)]
        tops = {f"{place.top}/": None for place in places if place.top}
        raise FileNotFoundError(
            f"--cityscapes_root={root} is not a folder; it should hold "
            f"{' and '.join(tops) or 'the files'}, or zips of them"
        )
    return parsed, rest


def parse_options(needs_output: bool = True) -> Options:
    """Builds the frozen options from the parsed flags.

    Args:
        needs_output: Whether --output_dir has to be given.

    Raises:
        FlagError: A flag is missing, or its value does not fit.
    """
    needed = ("cityscapes_root", "output_dir")[: 1 + needs_output]
    for name in needed:
        if not FLAGS[name].value:
            raise FlagError(f"--{name} is missing")
    size_mb = FLAGS.shard_size_mb
    if not 1 <= size_mb <= _MAX_SHARD_SIZE_MB:  # Not true of nan either.
        raise FlagError(
            f"--shard_size_mb={size_mb} should be a number from 1 to "
            f"{_MAX_SHARD_SIZE_MB}"
        )
    val_share = FLAGS.val_share
    if val_share is not None and math.isnan(val_share):  # Within any bounds.
        raise FlagError("--val_share=nan should be a number from 0 to 1")
    splits = options.parse_splits(FLAGS.splits)
    layout = options.parse_layout(
        FLAGS.layout,
        FLAGS.annotation,
        FLAGS.image_pattern,
        FLAGS.label_pattern,
        val_share,
    )
    return Options(
        cityscapes_root=_folder(FLAGS.cityscapes_root),
        output_dir=_folder(FLAGS.output_dir or ""),
        splits=splits,
        layout=layout,
        encoding=Encoding(
            options.parse_size(FLAGS.image_size, FLAGS.image_format),
            FLAGS.image_format,
            FLAGS.jpeg_quality,
            FLAGS.label_space,
            FLAGS.check_pixels,
            FLAGS.convert_pictures,
            read_table(
                FLAGS.labels,
                FLAGS.ignore_id,
                FLAGS.label_space,
                named.table(layout.table),
            ),
        ),
        num_shards=FLAGS.num_shards,
        shard_size_mb=size_mb,
        on_error=FLAGS.on_error,
        limit=FLAGS.limit,
        test_labels=FLAGS.test_labels,
        write_index=FLAGS.write_index,
    )


def read_table(
    path: str | None,
    ignore_id: str | None,
    label_space: str,
    default: LabelTable = CITYSCAPES,
) -> LabelTable:
    """Reads the table that --labels names; without it, gives the default.

    Args:
        path: What --labels says.
        ignore_id: What --ignore_id says.
        label_space: The ids that records are to hold.
        default: The layout's own table.

    Raises:
        ConversionError: The file cannot be read, or holds no table.
        FlagError: The ids do not fit the other flags.
    """
    table = default
    if path in named.NAMES:
        table = named.table(path)
    elif path:
        table = ignoring(_read_table(os.path.expanduser(path)), IGNORE_ID)
    if ignore_id is not None:
        ignored = options.parse_ignore_id(ignore_id)
        try:
            table = ignoring(table, ignored)
        except ValueError as error:
            raise FlagError(f"--ignore_id={ignored}: {error}") from error
    try:
        table.space(label_space).check_storable()
    except ValueError as error:
        raise FlagError(
            f"--labels={path}: {error}; number the classes so, or give "
            "--label_space=train_ids"
        ) from error
    return table


def _read_table(path: str) -> LabelTable:
    try:
        files.use_default_options(path)
        return label_files.parse(files.read_text(path))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConversionError(f"--labels={path}: {reason}") from error


def _folder(path: str) -> str:
    """Returns a folder's path without a last slash, a leading ~ expanded."""
    return os.path.expanduser(path).rstrip("/") or "/"
