"""The pictures that runs keep of the same frames, beside one another."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from schemas.quantities import percent
from trainer.comparison import scores
from trainer.config import run_dir
from trainer.runs.run import Run
from trainer.storage import files, images
from trainer.visualization import draw
from trainer.visualization.page import made_small

_SUFFIX = ".png"
_NUM_EVALUATED = 4
"""Pictures of an evaluated frame: picture, truth, prediction, mistakes."""

_NUM_PREVIEWED = 3
"""Columns of a training's last frames: picture, truth, prediction."""


@dataclasses.dataclass(frozen=True, eq=False)
class Shown:
    """A frame, or a column of several, and what runs say of it.

    Attributes:
        title: Its name.
        common: Caption → (H, W, 3) uint8, which all runs have.
        of_runs: What each run says: (its number, caption, (H, W, 3) uint8).
    """

    title: str
    common: Mapping[str, np.ndarray]
    of_runs: Sequence[tuple[int, str, np.ndarray]]


def find(runs: Sequence[Run], problems: list[str]) -> list[Shown]:
    """Returns the frames that two runs or more have pictures of.

    They are those of evaluations; where no two runs have such, those of the
    trainings' last epochs.

    Args:
        runs: The runs.
        problems: Takes a line for each picture that cannot be read.
    """
    shown = [
        frame
        for name in scores.evaluation_names(runs)
        for group in scores.same_data(runs, name)
        for frame in _evaluated(runs, group, name, problems)
    ]
    return shown or list(_previewed(runs, problems))


def _evaluated(
    runs: Sequence[Run], group: Sequence[Run], name: str, problems: list[str]
) -> Iterator[Shown]:
    """Yields the frames of one evaluation of the same data set."""
    folder = run_dir.named(run_dir.PICTURES_DIR, name)
    kept = {
        run.name: files.names(files.join(run.folder, folder)) for run in group
    }
    known = group[0].evaluations[name].frames
    for frame in sorted(known):
        file_name = f"{frame}{_SUFFIX}"
        havers = [run for run in group if file_name in kept[run.name]]
        if len(havers) < 2:
            continue
        paths = [
            files.join(files.join(run.folder, folder), file_name)
            for run in havers
        ]
        of_runs: list[tuple[int, str, np.ndarray]] = []
        common: dict[str, np.ndarray] = {}
        for run, path in zip(havers, paths, strict=True):
            panels = _read(path, _NUM_EVALUATED, problems)
            if not panels:
                continue
            picture, truth, prediction, mistakes = panels
            common = common or {"picture": picture, "truth": truth}
            score = percent(run.evaluations[name].frames.get(frame))
            number = list(runs).index(run)
            of_runs.append((number, f"mean IoU {score} %", prediction))
            of_runs.append((number, "mistakes", mistakes))
        if of_runs:
            yield Shown(f"{frame} ({run_dir.stem(name)})", common, of_runs)


def _previewed(runs: Sequence[Run], problems: list[str]) -> Iterator[Shown]:
    """Yields the last frames of trainings that drew the same ones."""
    groups: list[tuple[list[np.ndarray], list[tuple[int, np.ndarray]]]] = []
    for number, run in enumerate(runs):
        path = files.join(run.folder, run_dir.PREVIEW)
        panels = _read(path, _NUM_PREVIEWED, problems)
        if not panels:
            continue
        *common, prediction = panels
        for others, of_runs in groups:
            if all(map(np.array_equal, common, others)):
                of_runs.append((number, prediction))
                break
        else:
            groups.append((common, [(number, prediction)]))
    for (picture, truth), of_runs in groups:
        if len(of_runs) > 1:
            yield Shown(
                "the evaluation split, after the last epoch",
                {"picture": picture, "truth": truth},
                [(number, "prediction", panel) for number, panel in of_runs],
            )


def _read(path: str, count: int, problems: list[str]) -> list[np.ndarray]:
    """Reads a strip's pictures, made small; none where there is no strip."""
    if files.num_bytes(path) is None:
        return []
    try:
        sheet = images.decode_rgb(files.read_bytes(path))
        # The strips of many runs at their own size would fill the memory.
        return [made_small(panel) for panel in draw.cut_strip(sheet, count)]
    except (OSError, ValueError) as error:
        problems.append(f"{path} cannot be shown: {error}")
        return []
