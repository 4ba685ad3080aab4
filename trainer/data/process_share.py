"""Which frames of a split each process of a run reads.

Every process has its own frames, the same ones in all epochs: a range of the
split, so that at most the shards at its two ends are shared with others.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple

from schemas.manifest import Shard, Split


class Piece(NamedTuple):
    """Frames of one shard, by their numbers in it.

    Attributes:
        shard: The shard's number in the split.
        begin: The first frame.
        end: The one after the last.
    """

    shard: int
    begin: int
    end: int


@dataclasses.dataclass(frozen=True)
class Share:
    """The part of each split that a process reads.

    Attributes:
        index: The number of the process.
        count: The number of processes.
    """

    index: int = 0
    count: int = 1

    def bounds(self, num_examples: int) -> tuple[int, int]:
        """Returns the first frame and the one after the last."""
        return (
            self.index * num_examples // self.count,
            (self.index + 1) * num_examples // self.count,
        )

    def largest(self, num_examples: int) -> int:
        """Returns the frames of the process that has the most."""
        return -(-num_examples // self.count)

    def pieces(self, shard_counts: Sequence[int]) -> list[Piece]:
        """Cuts the share out of a split's shards.

        Args:
            shard_counts: The frames of each shard.
        """
        first, last = self.bounds(sum(shard_counts))
        starts = itertools.accumulate(shard_counts, initial=0)
        pieces = [
            Piece(
                shard,
                max(first - start, 0),
                min(last - start, count),
            )
            for shard, (start, count) in enumerate(
                zip(starts, shard_counts, strict=False)
            )
        ]
        return [piece for piece in pieces if piece.begin < piece.end]

    def shards(self, split: Split) -> list[Shard]:
        """Returns the shards that frames of the share are in."""
        counts = [shard.num_examples for shard in split.shards]
        return [split.shards[piece.shard] for piece in self.pieces(counts)]


WHOLE = Share()
"""The share of a run of one process."""
