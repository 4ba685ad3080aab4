"""TakeStock: counts what was found and decides the number of shards."""

import dataclasses
from collections.abc import Iterable

import apache_beam as beam

from preprocess.errors import ConversionError
from preprocess.options import Options
from preprocess.output import existing
from preprocess.pipeline import rows
from preprocess.pipeline.rows import FrameRow
from preprocess.progress import current as progress
from preprocess.records import placement
from preprocess.sources import listing
from preprocess.sources.pairing import Frame, SkippedFrame
from schemas.quantities import counted

_NUM_NAMED = 3
_ALL = 0


@dataclasses.dataclass(frozen=True)
class Inventory:
    """What was found of one split.

    Attributes:
        num_frames: Complete frames.
        num_bytes: The size of their files.
        fingerprint: The sum of their fingerprints.
        num_problems: Frames with a missing, second or empty file.
        problems: The first few of those, by name.
    """

    num_frames: int = 0
    num_bytes: int = 0
    fingerprint: int = 0
    num_problems: int = 0
    problems: tuple[SkippedFrame, ...] = ()

    def __add__(self, other: "Inventory") -> "Inventory":
        """Returns both together; the order does not matter."""
        problems = sorted(
            (*self.problems, *other.problems), key=lambda p: p.name
        )
        return Inventory(
            self.num_frames + other.num_frames,
            self.num_bytes + other.num_bytes,
            (self.fingerprint + other.fingerprint) % 2**128,
            self.num_problems + other.num_problems,
            tuple(problems[:_NUM_NAMED]),
        )

    @classmethod
    def of(cls, found: Frame | SkippedFrame) -> "Inventory":
        """Returns the inventory of one frame or problem."""
        if isinstance(found, SkippedFrame):
            return cls(num_problems=1, problems=(found,))
        return cls(1, found.num_bytes, found.fingerprint)


Plan = dict[str, tuple[Inventory, int]]
"""Split name → (its inventory, its number of shards)."""


class TakeStock(beam.PTransform):
    """Sums frames and problems up and decides the shards: one plan."""

    def __init__(self, options: Options):
        """Takes the conversion's options."""
        super().__init__()
        self._options = options

    def expand(
        self, found: tuple[beam.PCollection, beam.PCollection]
    ) -> beam.PCollection:
        """Builds the step."""
        counts = (
            found
            | "Together" >> beam.Flatten()
            | "Count" >> beam.Map(_count, self._options)
        )
        # CombineGlobally would key by None, whose hash is another in each
        # process: Dask's runner would sum up in several places.
        nothing = counts.pipeline | "Nothing" >> beam.Create(
            [(_ALL, {})], reshuffle=False
        )
        return (
            (counts, nothing)
            | "OrNothing" >> beam.Flatten()
            # (_ALL, {split: Inventory})
            | "Sum" >> beam.CombinePerKey(_sum_inventories)
            | "Plan" >> beam.Map(_begin, self._options)
        )


def _count(
    item: FrameRow | SkippedFrame, options: Options
) -> tuple[int, dict[str, Inventory]]:
    found = (
        item
        if isinstance(item, SkippedFrame)
        else rows.unpack_frame(item, options)
    )
    return _ALL, {found.split: Inventory.of(found)}


def _sum_inventories(
    parts: Iterable[dict[str, Inventory]],
) -> dict[str, Inventory]:
    total: dict[str, Inventory] = {}
    for part in parts:
        for split, inventory in part.items():
            total[split] = total.get(split, Inventory()) + inventory
    return total


def _begin(item: tuple[int, dict[str, Inventory]], options: Options) -> Plan:
    """Makes the plan; only then is a former data set no longer one."""
    plan = make_plan(item[1], options)
    existing.forget(options.output_dir)
    return plan


def make_plan(found: dict[str, Inventory], options: Options) -> Plan:
    """Decides each split's number of shards, before anything is written.

    Returns:
        Split name → (its inventory, its number of shards).

    Raises:
        ConversionError: A split has no frames, or, with `on_error=fail`,
            frames without a partner; counts them and names the first few.
    """
    stock = {split: found.get(split, Inventory()) for split in options.splits}
    for split, inventory in stock.items():
        if not inventory.num_frames:
            _check_layout(split, options)
    problems = sum(stock.values(), Inventory())
    if options.on_error == "fail" and problems.num_problems:
        raise _incomplete(
            problems, "leave such frames out with --on_error=skip"
        )
    for split, inventory in stock.items():
        if not inventory.num_frames:
            raise _incomplete(inventory, f"leave {split} out of --splits")
    progress.expect(sum(inventory.num_frames for inventory in stock.values()))
    return {
        split: (inventory, _num_shards(inventory, options))
        for split, inventory in stock.items()
    }


def _check_layout(split: str, options: Options) -> None:
    """Raises ConversionError where a split has no files of a kind at all."""
    reason = listing.why_no_files(split, options)
    if reason:
        raise ConversionError(
            f"split {split} has no frames in {options.cityscapes_root}: "
            f"{reason}."
        )


def _incomplete(problems: Inventory, way_out: str) -> ConversionError:
    named = "; ".join(
        f"{problem.name}: {problem.reason}" for problem in problems.problems
    )
    remedies = {problem.remedy: None for problem in problems.problems}
    advice = "; ".join(filter(None, remedies)) or "mend that"
    are = counted(problems.num_problems, "frame is", "frames are")
    return ConversionError(
        f"{are} not complete, first {named}. Remedy: {advice}; or {way_out}."
    )


def _num_shards(inventory: Inventory, options: Options) -> int:
    if options.num_shards is not None:
        return options.num_shards
    num_bytes = inventory.num_bytes
    size = options.encoding.image_size
    if not isinstance(size, str):
        num_bytes = inventory.num_frames * 4 * size[0] * size[1]
    return placement.choose_num_shards(
        inventory.num_frames, num_bytes, options.shard_size_mb
    )
