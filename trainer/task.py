"""Trains, evaluates and applies the U-Net.

    python -m trainer.task --mode=train --data_dir=OUT --model_dir=RUN

Flags and files are checked before TensorFlow, which takes seconds, is
imported.  Exit codes: 0 done, 1 files, data or memory, 2 flags, 75 stopped by
SIGTERM after saving, 130 Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence

from schemas import failures
from schemas.failures import Advice
from trainer import command_line, configure
from trainer.command_line import Command
from trainer.config import devices
from trainer.config.flag import ConfigError
from trainer.storage.quiet import import_quietly

_LABEL_MAP_SCORES = "trainer.evaluation.score_label_maps"

_FEWER_PIXELS = "lower --batch_size or --resize, or use --inference=sliding"

_ADVICE = {
    "train": Advice(
        memory="lower --batch_size, --crop or --base_filters, raise "
        "--accumulate_steps, or use --remat or --mixed_precision; checkpoints "
        "are kept",
        interrupted="checkpoints are kept, and the same command resumes from "
        "the last one, if there is one",
        bad_flags=(ConfigError,),
    ),
    "evaluate": Advice(
        memory=f"{_FEWER_PIXELS} with a smaller --crop",
        interrupted="run the same command again",
        bad_flags=(ConfigError,),
    ),
    "predict": Advice(
        memory=f"{_FEWER_PIXELS} with a smaller --crop; finished pictures are "
        "kept",
        interrupted="finished pictures are kept",
        bad_flags=(ConfigError,),
    ),
    "export": Advice(
        memory="lower --input_size, or write one of --export_formats at a time",
        interrupted="run the same command again",
        bad_flags=(ConfigError,),
    ),
}
"""Mode → what is said where it cannot go on."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one mode and returns the exit code."""
    failures.set_up_console()
    arguments = sys.argv if argv is None else argv
    return failures.exit_code(lambda: _run(arguments), _ADVICE["train"])


def _run(argv: Sequence[str]) -> int:
    command = command_line.parse(argv)
    if command.wants_help:
        print(command_line.help_text(__doc__))
        return 0
    return failures.exit_code(lambda: _run_mode(command), _ADVICE[command.mode])


def _run_mode(command: Command) -> int:
    """Checks the flags and their files; then imports what is slow."""
    inputs = configure.MODES[command.mode](command.given)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if command.given.get("predictions"):
        return import_quietly(_LABEL_MAP_SCORES).run(*inputs) or 0
    devices.check_backend()
    run = import_quietly(f"trainer.{command.mode}").run
    import_quietly("trainer.backends.keras_settings").use_defaults()
    return run(*inputs) or 0


if __name__ == "__main__":
    sys.exit(main())
