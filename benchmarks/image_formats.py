r"""Compares ways to store resized pictures: decoding time, size, quality.

    python -m benchmarks.image_formats --rounds=3 --json=formats.json \
        --cityscapes_root=DIR

Each time is of one picture decoded by TensorFlow in one thread, in
milliseconds of processor time; the pictures are 280x280.
"""

import argparse
import dataclasses
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from benchmarks.harness import native_pairs, process, report, rounds
from benchmarks.harness.rounds import Contender
from preprocess.errors import BadPictureError
from preprocess.options import Encoding
from preprocess.records import encoding
from trainer.storage import quiet

LEVEL_6 = "PNG level 6, rows filtered (Pillow's default)"
LEVEL_0_FILTERED = "PNG level 0, rows filtered (Pillow)"
LEVEL_0 = "PNG level 0, rows not filtered: --image_format=png"
JPEG = "JPEG quality 95, 4:4:4: --image_format=jpeg"

_UNIT = "ms"
_SIZE = (280, 280)
_PACKAGES = ("tensorflow", "numpy", "pillow")


@dataclasses.dataclass(frozen=True)
class Stored:
    """The pictures in one format.

    Attributes:
        files: Each picture's bytes.
        max_difference: Of any decoded value from the true one, 0..255.
        mean_difference: Its mean over all values.
        psnr_db: The peak signal-to-noise ratio, infinite where nothing is
            lost.
    """

    files: tuple[bytes, ...]
    max_difference: int
    mean_difference: float
    psnr_db: float


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the benchmark; returns the exit code."""
    flags = _parse_flags(argv)
    try:
        with tempfile.TemporaryDirectory(
            prefix="formats-", dir=flags.work_dir
        ) as work_dir:
            pairs = native_pairs.find_or_draw(flags, work_dir)
            stored = store([_read(image) for image, _ in pairs])
    except (process.CommandError, OSError, BadPictureError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    results = _run_rounds(stored, flags.rounds)
    ratios = {
        f"{LEVEL_6} / {name}": rounds.ratio(results, LEVEL_6, name)
        for name in results
        if name != LEVEL_6
    }
    print(report.table(results))
    print(_quality_table(stored))
    print(report.ratio_lines(ratios))
    if flags.json:
        report.write_json(flags.json, results, ratios, _PACKAGES)
    return 0


def store(pictures: Sequence[bytes]) -> dict[str, Stored]:
    """Resizes native PNGs as the conversion does and stores them each way."""
    png = Encoding(_SIZE)
    jpeg = dataclasses.replace(png, image_format="jpeg")
    resized = [_converted(picture, png) for picture in pictures]
    pixels = [_decode(file) for file in resized]
    files = {
        LEVEL_6: [_pillow_png(image, 6) for image in pixels],
        LEVEL_0_FILTERED: [_pillow_png(image, 0) for image in pixels],
        LEVEL_0: resized,
        JPEG: [_converted(picture, jpeg) for picture in pictures],
    }
    return {name: _compare(pixels, stored) for name, stored in files.items()}


def _parse_flags(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = report.parser(__doc__)
    native_pairs.add_flags(parser, num_pairs=20)
    return parser.parse_flags(argv)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _converted(picture: bytes, options: Encoding) -> bytes:
    frame = encoding.encode_frame("picture", picture, None, options)
    return frame.record.image


def _decode(file: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(file), formats=("PNG", "JPEG")) as picture:
        return np.asarray(picture)


def _pillow_png(pixels: np.ndarray, level: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=level)
    return buffer.getvalue()


def _compare(pixels: list[np.ndarray], files: list[bytes]) -> Stored:
    decoded = np.stack([_decode(file) for file in files]).astype(np.int16)
    difference = np.abs(decoded - np.stack(pixels))
    squared_error = np.square(difference, dtype=np.float64).mean()
    with np.errstate(divide="ignore"):
        psnr_db = 10 * np.log10(255**2 / squared_error)
    return Stored(
        tuple(files),
        int(difference.max()),
        float(difference.mean()),
        float(psnr_db),
    )


def _run_rounds(
    stored: dict[str, Stored], num_rounds: int
) -> dict[str, rounds.Result]:
    """Times each format once a round; a first round is not counted."""
    tf = quiet.import_quietly("tensorflow")

    def decode_jpeg(file: bytes) -> None:
        tf.io.decode_jpeg(file, 3, dct_method="INTEGER_ACCURATE")

    def decode_png(file: bytes) -> None:
        tf.io.decode_png(file, 3)

    samples: dict[str, list[rounds.Sample]] = {name: [] for name in stored}
    for _ in range(1 + num_rounds):
        for name, pictures in stored.items():
            decode = decode_jpeg if name == JPEG else decode_png
            milliseconds = _time(decode, pictures.files)
            samples[name].append(rounds.Sample(milliseconds, None))
    return {
        name: rounds.Result(Contender(name, _UNIT), tuple(found[1:]))
        for name, found in samples.items()
    }


def _time(decode: Callable[[bytes], None], files: Sequence[bytes]) -> float:
    """Returns the median milliseconds of one file."""
    milliseconds = []
    for file in files:
        begin = time.thread_time()
        decode(file)
        milliseconds.append((time.thread_time() - begin) * 1e3)
    return statistics.median(milliseconds)


def _quality_table(stored: dict[str, Stored]) -> str:
    lines = [
        "| format | bytes a picture | PSNR dB | mean difference | largest |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, found in stored.items():
        num_bytes = statistics.mean(map(len, found.files))
        lines.append(
            f"| {name} | {num_bytes:,.0f} | {found.psnr_db:.1f} | "
            f"{found.mean_difference:.2f} | {found.max_difference} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
