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
from trainer import command_line, configure
from trainer.config import devices
from trainer.config.flag import ConfigError
from trainer.storage.quiet import import_quietly

_MODULES = {
    "train": "trainer.train",
    "evaluate": "trainer.evaluate",
    "predict": "trainer.predict",
    "export": "trainer.export",
}
_LABEL_MAP_SCORES = "trainer.evaluation.score_label_maps"

ADVICE = failures.Advice(
    memory="lower --batch_size, --crop or --base_filters, raise "
    "--accumulate_steps, or use --remat or --mixed_precision; the last "
    "checkpoint is kept",
    interrupted="a training resumes from its last checkpoint by the same "
    "command",
    bad_flags=(ConfigError,),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one mode and returns the exit code."""
    failures.set_up_console()
    arguments = sys.argv if argv is None else argv
    return failures.exit_code(lambda: _run(arguments), ADVICE)


def _run(argv: Sequence[str]) -> int:
    command = command_line.parse(argv)
    if command.wants_help:
        print(command_line.help_text(__doc__))
        return 0
    config = configure.MODES[command.mode](command.given)
    module = _MODULES[command.mode]
    if command.given.get("predictions"):
        module = _LABEL_MAP_SCORES
    else:
        devices.check_backend()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run = import_quietly(module).run  # with it mostly TensorFlow
    if module != _LABEL_MAP_SCORES:
        import_quietly("trainer.backends.keras_settings").use_defaults()
    return run(config) or 0


if __name__ == "__main__":
    sys.exit(main())
