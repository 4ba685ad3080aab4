"""Writes label maps, colours and overlays of any pictures."""

import dataclasses
import itertools
import json
import os
import sys
import time
from collections.abc import Sequence

from schemas.failures import one_line
from schemas.labels.cityscapes import is_of_cityscapes
from schemas.layouts import filenames
from schemas.quantities import counted, noun
from trainer.config.inference import PredictConfig
from trainer.evaluation import submission
from trainer.inference.masking import open_predictor
from trainer.inference.outputs import Outputs
from trainer.storage import files, image_files, images, notes
from trainer.storage.progress import Progress
from trainer.storage.threads import ahead
from trainer.video.source import FrameSource

EXIT_SOME_FAILED = 1
_MAX_NAMED = 10
MARKER = "predictions.json"
"""In an output folder: says that a prediction wrote what lies in it."""


@dataclasses.dataclass
class _Outcome:
    """What became of the pictures.

    Attributes:
        written: The stems of the predicted ones.
        num_failed: How many could not be predicted; each was named.
    """

    written: list[str] = dataclasses.field(default_factory=list)
    num_failed: int = 0

    def fail(self, reason: str, num_pictures: int = 1) -> None:
        """Says why a picture, or several, cannot be predicted."""
        self.num_failed += num_pictures
        print(f"error: {one_line(reason)}", file=sys.stderr)


def run(
    config: PredictConfig,
    network_path: str,
    found: image_files.Pictures | FrameSource,
) -> int:
    """Predicts every picture of --input, or the frames of a video.

    Args:
        config: The prediction.
        network_path: The .keras file that it means.
        found: What `config.input` names.

    Returns:
        The exit code: 1 where a picture or a frame could not be predicted;
        the others are done.

    Raises:
        OSError: An output cannot be written.
        ValueError: The network does not fit, the video has no frames, or a
            file that no prediction wrote would be replaced.
    """
    if isinstance(found, image_files.Pictures):
        return _run_pictures(config, network_path, found)
    return _run_video(config, network_path, found)


def _run_video(
    config: PredictConfig, network_path: str, source: FrameSource
) -> int:
    """Writes `video/<stem>_overlay.mp4`; returns the exit code."""
    from trainer.video import overlay

    predictor = open_predictor(network_path, config.inference)
    target = filenames.video_path(source.stem)
    _prepare_output(config.output_dir, [target])
    outcome = _Outcome()
    path = files.join(config.output_dir, target)
    outputs = Outputs(
        config.output_dir, predictor, fade_unsure=config.fade_unsure
    )
    begin = time.perf_counter()
    num_frames = overlay.write(
        path,
        source,
        outputs.ask,
        outputs.paint,
        outcome.fail,
        config.limit,
    )
    rate = num_frames / (time.perf_counter() - begin)
    print(f"{counted(num_frames, 'frame')}, {rate:.2f} frames/s; wrote {path}")
    return EXIT_SOME_FAILED if outcome.num_failed else 0


def _run_pictures(
    config: PredictConfig, network_path: str, found: image_files.Pictures
) -> int:
    """Predicts every picture; returns the exit code.

    In --output_dir, each gets `labelIds/<stem>_labelIds.png` (one channel,
    labelIds, the picture's own size), `color/<stem>_color.png` and
    `overlay/<stem>_overlay.png`, and what --probabilities asks for; the label
    maps go into the zip of --submission as well.
    """
    notes.say(filenames.describe(found.strays))
    outcome = _Outcome()
    paths = _with_own_outputs(found.paths[: config.limit], outcome)
    if config.submission:
        submission.check_pictures(paths)
    predictor = open_predictor(network_path, config.inference)
    if config.submission and not is_of_cityscapes(predictor.space.table):
        raise ValueError(
            f"{network_path} tells other classes apart than Cityscapes', which "
            "--submission is for; leave it out"
        )
    outputs = Outputs(
        config.output_dir, predictor, config.probabilities, config.fade_unsure
    )
    stems = [image_files.stem(path) for path in paths]
    targets = itertools.chain(*map(outputs.targets, stems))
    _prepare_output(config.output_dir, list(targets))
    if config.submission:
        files.prepare_folder(os.path.dirname(config.submission) or ".")
    begin = time.perf_counter()
    _predict(outputs, paths, outcome)
    seconds = time.perf_counter() - begin
    num_written = len(outcome.written)
    print(
        f"{counted(num_written, 'picture')}, "
        f"{num_written / seconds:.2f} images/s; wrote "
        f"{', '.join(f'{kind}/' for kind in outputs.kinds)} in "
        f"{config.output_dir}"
    )
    if config.submission:
        _submit(config, outcome)
    return EXIT_SOME_FAILED if outcome.num_failed else 0


def _with_own_outputs(paths: Sequence[str], outcome: _Outcome) -> list[str]:
    """Returns the pictures whose outputs have names of their own.

    Of several pictures of one stem it takes the first.
    """
    first: dict[str, str] = {}
    reasons = []
    for path in paths:
        stem = image_files.stem(path)
        if "\\" in stem:
            reasons.append(
                f"{path}: no output is named with a backslash; rename the "
                "picture"
            )
        elif stem in first:
            reasons.append(
                f"{path}: its outputs would replace those of {first[stem]}; "
                f"predict it with --input={path} and another --output_dir, or "
                "rename it"
            )
        else:
            first[stem] = path
    for reason in reasons[:_MAX_NAMED]:
        outcome.fail(reason)
    more = len(reasons) - _MAX_NAMED
    if more > 0:
        are = noun(more, "picture is", "pictures are")
        outcome.fail(f"{more} more {are} left out for their names", more)
    return list(first.values())


def _prepare_output(output_dir: str, targets: Sequence[str]) -> None:
    """Makes the output's folders and marks them as a prediction's.

    Args:
        output_dir: The output folder.
        targets: What will be written, each in one of the folders in it.

    Raises:
        OSError: The folder cannot be written to; names it.
        ValueError: A file that no prediction wrote would be replaced.
    """
    marker_path = files.join(output_dir, MARKER)
    kinds = dict.fromkeys(target.partition("/")[0] for target in targets)
    if files.num_bytes(marker_path) is None:
        there = {
            f"{kind}/{name}"
            for kind in kinds
            for name in files.names(files.join(output_dir, kind))
        }
        if others := [target for target in targets if target in there]:
            raise ValueError(
                f"{counted(len(others), 'file')} in {output_dir} would be "
                f"replaced, first {others[0]}, and no {MARKER} says that a "
                "prediction wrote them; choose another --output_dir"
            )
    files.prepare_folder(output_dir)
    for kind in kinds:
        files.make_folder(files.join(output_dir, kind))
    marker = {"command": "trainer.task --mode=predict"}
    files.write_text(marker_path, json.dumps(marker) + "\n")


def _predict(outputs: Outputs, paths: Sequence[str], outcome: _Outcome) -> None:
    """Predicts and writes the pictures; those that fail are named."""
    progress = Progress(len(paths), "picture")
    num_planned = outcome.num_failed
    predictions = outputs.predict(images.read_pictures(paths, outcome.fail))
    for result in ahead(outputs.write, predictions):
        if isinstance(result, OSError):
            outcome.fail(str(result))
        else:
            outcome.written.append(result)
        num_done = len(outcome.written) + outcome.num_failed - num_planned
        progress.update(num_done)


def _submit(config: PredictConfig, outcome: _Outcome) -> None:
    """Writes the zip for the server, unless a frame is missing."""
    num_written = len(outcome.written)
    if outcome.num_failed:
        print(
            f"error: {config.submission} was not written: "
            f"{outcome.num_failed} of {num_written + outcome.num_failed} "
            f"frames {noun(outcome.num_failed, 'is', 'are')} missing",
            file=sys.stderr,
        )
        return
    submission.write(config.submission, config.output_dir, outcome.written)
    print(
        f"{config.submission}: {counted(num_written, 'frame')}, checked; the "
        f"test set has {submission.NUM_TEST_FRAMES}"
    )
