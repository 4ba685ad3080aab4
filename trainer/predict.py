"""Writes label maps, colours and overlays of any pictures."""

import sys
import time
from collections.abc import Iterator

import numpy as np

from trainer.config import run_dir
from trainer.config.inference import PredictConfig
from trainer.evaluation import submission
from trainer.inference.predictor import Predictor
from trainer.models.saved import load_network
from trainer.storage import files, image_files, images
from trainer.storage.images import Picture
from trainer.storage.progress import Progress
from trainer.visualization import draw

EXIT_SOME_FAILED = 1


def run(config: PredictConfig) -> int:
    """Predicts every picture of --input.

    Each gets `<stem>_labelIds.png` (one channel, labelIds, the picture's own
    size), `<stem>_color.png` and `<stem>_overlay.png` in --output_dir; the
    label maps go into the zip of --submission as well.

    Returns:
        The exit code: 1 where a file was no picture; the others are done.

    Raises:
        ValueError: The network does not fit, or two pictures share a stem.
        FileNotFoundError: There is no picture or no such network.
    """
    paths = image_files.find_pictures(config.input)[: config.limit]
    _check_stems(paths)
    if config.submission:
        submission.check_stems([image_files.stem(path) for path in paths])
    path = run_dir.network_path(config.model_dir, config.checkpoint)
    predictor = Predictor(load_network(path), config.inference)
    files.make_folder(config.output_dir)
    bad = []

    def write(item: tuple[Picture, np.ndarray]) -> str:
        return _write(config.output_dir, *item)

    begin = time.perf_counter()
    progress = Progress("pictures", len(paths))
    predictions = predictor.predict(_readable(paths, bad))
    written = []
    for stem in images.ahead(write, predictions):
        written.append(stem)
        progress.update(len(written) + len(bad))
    seconds = time.perf_counter() - begin
    for stem in written:
        print(files.join(config.output_dir, f"{stem}_overlay.png"))
    print(
        f"{len(written)} pictures, {len(written) / seconds:.2f} images/s; "
        f"wrote _labelIds, _color and _overlay PNGs to {config.output_dir}"
    )
    if bad:
        if config.submission:
            print(
                f"error: {config.submission} was not written: {len(bad)} of "
                f"{len(paths)} frames are missing",
                file=sys.stderr,
            )
        return EXIT_SOME_FAILED
    if config.submission:
        submission.write(config.submission, config.output_dir, written)
        print(
            f"{config.submission}: {len(written)} frames, checked; the test "
            f"set has {submission.NUM_TEST_FRAMES}"
        )
    return 0


def _readable(paths: list[str], bad: list[str]) -> Iterator[Picture]:
    """Yields the pictures; prints and collects what is none."""
    for result in images.ahead(_try_read, paths):
        if isinstance(result, Picture):
            yield result
        else:
            bad.append(result)
            print(f"error: {result}", file=sys.stderr)


def _try_read(path: str) -> Picture | str:
    """Reads a picture, or returns the line that says why not."""
    try:
        return images.read_picture(path)
    except ValueError as error:
        return str(error)


def _check_stems(paths: list[str]) -> None:
    """Raises ValueError where two pictures would write one file."""
    seen = {}
    for path in paths:
        stem = image_files.stem(path)
        if stem in seen:
            raise ValueError(
                f"{seen[stem]} and {path} would both be {stem}_labelIds.png; "
                "predict them in two runs"
            )
        seen[stem] = path


def _write(output_dir: str, picture: Picture, label_ids: np.ndarray) -> str:
    stem = image_files.stem(picture.path)
    panels = {
        "labelIds": label_ids,
        "color": draw.colorize(label_ids),
        "overlay": draw.overlay_with_legend(picture.image, label_ids),
    }
    for kind, pixels in panels.items():
        target = files.join(output_dir, f"{stem}_{kind}.png")
        files.write_bytes(target, images.encode_png(pixels))
    return stem
