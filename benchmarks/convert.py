r"""Compares conversions of the same native-size pairs in one run.

    python -m benchmarks.convert --rounds=3 --json=convert.json \
        --cityscapes_root=DIR --tfds_python=PATH

Without a root it draws its own scenes of Cityscapes' size and weight.  Each
rate is pairs a second of a process's whole life: the interpreter's start and
the imports are in it.  Each reads from a warm page cache.

--baseline=CHECKOUT compares with another checkout of this project, as it runs
in its own environment, CHECKOUT/.venv, which `make install` there makes.
"""

import argparse
import glob
import os
import sys
from collections.abc import Mapping

from benchmarks.harness import (
    comparison,
    native_pairs,
    process,
    report,
    rounds,
    trees,
)
from benchmarks.harness.rounds import Contender

OURS = "preprocess.main"
UNCHECKED = "preprocess.main --nocheck_pixels"
BASELINE = "preprocess.main of --baseline"
DEEPLAB2 = "DeepLab2's way"
TFDS = "TFDS Cityscapes builder, from zips"
TFDS_MANY = f"{TFDS}, ten times the pairs"
WRITE_TO_TFRECORD = "Beam's WriteToTFRecord"
OURS_ZIPS = "preprocess.main, from zips"
OURS_ZIPS_MANY = f"{OURS_ZIPS}, ten times the pairs"
OURS_MANY = "preprocess.main, ten times the pairs"
ONE_WORKER = "preprocess.main to 280x280, 1 worker, three times the pairs"
TWO_WORKERS = "preprocess.main to 280x280, 2 workers, three times the pairs"
VERIFY = "preprocess.verify --quick, ten times the pairs"

_UNIT = "pairs/s"
_REPEATS = 10
_RESIZED_REPEATS = 3  # So that workers, not the start of Beam, are compared.
_PACKAGES = ("apache-beam", "numpy", "pillow", "protobuf", "google-crc32c")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    return comparison.run(_parse_flags(), _prepare, _ratios, _PACKAGES)


def _parse_flags() -> argparse.Namespace:
    parser = report.parser(__doc__)
    native_pairs.add_flags(parser)
    parser.add_argument(
        "--tfds_python",
        help="an interpreter that has tensorflow-datasets installed",
    )
    parser.add_argument(
        "--baseline",
        help="another checkout of this project, to compare with; `make "
        "install` was run there",
    )
    flags = parser.parse_flags(None)
    if flags.baseline and (lack := _lack_of(flags.baseline)):
        parser.error(
            f"--baseline={flags.baseline} has no {lack}; run `make install` "
            "there, where there is a C compiler"
        )
    return flags


def _lack_of(checkout: str) -> str:
    """Says what a checkout lacks to convert as it is meant to."""
    if not os.path.exists(_python_of(checkout)):
        return "environment .venv"
    extensions = f"{glob.escape(checkout)}/preprocess/**/png_rows*.so"
    if not glob.glob(extensions, recursive=True):
        return "compiled png_rows"
    return ""


def _python_of(checkout: str) -> str:
    return os.path.abspath(os.path.join(checkout, ".venv", "bin", "python"))


def _prepare(flags: argparse.Namespace, work_dir: str) -> list[Contender]:
    """Lays the pairs out and returns the contenders that read them."""
    pairs = native_pairs.find_or_draw(flags, work_dir)
    few, many = os.path.join(work_dir, "few"), os.path.join(work_dir, "many")
    trees.link_tree(pairs, few, "train", len(pairs))
    trees.link_tree(pairs, many, "train", len(pairs) * _REPEATS)
    converted = os.path.join(work_dir, "converted")
    process.run(_ours(many, converted))
    return [
        *_contenders(few, many, converted, len(pairs)),
        _baseline(flags.baseline, few, len(pairs)),
        *_from_zips(flags.tfds_python, pairs, work_dir),
    ]


def _contenders(
    few: str, many: str, converted: str, num_pairs: int
) -> list[Contender]:
    """Returns what converts, or verifies, pictures that lie in folders."""
    output = f"{few}-output"
    num_resized = num_pairs * _RESIZED_REPEATS
    resized = ("--image_size=280x280", f"--limit={num_resized}")
    num_workers = str(os.cpu_count())
    deeplab2 = process.module_command(
        "benchmarks.contenders.builder_deeplab2", few, output
    )
    to_tfrecord = process.module_command(
        "benchmarks.contenders.builder_beam", few, output, num_workers
    )
    verify = process.module_command(
        "preprocess.verify", f"--data_dir={converted}", "--quick"
    )
    num_many = num_pairs * _REPEATS
    one_worker = _ours(many, output, *resized, "--workers=1")
    two_workers = _ours(many, output, *resized, "--workers=2")
    contenders = []
    for name, command, num_items, source in (
        (OURS, _ours(few, output), num_pairs, few),
        (UNCHECKED, _ours(few, output, "--nocheck_pixels"), num_pairs, few),
        (DEEPLAB2, deeplab2, num_pairs, few),
        (WRITE_TO_TFRECORD, to_tfrecord, num_pairs, few),
        (OURS_MANY, _ours(many, output), num_many, few),  # few's, linked
        (ONE_WORKER, one_worker, num_resized, few),
        (TWO_WORKERS, two_workers, num_resized, few),
        (VERIFY, verify, num_many, converted),
    ):
        contenders.append(
            Contender(name, _UNIT, command, num_items, (output,), (source,))
        )
    return contenders


def _baseline(checkout: str | None, few: str, num_pairs: int) -> Contender:
    """Returns the conversion as another checkout of the project does it."""
    if checkout is None:
        return Contender(
            BASELINE, _UNIT, not_measured="no --baseline was given"
        )
    output = f"{few}-output"
    python = _python_of(checkout)
    command = ("env", "-C", checkout, python, *_ours(few, output)[1:])
    return Contender(BASELINE, _UNIT, command, num_pairs, (output,), (few,))


def _from_zips(
    python: str | None, pairs: list[trees.Pair], work_dir: str
) -> list[Contender]:
    """Returns what converts the official zips: TFDS's own builder and ours.

    TFDS extracts the zips first, which is part of its work, and wants at
    least one pair in each of three splits.
    """
    contenders = []
    for ours_name, tfds_name, num_train in (
        (OURS_ZIPS, TFDS, len(pairs)),
        (OURS_ZIPS_MANY, TFDS_MANY, len(pairs) * _REPEATS),
    ):
        data_dir = os.path.join(work_dir, f"tfds-{num_train}")
        tree, zips = (os.path.join(data_dir, n) for n in ("tree", "manual"))
        splits = {"train": num_train, "val": 1, "test": 1}
        for split, num_pairs in splits.items():
            trees.link_tree(pairs, tree, split, num_pairs)
        trees.write_zips(tree, zips)
        num_pairs = sum(splits.values())
        contenders += [
            _ours_from_zips(ours_name, zips, num_pairs, work_dir),
            _tfds(tfds_name, python, data_dir, num_pairs),
        ]
    return contenders


def _ours_from_zips(
    name: str, zips: str, num_pairs: int, work_dir: str
) -> Contender:
    output = os.path.join(work_dir, "zips-output")
    command = _ours(zips, output, "--splits=train,val,test", "--test_labels")
    return Contender(name, _UNIT, command, num_pairs, (output,), (zips,))


def _tfds(
    name: str, python: str | None, data_dir: str, num_pairs: int
) -> Contender:
    if python is None:
        return Contender(name, _UNIT, not_measured="no --tfds_python was given")
    command = (python, "-m", "benchmarks.contenders.builder_tfds", data_dir)
    outputs = (os.path.join(data_dir, n) for n in ("built", "download"))
    zips = os.path.join(data_dir, "manual")
    return Contender(name, _UNIT, command, num_pairs, tuple(outputs), (zips,))


def _ours(root: str, output_dir: str, *flags: str) -> tuple[str, ...]:
    return process.module_command(
        "preprocess.main",
        f"--cityscapes_root={root}",
        f"--output_dir={output_dir}",
        "--splits=train",
        *flags,
    )


def _ratios(results: Mapping[str, rounds.Result]) -> dict[str, float | None]:
    """Returns what the project promises of its converter."""
    few_mb = results[OURS].row()["peak_mb"]
    many_mb = results[OURS_MANY].row()["peak_mb"]
    return {
        f"{OURS} / {DEEPLAB2}": rounds.ratio(results, OURS, DEEPLAB2),
        f"{OURS_MANY} / {DEEPLAB2}": rounds.ratio(results, OURS_MANY, DEEPLAB2),
        f"{OURS_ZIPS} / {TFDS}": rounds.ratio(results, OURS_ZIPS, TFDS),
        f"{OURS_ZIPS_MANY} / {TFDS_MANY}": rounds.ratio(
            results, OURS_ZIPS_MANY, TFDS_MANY
        ),
        f"{OURS} / {BASELINE}": rounds.ratio(results, OURS, BASELINE),
        f"{UNCHECKED} / {BASELINE}": rounds.ratio(results, UNCHECKED, BASELINE),
        f"{OURS} / {WRITE_TO_TFRECORD}": rounds.ratio(
            results, OURS, WRITE_TO_TFRECORD
        ),
        "280x280, 2 workers / 1 worker": rounds.ratio(
            results, TWO_WORKERS, ONE_WORKER
        ),
        "peak memory, ten times the pairs / the pairs": (
            many_mb / few_mb if few_mb and many_mb else None
        ),
    }


if __name__ == "__main__":
    sys.exit(main())
