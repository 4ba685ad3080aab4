r"""Many small frames through conversion and three epochs: nothing grows.

    python -m benchmarks.soak [--num_frames=50000] [--epochs=3]

Each frame's picture is of one colour, its number, so that whatever comes out
of the trainer's input pipeline tells which frame it was.  Prints the memory
of both processes while they work, and exits with 1 where a frame was lost or
came twice, or memory grew.
"""

import argparse
import dataclasses
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.harness import process
from trainer.backends import tensorflow_settings

SIZE = (16, 16)
_LABEL_ID = 7
_SAMPLE_SECONDS = 0.5
_NUM_PRINTED = 10
_MAX_GROWTH_MB = 100
"""Each epoch's shuffle buffer is new; the allocator's pools, one a thread,
fill over the first epochs and then stay."""

_FRAMES_PER_CITY = 1000
_BATCH_SIZE = 50


class SoakError(RuntimeError):
    """A frame was lost or came twice, or memory grew."""


@dataclasses.dataclass(frozen=True)
class Memory:
    """What a process held while it worked.

    Attributes:
        seconds: How long it worked.
        samples_mb: Its memory in MiB, every half second.
    """

    seconds: float
    samples_mb: tuple[float, ...]

    def line(self) -> str:
        """Renders a few of the samples, evenly spread, and the highest."""
        count = min(_NUM_PRINTED, len(self.samples_mb))
        last = len(self.samples_mb) - 1
        shown = [
            self.samples_mb[round(i * last / max(1, count - 1))]
            for i in range(count)
        ]
        return (
            f"{' '.join(f'{value:.0f}' for value in shown)} MiB, at most "
            f"{max(self.samples_mb, default=0):.0f}, {self.seconds:.0f} s"
        )


class Watch:
    """Samples a process's memory in a thread."""

    def __init__(self, process_id: int):
        """Starts to sample."""
        self._process_id = process_id
        self._samples_mb: list[float] = []
        self._stopped = threading.Event()
        self._begin = time.monotonic()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> Memory:
        """Returns what was sampled."""
        self._stopped.set()
        self._thread.join()
        seconds = time.monotonic() - self._begin
        return Memory(seconds, tuple(self._samples_mb))

    def _sample(self) -> None:
        while not self._stopped.wait(_SAMPLE_SECONDS):
            self._samples_mb.append(resident_mb(self._process_id))


def resident_mb(process_id: int) -> float:
    """Returns the resident memory of a process in MiB, 0 when it is gone."""
    try:
        with open(f"/proc/{process_id}/statm", encoding="ascii") as file:
            pages = int(file.read().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def color_of(number: int) -> tuple[int, int, int]:
    """Returns a frame's colour."""
    return number >> 16 & 255, number >> 8 & 255, number & 255


def number_of(images: np.ndarray) -> np.ndarray:
    """Returns the numbers of (B, H, W, 3) uint8 pictures of one colour."""
    red, green, blue = np.moveaxis(images[:, 0, 0].astype(np.int64), -1, 0)
    return red << 16 | green << 8 | blue


def write_tree(root: str, num_frames: int) -> None:
    """Writes a Cityscapes tree of one-coloured frames."""
    from preprocess.records.png import encode

    label = encode(np.full(SIZE, _LABEL_ID, np.uint8), 1)
    for number in range(num_frames):
        city = f"city{number // _FRAMES_PER_CITY:03d}"
        stem = f"{city}_{number:06d}_000019"
        picture = np.broadcast_to(
            np.array(color_of(number), np.uint8), (*SIZE, 3)
        )
        for kind, suffix, content in (
            ("leftImg8bit", "leftImg8bit", encode(picture, 1)),
            ("gtFine", "gtFine_labelIds", label),
        ):
            folder = os.path.join(root, kind, "train", city)
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"{stem}_{suffix}.png")
            with open(path, "wb") as file:
                file.write(content)


def convert(root: str, data_dir: str) -> Memory:
    """Converts a tree as a user does.

    Raises:
        SoakError: The conversion failed.
    """
    command = process.module_command(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={data_dir}",
        "--splits=train",
    )
    with subprocess.Popen(command, stdout=sys.stderr) as job:
        watch = Watch(job.pid)
        code = job.wait()
    if code:
        raise SoakError(f"the conversion ended with exit code {code}")
    return watch.stop()


def read_epochs(
    data_dir: str, num_frames: int, num_epochs: int
) -> list[tuple[Memory, np.ndarray]]:
    """Reads epochs as a training does.

    Returns:
        For each epoch its memory, and how often each frame came.
    """
    from trainer.config.data import DataConfig
    from trainer.data import dataset, pipeline, splits
    from trainer.data.epoch_plan import Order

    data = DataConfig(data_dir, resize=None, crop=SIZE, cache="none")
    part = dataset.Part(dataset.load(data_dir), "train")
    order = Order(data.augmentation(), _BATCH_SIZE, num_epochs, seed=1)
    sources = splits.open_train(data, [part], "")
    batches = iter(pipeline.train_batches(sources, order))
    epochs = []
    for _ in range(num_epochs):
        watch = Watch(os.getpid())
        counts = np.zeros(num_frames, np.int64)
        for _ in range(num_frames // _BATCH_SIZE):
            images, _ = next(batches)
            np.add.at(counts, number_of(images.numpy()), 1)
        epochs.append((watch.stop(), counts))
    return epochs


def check_manifest(data_dir: str, num_frames: int) -> None:
    """Checks the manifest's counts against what was written.

    Raises:
        SoakError: One is another.
    """
    from preprocess.commands.verify import verify
    from preprocess.storage import files
    from schemas import manifest

    content = manifest.load(data_dir, files.read_text)
    split = content.split("train")
    pixels = [0] * content.num_classes
    pixels[_LABEL_ID] = num_frames * SIZE[0] * SIZE[1]
    if (split.num_examples, list(split.class_pixels)) != (num_frames, pixels):
        raise SoakError(
            f"the manifest counts {split.num_examples} frames and "
            f"{sum(split.class_pixels)} pixels, {num_frames} and "
            f"{sum(pixels)} were written"
        )
    problems = verify(data_dir)
    if problems:
        raise SoakError(f"verify found {len(problems)}, first {problems[0]}")


def soak(folder: str, num_frames: int, num_epochs: int) -> None:
    """Runs it all; prints what it finds.

    Raises:
        SoakError: A frame was lost or came twice, or memory grew.
    """
    root, data_dir = f"{folder}/cityscapes", f"{folder}/records"
    write_tree(root, num_frames)
    print(f"conversion: {convert(root, data_dir).line()}", flush=True)
    check_manifest(data_dir, num_frames)
    epochs = read_epochs(data_dir, num_frames, num_epochs)
    for number, (memory, counts) in enumerate(epochs, 1):
        once = int((counts == 1).sum())
        print(f"epoch {number}: {memory.line()}; {once} frames once")
        if once < num_frames:
            raise SoakError(
                f"{num_frames - once} frames did not come once in epoch "
                f"{number}, first number {int(np.argmax(counts != 1))}"
            )
    first, *_, last = (memory.samples_mb[-1] for memory, _ in epochs)
    if last - first > _MAX_GROWTH_MB:
        raise SoakError(
            f"memory grew from {first:.0f} to {last:.0f} MiB between the end "
            "of the first and of the last epoch"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_frames", type=int, default=50_000)
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args(arguments)
    if given.num_frames % _BATCH_SIZE or given.epochs < 2:
        parser.error(
            f"--num_frames should be a multiple of {_BATCH_SIZE}, --epochs 2 "
            "or more"
        )
    tensorflow_settings.use_defaults()
    with tempfile.TemporaryDirectory() as folder:
        try:
            soak(folder, given.num_frames, given.epochs)
        except SoakError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
