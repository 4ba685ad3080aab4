"""The scores that the Cityscapes benchmark server gives, and their table.

All come from one 34x34 confusion matrix of labelIds: pixels whose truth is
an ignored id count nowhere, an ignored id predicted on any other pixel is a
miss, and a class absent from truth and prediction leaves the mean.
"""

import dataclasses
import functools
import math

import numpy as np

from schemas.labels.cityscapes import CITYSCAPES, LABEL_IDS, TRAIN_IDS
from trainer.metrics.confusion import ConfusionMatrix

_CATEGORIES = CITYSCAPES.categories
_CATEGORY_OF = np.array(
    [
        -1 if row.is_void else _CATEGORIES.index(row.category)
        for row in LABEL_IDS.classes
    ]
)


@dataclasses.dataclass(frozen=True, eq=False)
class BenchmarkScores:
    """What one confusion matrix says.

    Attributes:
        counts: (34, 34) integers over labelIds, rows truth.
    """

    counts: np.ndarray

    @functools.cached_property
    def all_ids(self) -> ConfusionMatrix:
        """The matrix with each of the 34 ids a class like any other."""
        return _matrix(self.counts, None)

    @functools.cached_property
    def official(self) -> ConfusionMatrix:
        """The matrix with only the 19 official classes evaluated."""
        return _matrix(self.counts, LABEL_IDS.evaluated)

    @functools.cached_property
    def is_in_truth(self) -> np.ndarray:
        """(34,) bool: the official classes that the truth holds."""
        return LABEL_IDS.evaluated & (self.counts.sum(1) > 0)

    @property
    def num_scored(self) -> int:
        """The official classes that truth or prediction holds."""
        return int(np.count_nonzero(~np.isnan(self.official.iou())))

    @property
    def mean_iou_in_truth(self) -> float:
        """The mean over the official classes that the truth holds.

        The official mean takes a class that is only predicted as 0.
        """
        return _mean(self.official.iou()[self.is_in_truth])

    @property
    def absent_names(self) -> list[str]:
        """The official classes that the truth does not hold."""
        is_absent = LABEL_IDS.evaluated & ~self.is_in_truth
        return [LABEL_IDS.class_names[i] for i in np.flatnonzero(is_absent)]

    @functools.cached_property
    def category_iou(self) -> np.ndarray:
        """(7,) float64: the IoU of each of `_CATEGORIES`, nan if absent."""
        evaluated = self.counts[LABEL_IDS.evaluated]
        # One column more than there are categories, for the ignored ids.
        groups = np.zeros((len(_CATEGORIES) + 1,) * 2, np.int64)
        rows = _CATEGORY_OF[LABEL_IDS.evaluated]
        np.add.at(groups, (rows[:, None], _CATEGORY_OF[None]), evaluated)
        matrix = ConfusionMatrix(
            len(groups), np.arange(len(groups)) < len(_CATEGORIES)
        )
        matrix.update(groups)
        return matrix.iou()[:-1]

    @property
    def mean_category_iou(self) -> float:
        """The mean over the categories that occur; nan if none does."""
        return _mean(self.category_iou)

    def to_dict(self) -> dict:
        """Gives the scores under csEvalPixelLevelSemanticLabeling's keys.

        Three keys are this project's own: `allIds`, with every id scored as
        a class, `inTruth`, of the official classes that the truth holds, and
        `pixelAccuracy` over the evaluated pixels.  JSON has no nan: a score
        that is not defined is None.
        """
        names = LABEL_IDS.class_names
        row_sums = self.counts.sum(1)
        priors = row_sums / max(int(self.counts.sum()), 1)
        categories = dict(zip(_CATEGORIES, self.category_iou, strict=True))
        return {
            "averageScoreClasses": _or_none(self.official.mean_iou()),
            "averageScoreCategories": _or_none(self.mean_category_iou),
            "classScores": _by_name(names, self.official.iou()),
            "categoryScores": {
                name: _or_none(categories.get(name, math.nan))
                for name in ("void", *_CATEGORIES)
            },
            "pixelAccuracy": _or_none(self.official.pixel_accuracy()),
            "inTruth": {
                "averageScoreClasses": _or_none(self.mean_iou_in_truth),
                "numClasses": int(self.is_in_truth.sum()),
                "absentClasses": self.absent_names,
            },
            "allIds": {
                "averageScoreClasses": _or_none(self.all_ids.mean_iou()),
                "classScores": _by_name(names, self.all_ids.iou()),
                "pixelAccuracy": _or_none(self.all_ids.pixel_accuracy()),
            },
            "confMatrix": self.counts.tolist(),
            "priors": _by_name(names, priors),
            "labels": {row.name: row.label_id for row in LABEL_IDS.classes},
        }


def format_table(scores: BenchmarkScores, context: str) -> str:
    """Lays the scores out for a console, in percent.

    Args:
        scores: The scores.
        context: The size and the label space, said beside the means.
    """
    shares = scores.counts.sum(1) / max(int(scores.counts.sum()), 1)
    columns = zip(
        LABEL_IDS.classes,
        shares,
        scores.all_ids.iou(),
        scores.official.iou(),
        strict=True,
    )
    lines = [
        "id  class                 trainId  pixels   IoU of 34  IoU of 19",
        *(
            f"{row.label_id:2}  {row.name:20}  "
            f"{_train_id(row.label_id):>7}  {_percent(share)}  "
            f"{_percent(iou):>9}  {_percent(official):>9}"
            for row, share, iou, official in columns
        ),
        "",
        "category             IoU",
        *(
            f"{name:16}  {_percent(iou)}"
            for name, iou in zip(_CATEGORIES, scores.category_iou, strict=True)
        ),
        "",
    ]
    means = {
        f"mean IoU, {scores.num_scored} of 19 classes": (
            scores.official.mean_iou()
        ),
        f"mean IoU, {int(scores.is_in_truth.sum())} in the truth": (
            scores.mean_iou_in_truth
        ),
        "mean IoU, 7 categories": scores.mean_category_iou,
        "pixel accuracy, official": scores.official.pixel_accuracy(),
        "mean IoU, all 34 ids": scores.all_ids.mean_iou(),
        "pixel accuracy, all 34 ids": scores.all_ids.pixel_accuracy(),
    }
    lines += [
        f"{name:30}  {_percent(value)} %  ({context})"
        for name, value in means.items()
    ]
    if scores.absent_names:
        lines.append(f"absent from the truth: {', '.join(scores.absent_names)}")
    return "\n".join(lines)


def _matrix(
    counts: np.ndarray, evaluated: np.ndarray | None
) -> ConfusionMatrix:
    matrix = ConfusionMatrix(LABEL_IDS.num_classes, evaluated)
    matrix.update(counts)
    return matrix


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict:
    return {
        name: _or_none(value) for name, value in zip(names, values, strict=True)
    }


def _train_id(label_id: int) -> str:
    is_evaluated = LABEL_IDS.evaluated[label_id]
    return str(TRAIN_IDS.stored[label_id]) if is_evaluated else "-"


def _percent(fraction: float) -> str:
    return f"{'-':>6}" if math.isnan(fraction) else f"{100 * fraction:6.2f}"
