r"""Compares scoring with cityscapesScripts, and times inference.

    python -m benchmarks.evaluate --rounds=3 --json=evaluate.json \
        --cityscapes_python=PATH

Scenes of Cityscapes' size are drawn, and their labels, moved by a few
pixels, are the predictions.  Each rate is frames a second of a process's
whole life: the interpreter's start and the imports are in it.
"""

import argparse
import glob
import os
import sys
from collections.abc import Mapping

import numpy as np
from PIL import Image

from benchmarks.harness import comparison, process, report, rounds
from benchmarks.harness.rounds import Contender, Result
from preprocess import command_line

OURS = "trainer.task --predictions"
OFFICIAL = "csEvalPixelLevelSemanticLabeling"
SLIDING = "sliding window, 1024x2048"
WHOLE = "resized to 280x280 and back, 1024x2048"

_UNIT = "frames/s"
_SHIFT_PX = 4
_PACKAGES = ("tensorflow", "keras", "numpy", "pillow")


def main() -> int:
    """Runs the benchmark; returns the exit code."""
    return comparison.run(_parse_flags(), _prepare, _ratios, _PACKAGES)


def _ratios(results: Mapping[str, Result]) -> dict[str, float | None]:
    return {f"{OURS} / {OFFICIAL}": rounds.ratio(results, OURS, OFFICIAL)}


def _parse_flags() -> argparse.Namespace:
    parser = report.parser(__doc__)
    parser.add_argument(
        "--num_frames",
        type=command_line.whole(1),
        default=50,
        help="frames that are scored (default: %(default)s)",
    )
    parser.add_argument(
        "--num_pictures",
        type=command_line.whole(1),
        default=1,
        help="pictures that a network sees (default: %(default)s)",
    )
    parser.add_argument(
        "--base_filters",
        type=command_line.whole(1),
        default=64,
        help="the network's width (default: %(default)s)",
    )
    parser.add_argument(
        "--cityscapes_python",
        help="an interpreter that has cityscapesScripts installed",
    )
    parser.add_argument(
        "--work_dir",
        help="an existing folder for frames and outputs (default: the "
        "system's temporary folder); 5 MB a frame are needed",
    )
    return parser.parse_args()


def _prepare(flags: argparse.Namespace, work_dir: str) -> list[Contender]:
    """Draws the frames, saves a network and returns the contenders."""
    root, predictions, network, output = (
        os.path.join(work_dir, name)
        for name in ("drawn", "predictions", "unet.keras", "output")
    )
    process.run(
        _module(
            "preprocess.sample",
            f"--output_dir={root}",
            "--num_train=1",
            f"--num_val={flags.num_frames}",
            "--image_size=1024x2048",
        )
    )
    os.mkdir(predictions)
    for path in _find(root, "gtFine", "labelIds"):
        _write_moved(path, predictions)
    pictures = os.path.join(work_dir, "pictures")
    os.mkdir(pictures)
    for path in _find(root, "leftImg8bit", "leftImg8bit")[: flags.num_pictures]:
        os.link(path, os.path.join(pictures, os.path.basename(path)))
    process.run(
        _module(
            "benchmarks.contenders.save_network",
            network,
            str(flags.base_filters),
        )
    )
    predict = _module(
        "trainer.task",
        "--mode=predict",
        f"--checkpoint={network}",
        f"--input={pictures}",
        f"--output_dir={output}",
    )
    score = _module(
        "trainer.task",
        "--mode=evaluate",
        f"--data_dir={root}",
        f"--predictions={predictions}",
        f"--model_dir={output}",
    )
    num_pictures = len(os.listdir(pictures))
    return [
        Contender(OURS, _UNIT, score, flags.num_frames, (output,)),
        _official(flags, root, predictions),
        Contender(
            f"{SLIDING}, {flags.base_filters} filters",
            _UNIT,
            (*predict, "--resize=none", "--inference=sliding"),
            num_pictures,
            (output,),
        ),
        Contender(
            f"{WHOLE}, {flags.base_filters} filters",
            _UNIT,
            predict,
            num_pictures,
            (output,),
        ),
    ]


def _official(
    flags: argparse.Namespace, root: str, predictions: str
) -> Contender:
    python = flags.cityscapes_python
    if python is None:
        return Contender(
            OFFICIAL, _UNIT, not_measured="no --cityscapes_python was given"
        )
    command = (
        python,
        "-m",
        "benchmarks.contenders.scorer_cityscapes",
        root,
        predictions,
    )
    return Contender(OFFICIAL, _UNIT, command, flags.num_frames)


def _find(root: str, kind: str, ending: str) -> list[str]:
    pattern = os.path.join(root, kind, "val", "*", f"*_{ending}.png")
    return sorted(glob.glob(pattern))


def _write_moved(path: str, folder: str) -> None:
    """Writes a label map, moved to the side, as a prediction."""
    picture = Image.open(path, formats=("PNG",))
    ids = np.roll(np.asarray(picture), _SHIFT_PX, axis=1)
    Image.fromarray(ids).save(os.path.join(folder, os.path.basename(path)))


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)


if __name__ == "__main__":
    sys.exit(main())
