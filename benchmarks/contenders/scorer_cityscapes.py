r"""Scores label maps with cityscapesScripts.

    PYTHON -m benchmarks.contenders.scorer_cityscapes \
        CITYSCAPES_ROOT PREDICTIONS_DIR

PYTHON has cityscapesScripts installed.  Its score of instances is left out,
because it does not run on NumPy 2.4.
"""

import glob
import os
import sys

from cityscapesscripts.evaluation import (
    evalPixelLevelSemanticLabeling as official,
)


def score(cityscapes_root: str, predictions_dir: str) -> None:
    """Scores val and prints the mean IoU over the 19 classes."""
    pattern = "gtFine/val/*/*_gtFine_labelIds.png"
    truth = sorted(glob.glob(os.path.join(cityscapes_root, pattern)))
    official.args.predictionPath = predictions_dir
    official.args.predictionWalk = None
    official.args.evalInstLevelScore = False
    official.args.JSONOutput = False
    official.args.quiet = True
    predictions = [
        official.getPrediction(official.args, path) for path in truth
    ]
    result = official.evaluateImgLists(predictions, truth, official.args)
    print(result["averageScoreClasses"])


if __name__ == "__main__":
    score(*sys.argv[1:])
