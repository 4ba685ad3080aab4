r"""Converts a Cityscapes tree to sharded TFRecords.

    python -m preprocess.main --cityscapes_root=DIR --output_dir=OUT

Flags that are not listed here are Beam's, for example
`--runner=DataflowRunner --project=P --region=R --temp_location=gs://B/tmp`.
"""

import logging
import os
import sys
from collections.abc import Sequence

from absl import app, flags

from preprocess.records import placement
from schemas.locking import LockedError

FLAGS = flags.FLAGS

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
    "Ids in the records: the 34 labelIds, or 19 trainIds with 255 = ignore.",
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
    "shard_size_mb", 128, "Size of a shard in MiB, without --num_shards.", 1
)
flags.DEFINE_enum(
    "on_error",
    "fail",
    ["fail", "skip"],
    "Stop at a bad frame, or leave it out and name it in skipped.jsonl.",
)
flags.DEFINE_integer("limit", None, "Only the first N frames a split.", 1)
flags.DEFINE_bool("overwrite", False, "Replace a data set that is there.")
flags.DEFINE_bool("test_labels", False, "Take label maps of the test split.")
flags.DEFINE_bool("write_index", False, "Write index files for PyTorch, DALI.")
flags.DEFINE_integer(
    "workers", None, "Threads of a local run; default: one a core.", 1
)

_SLOW_PNG = (
    "Pillow decodes the label maps, eight times slower than this package's own "
    "C: install a C compiler and then the package again."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code, 0, 1 or 2."""
    app.define_help_flags()
    try:
        arguments = list(sys.argv if argv is None else argv)
        rest = FLAGS(arguments, known_only=True)[1:]
        options = options_from_flags()
        if not os.path.isdir(options.cityscapes_root):
            _check_scheme(options.cityscapes_root)
    except (flags.Error, ValueError) as error:
        return _fail(error, 2)
    except FileNotFoundError as error:
        return _fail(error, 1)
    # Beam takes seconds to import, so what is wrong above is said before; it
    # warns of extras that a local run does not need.
    logging.getLogger().setLevel(logging.ERROR)
    from preprocess import beam_import
    from preprocess.errors import ConversionError

    beam_import.import_beam()
    from preprocess.pipeline import beam_flags, job, runners
    from preprocess.records import png

    try:
        beam_options = beam_flags.parse(rest, own_names=list(FLAGS))
    except ValueError as error:
        return _fail(error, 2)
    if runners.is_local(beam_options):
        workers = FLAGS.workers or os.cpu_count()
        print(f"Runner: local FnApiRunner, {workers} workers", file=sys.stderr)
        if not png.IS_FAST:
            print(_SLOW_PNG, file=sys.stderr)
    try:
        outcome = job.run(
            options,
            beam_options,
            overwrite=FLAGS.overwrite,
            num_workers=FLAGS.workers,
        )
    except (ConversionError, LockedError) as error:
        return _fail(error, 1)
    except KeyboardInterrupt:
        return _fail("interrupted; run the same command to go on", 130)
    _report(outcome, options.output_dir)
    return 0


def options_from_flags():
    """Builds the frozen options from the parsed flags.

    Raises:
        ValueError: A flag's value does not fit.
    """
    from preprocess import options

    for name in ("cityscapes_root", "output_dir"):
        if not FLAGS[name].value:
            raise ValueError(f"--{name} is missing")
    return options.Options(
        cityscapes_root=FLAGS.cityscapes_root.rstrip("/") or "/",
        output_dir=FLAGS.output_dir.rstrip("/") or "/",
        splits=options.parse_splits(FLAGS.splits),
        annotation=FLAGS.annotation,
        encoding=options.Encoding(
            options.parse_size(FLAGS.image_size),
            FLAGS.image_format,
            FLAGS.jpeg_quality,
            FLAGS.label_space,
            FLAGS.check_pixels,
            FLAGS.convert_pictures,
        ),
        num_shards=FLAGS.num_shards,
        shard_size_mb=FLAGS.shard_size_mb,
        on_error=FLAGS.on_error,
        limit=FLAGS.limit,
        test_labels=FLAGS.test_labels,
        write_index=FLAGS.write_index,
    )


def _check_scheme(root: str) -> None:
    """Raises where a root without a scheme is no folder."""
    if "://" not in root:
        raise FileNotFoundError(
            f"--cityscapes_root={root} is not a folder; it should hold "
            "leftImg8bit/ and gtFine/, or the official zips"
        )


def _fail(error: Exception | str, code: int) -> int:
    line = " ".join(str(error).split())
    print(f"error: {line}", file=sys.stderr)
    return code


def _report(outcome, output_dir: str) -> None:
    if outcome.content is None:
        print("The job's template is staged.")
        return
    for name, split in outcome.content.splits.items():
        skipped = f", {split.num_skipped} skipped" if split.num_skipped else ""
        print(
            f"{name}: {split.num_examples} examples in {len(split.shards)} "
            f"shards, {split.num_bytes / 2**20:.1f} MiB{skipped}"
        )
    done = (
        "Nothing to do, the data set is there" if outcome.was_done else "Done"
    )
    print(f"{done}: {output_dir}/manifest.json")


if __name__ == "__main__":
    sys.exit(main())
