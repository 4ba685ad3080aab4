"""The scores of a split, and their table, by Cityscapes' rules.

All come from one confusion matrix over a table's classes: pixels whose truth
is of no evaluated class count nowhere, any other class predicted on the rest
is a miss, and a class absent from truth and prediction leaves the mean.  With
Cityscapes' table they are what the benchmark's server gives.
"""

import dataclasses
import functools
import math

import numpy as np

from schemas.labels.cityscapes import is_of_cityscapes
from schemas.labels.table import LabelSpace
from schemas.quantities import percent
from trainer.metrics import boundary
from trainer.metrics.confusion import ConfusionMatrix


@dataclasses.dataclass(frozen=True, eq=False)
class Scores:
    """What one confusion matrix says, and the outlines beside it.

    Attributes:
        counts: (C, C) integers over the ids of `space`, rows truth.
        space: The label ids of a table.
        boundaries: (2, C) integers of `boundary.count_boundaries`; none of
            its scores where None.
    """

    counts: np.ndarray
    space: LabelSpace
    boundaries: np.ndarray | None = None

    @functools.cached_property
    def all_ids(self) -> ConfusionMatrix:
        """The matrix with each id a class like any other."""
        return self._matrix(None)

    @functools.cached_property
    def evaluated(self) -> ConfusionMatrix:
        """The matrix with only the evaluated classes scored."""
        return self._matrix(self.space.evaluated)

    @functools.cached_property
    def is_in_truth(self) -> np.ndarray:
        """(C,) bool: the evaluated classes that the truth holds."""
        return self.space.evaluated & (self.counts.sum(1) > 0)

    @property
    def mean_iou_in_truth(self) -> float:
        """The mean over the evaluated classes that the truth holds.

        `evaluated.mean_iou` takes a class that is only predicted as 0.
        """
        return _mean(self.evaluated.iou()[self.is_in_truth])

    @property
    def absent_names(self) -> list[str]:
        """The evaluated classes that the truth does not hold."""
        is_absent = self.space.evaluated & ~self.is_in_truth
        return [self.space.class_names[i] for i in np.flatnonzero(is_absent)]

    @functools.cached_property
    def category_iou(self) -> dict[str, float]:
        """The IoU of each category of evaluated classes, nan if absent."""
        names = self.space.table.categories
        if not names:
            return {}
        # One group more than there are categories, for the ignored ids.
        group_of = np.array(
            [
                len(names) if row.is_void else names.index(row.category)
                for row in self.space.classes
            ]
        )
        groups = np.zeros((len(names) + 1,) * 2, np.int64)
        is_evaluated = self.space.evaluated
        places = group_of[is_evaluated][:, None], group_of[None]
        np.add.at(groups, places, self.counts[is_evaluated])
        matrix = ConfusionMatrix(
            len(groups), np.arange(len(groups)) < len(names)
        )
        matrix.update(groups)
        return dict(zip(names, matrix.iou()[:-1].tolist(), strict=True))

    @property
    def mean_category_iou(self) -> float:
        """The mean over the categories that occur; nan if none does."""
        return _mean(np.array(list(self.category_iou.values())))

    @functools.cached_property
    def boundary_iou(self) -> np.ndarray | None:
        """(C,) float64, nan where `evaluated.iou` is; None if not counted."""
        if self.boundaries is None:
            return None
        shared, either = self.boundaries
        defined = self.space.evaluated & (either > 0)
        return np.where(defined, shared / np.maximum(either, 1), np.nan)

    def means(self) -> dict[str, float]:
        """Gives each mean under its full name, the first one first."""
        is_scored = ~np.isnan(self.evaluated.iou())
        total = int(self.space.evaluated.sum())
        num_scored = int(np.count_nonzero(is_scored))
        accuracy = "pixel accuracy"
        if is_of_cityscapes(self.space.table):
            scored = f", {num_scored} of {total} classes"
            accuracy = "pixel accuracy, official"
        elif num_scored == total:
            scored = f" over {total} classes"
        else:
            scored = f" over {num_scored} of {total} classes"
        num_ids = self.space.num_classes
        in_truth = f"mean IoU, {int(self.is_in_truth.sum())} in the truth"
        means = {f"mean IoU{scored}": self.evaluated.mean_iou()}
        if self.boundary_iou is not None:
            means[f"boundary IoU{scored}"] = _mean(self.boundary_iou)
        means[in_truth] = self.mean_iou_in_truth
        if self.category_iou:
            name = f"mean IoU, {len(self.category_iou)} categories"
            means[name] = self.mean_category_iou
        means[accuracy] = self.evaluated.pixel_accuracy()
        if total < num_ids:
            all_ids = self.all_ids
            means[f"mean IoU, all {num_ids} ids"] = all_ids.mean_iou()
            means[f"pixel accuracy, all {num_ids} ids"] = (
                all_ids.pixel_accuracy()
            )
        return means

    def to_dict(self) -> dict:
        """Gives the scores under csEvalPixelLevelSemanticLabeling's keys.

        Five keys are this project's own: `means`, `allIds`, with every id
        scored as a class, `inTruth`, of the evaluated classes that the truth
        holds, `pixelAccuracy` over the evaluated pixels, and `boundaryIoU`.
        Scores of categories are left out where the table has none, those of
        boundaries where they were not counted.  JSON has no nan: a score that
        is not defined is None.
        """
        names = self.space.class_names
        row_sums = self.counts.sum(1)
        priors = row_sums / max(int(self.counts.sum()), 1)
        return {
            "averageScoreClasses": _or_none(self.evaluated.mean_iou()),
            **self._category_scores(),
            "classScores": _by_name(names, self.evaluated.iou()),
            "pixelAccuracy": _or_none(self.evaluated.pixel_accuracy()),
            "means": {k: _or_none(v) for k, v in self.means().items()},
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
            **self._boundary_scores(),
            "confMatrix": self.counts.tolist(),
            "priors": _by_name(names, priors),
            "labels": {row.name: row.label_id for row in self.space.classes},
        }

    def _category_scores(self) -> dict:
        if not self.category_iou:
            return {}
        names = dict.fromkeys(row.category for row in self.space.classes)
        return {
            "averageScoreCategories": _or_none(self.mean_category_iou),
            "categoryScores": {
                name: _or_none(self.category_iou.get(name, math.nan))
                for name in names
            },
        }

    def _boundary_scores(self) -> dict:
        if self.boundary_iou is None:
            return {}
        return {
            "boundaryIoU": {
                "averageScoreClasses": _or_none(_mean(self.boundary_iou)),
                "classScores": _by_name(
                    self.space.class_names, self.boundary_iou
                ),
                "shareOfDiagonal": boundary.SHARE_OF_DIAGONAL,
            }
        }

    def _matrix(self, evaluated: np.ndarray | None) -> ConfusionMatrix:
        matrix = ConfusionMatrix(self.space.num_classes, evaluated)
        matrix.update(self.counts)
        return matrix


def format_table(scores: Scores, context: str) -> str:
    """Lays the scores out for a console, in percent.

    Args:
        scores: The scores.
        context: The size and the label space, said beside the means.
    """
    space, means = scores.space, scores.means()
    width = max(20, *map(len, space.class_names))
    id_width = max(2, len(str(space.ids[-1])))
    shares = scores.counts.sum(1) / max(int(scores.counts.sum()), 1)
    columns = {
        f"IoU of {space.num_classes}": scores.all_ids.iou(),
        f"IoU of {int(space.evaluated.sum())}": scores.evaluated.iou(),
    }  # One where all classes are evaluated.
    if scores.boundary_iou is not None:
        columns["boundary"] = scores.boundary_iou
    lines = [
        f"{'id':{id_width}}  {'class':{width}}  trainId  pixels   "
        f"{'  '.join(f'{name:>9}' for name in columns)}"
    ]
    for index, row in enumerate(space.classes):
        ious = (f"{percent(iou[index]):>9}" for iou in columns.values())
        lines.append(
            f"{row.label_id:{id_width}}  {row.name:{width}}  "
            f"{'-' if row.is_void else row.train_id:>7}  "
            f"{percent(shares[index]):>6}  {'  '.join(ious)}"
        )
    lines.append("")
    if scores.category_iou:
        lines += [
            "category             IoU",
            *(
                f"{name:16}  {percent(iou):>6}"
                for name, iou in scores.category_iou.items()
            ),
            "",
        ]
    width = max(30, *map(len, means))
    lines += [
        f"{name:{width}}  {percent(value):>6} %  ({context})"
        for name, value in means.items()
    ]
    if scores.absent_names:
        lines.append(f"absent from the truth: {', '.join(scores.absent_names)}")
    return "\n".join(lines)


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _by_name(names: tuple[str, ...], values: np.ndarray) -> dict:
    return {
        name: _or_none(value) for name, value in zip(names, values, strict=True)
    }
