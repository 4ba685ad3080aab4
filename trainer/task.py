"""Trains, evaluates and applies the U-Net.

    python -m trainer.task --mode=train --data_dir=OUT --model_dir=RUN

Flags and files are checked before TensorFlow, which takes seconds, is
imported.  Exit codes: 0 done, 1 files, data or memory, 2 flags, 75 stopped by
SIGTERM after saving, 130 Ctrl-C.
"""

import sys
from collections.abc import Mapping, Sequence

from schemas import failures
from schemas.failures import Advice

_LABEL_MAP_SCORES = "trainer.evaluation.score_label_maps"

_FEWER_PIXELS = "lower --batch_size or --resize, or use --inference=sliding"

_AT_THE_START = Advice(
    memory="close other programs", interrupted="nothing had begun"
)
_ADVICE = {
    "train": Advice(
        memory="checkpoints are kept: resume with --remat, or a smaller "
        "--batch_size with --allow_changes=batch_size; a new run may lower "
        "--crop or --base_filters, raise --accumulate_steps or use "
        "--mixed_precision, too",
        interrupted="checkpoints are kept, and the same command resumes from "
        "the last one, if there is one",
    ),
    "evaluate": Advice(
        memory=f"{_FEWER_PIXELS} with a smaller --crop",
        interrupted="run the same command again",
    ),
    "predict": Advice(
        memory=f"{_FEWER_PIXELS} with a smaller --crop; finished pictures are "
        "kept",
        interrupted="finished pictures are kept, an unfinished video is not",
    ),
    "export": Advice(
        memory="lower --input_size, or write one of --export_formats at a time",
        interrupted="run the same command again",
    ),
}
"""Mode → what is said where it cannot go on."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one mode and returns the exit code."""
    arguments = sys.argv if argv is None else argv
    return failures.exit_code(lambda: _run(arguments), _AT_THE_START)


def _run(argv: Sequence[str]) -> int:
    from trainer import command_line

    command = command_line.parse(argv)
    if command.wants_help:
        print(command_line.help_text(__doc__))
        return 0
    mode, given = command.mode, command.given
    return failures.exit_code(lambda: _run_mode(mode, given), _ADVICE[mode])


def _run_mode(mode: str, given: Mapping[str, object]) -> int:
    """Checks the flags and their files; then imports what is slow."""
    from trainer import configure
    from trainer.backends import tensorflow_settings
    from trainer.config import devices
    from trainer.storage.quiet import import_quietly

    inputs = configure.MODES[mode](given)
    tensorflow_settings.use_defaults()
    if given.get("predictions"):
        return import_quietly(_LABEL_MAP_SCORES).run(*inputs) or 0
    devices.check_backend()
    run = import_quietly(f"trainer.{mode}").run
    import_quietly("trainer.backends.keras_settings").use_defaults()
    if mode != "train":  # which first joins the other processes of its run
        import_quietly("trainer.backends.devices").find_device()
    return run(*inputs) or 0


def cli() -> None:
    """Runs the command as a process of its own."""
    failures.leave(main())


if __name__ == "__main__":
    cli()
