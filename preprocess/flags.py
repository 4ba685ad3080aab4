"""The conversion's flags; what is not among them is Beam's."""

import os

from absl import flags

from preprocess import files, options
from preprocess.errors import ConversionError
from preprocess.options import Encoding, Options
from preprocess.records import placement
from schemas.failures import FlagError
from schemas.labels import files as label_files
from schemas.labels.cityscapes import CITYSCAPES
from schemas.labels.rows import IGNORE_ID
from schemas.labels.table import LabelTable, ignoring

FLAGS = flags.FLAGS

_MAX_LIMIT = 10**9
_MAX_SHARD_SIZE_MB = 2**20

flags.DEFINE_string(
    "cityscapes_root",
    os.environ.get("CITYSCAPES_DATASET"),
    "Folder (or gs:// prefix) with leftImg8bit/ and gtFine/, or with the "
    "official zips. Default: the environment variable CITYSCAPES_DATASET.",
)
flags.DEFINE_string("output_dir", None, "Where the data set is written.")
flags.DEFINE_list("splits", "train,val", "Of train, val, test, train_extra.")
flags.DEFINE_enum("annotation", "gtFine", ["gtFine", "gtCoarse"], "Label maps.")
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
    "and perhaps train_id, category, color; or label_colors.txt. Default: "
    "Cityscapes'.",
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


def parse_options() -> Options:
    """Builds the frozen options from the parsed flags.

    Raises:
        FlagError: A flag is missing, or its value does not fit.
    """
    for name in ("cityscapes_root", "output_dir"):
        if not FLAGS[name].value:
            raise FlagError(f"--{name} is missing")
    size_mb = FLAGS.shard_size_mb
    if not 1 <= size_mb <= _MAX_SHARD_SIZE_MB:  # Not true of nan either.
        raise FlagError(
            f"--shard_size_mb={size_mb} should be a number from 1 to "
            f"{_MAX_SHARD_SIZE_MB}"
        )
    return Options(
        cityscapes_root=_folder(FLAGS.cityscapes_root),
        output_dir=_folder(FLAGS.output_dir),
        splits=options.parse_splits(FLAGS.splits),
        annotation=FLAGS.annotation,
        encoding=Encoding(
            options.parse_size(FLAGS.image_size),
            FLAGS.image_format,
            FLAGS.jpeg_quality,
            FLAGS.label_space,
            FLAGS.check_pixels,
            FLAGS.convert_pictures,
            read_table(FLAGS.labels, FLAGS.ignore_id, FLAGS.label_space),
        ),
        num_shards=FLAGS.num_shards,
        shard_size_mb=size_mb,
        on_error=FLAGS.on_error,
        limit=FLAGS.limit,
        test_labels=FLAGS.test_labels,
        write_index=FLAGS.write_index,
    )


def read_table(
    path: str | None, ignore_id: str | None, label_space: str
) -> LabelTable:
    """Reads the table that --labels names; without it, gives Cityscapes'.

    Args:
        path: What --labels says.
        ignore_id: What --ignore_id says.
        label_space: The ids that records are to hold.

    Raises:
        ConversionError: The file cannot be read, or holds no table.
        FlagError: The ids do not fit the other flags.
    """
    table, ignored = CITYSCAPES, None
    if path:
        table, ignored = _read_table(os.path.expanduser(path)), IGNORE_ID
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
