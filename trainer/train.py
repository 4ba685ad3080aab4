"""--mode=train: opens a run's folder and trains in it.

All of a run's state is in its checkpoints.  What people read (metrics.csv,
events, models) is written from it, so that a run that was killed anywhere
and started again has every epoch once.
"""

import contextlib

import keras

from schemas import locking
from trainer.backends import processes
from trainer.config.training import TrainConfig
from trainer.data.run_records import RunRecords
from trainer.engine.loop import Training
from trainer.runs import card
from trainer.storage import files


def run(config: TrainConfig, records: RunRecords) -> int:
    """Trains, or resumes, the run in `config.model_dir`.

    Args:
        config: The run.
        records: Those that `config.data` names.

    Returns:
        The exit code: 0 when all epochs are done, `loop.EXIT_AGAIN` after
        SIGTERM.

    Raises:
        CheckpointError: The folder holds a run of other data.
        LockedError: Another process trains into the folder.
        ManifestError: A record is damaged.
        ProcessesError: Another process of the run is missing or has ended.
        TrainingError: The loss or the weights are no numbers.
    """
    with contextlib.ExitStack() as stack:
        if config.devices.is_first:
            files.make_folder(config.model_dir)
            stack.enter_context(locking.hold(config.model_dir))
            files.remove_partial(config.model_dir)
        is_stopped = stack.enter_context(processes.joined(config.devices))
        keras.utils.set_random_seed(config.seed)
        training = Training(config, records, is_stopped)
        stack.enter_context(contextlib.closing(training))
        code = training.run()
        if config.devices.is_first:
            card.write(config.model_dir)
        return code
