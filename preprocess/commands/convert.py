r"""Converts a Cityscapes tree to sharded TFRecords.

    python -m preprocess.main --cityscapes_root=DIR --output_dir=OUT

Flags that are not listed here are Beam's, for example
`--runner=DataflowRunner --project=P --region=R --temp_location=gs://B/tmp`.
Exit codes: 0 done, 1 files, data or memory, 2 flags, 130 Ctrl-C.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from preprocess import command_line, flags
from preprocess.flags import FLAGS
from preprocess.options import Options
from schemas import failures
from schemas.quantities import counted

if TYPE_CHECKING:  # It imports Beam.
    from preprocess.pipeline.job import Outcome

_SLOW_PNG = (
    "Pillow decodes the label maps, eight times slower than this package's own "
    "C: install a C compiler and then the package again."
)


def run(arguments: Sequence[str]) -> None:
    """Checks the flags, then imports Beam, then converts.

    Beam takes long to import, so that what is wrong with the flags is said
    before.

    Args:
        arguments: The program and its flags.

    Raises:
        FlagError: A flag does not fit.
        ConversionError: The conversion cannot go on.
        OSError: A file cannot be read or written.
    """
    if flags.asks_for_help(arguments):
        print(f"{__doc__}{FLAGS.module_help(flags.__name__)}")
        return
    options, rest = flags.parse(arguments)
    logging.getLogger().setLevel(logging.ERROR)  # Beam warns of its extras.
    from preprocess import beam_import

    beam_import.import_beam()
    from preprocess.pipeline import beam_flags, job, runners

    beam_options = beam_flags.parse(rest, own_names=list(FLAGS))
    workers = _num_workers(options)
    if runners.is_local(beam_options):
        command_line.say(
            f"Runner: local FnApiRunner, {counted(workers, 'worker')}"
        )
        _note_oddities(options)
    outcome = job.run(
        options, beam_options, overwrite=FLAGS.overwrite, num_workers=workers
    )
    _report(outcome, options.output_dir)


def _num_workers(options: Options) -> int:
    """Returns how many threads are started: none that has nothing to do."""
    wanted = FLAGS.workers or command_line.num_cores()
    per_split = [n for n in (options.num_shards, options.limit) if n]
    useful = min(per_split, default=wanted) * len(options.splits)
    return command_line.sensible_workers(wanted, useful, command_line.say)


def _note_oddities(options: Options) -> None:
    """Says what may not be as it was meant."""
    from preprocess.records import png

    if not png.IS_FAST:
        command_line.say(_SLOW_PNG)
    height, width = options.encoding.size or (0, 0)
    if height > width:
        command_line.say(
            f"--image_size={height}x{width} is HEIGHTxWIDTH: pictures become "
            "taller than wide, which Cityscapes' are not."
        )


def _report(outcome: "Outcome", output_dir: str) -> None:
    if outcome.content is None:
        print("The job's template is staged.")
        return
    for name, split in outcome.content.splits.items():
        print(f"{name}: {command_line.describe([split])}")
    path = failures.printable(f"{output_dir}/manifest.json")
    print(f"{outcome.summary}: {path}")
