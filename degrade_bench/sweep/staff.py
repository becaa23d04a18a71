"""How many workers memory suffices for, where nobody says how many are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from degrade_bench._support.numbers import gigabytes
from degrade_bench._support.resources import available_bytes, available_cores, taken_by
from degrade_bench.corpus.source import ClipSource

LEAST_BYTES = 600 << 20
"""What a worker takes at least, before anything is measured: its libraries, and short clips."""

RESERVE = 0.25
"""So much more than the first worker took is counted for every one: it rendered one level of some blocks."""


def usual_workers() -> int:
    """One worker per core, as long as memory suffices for what every worker takes at least."""
    return max(1, min(available_cores(), available_bytes() // LEAST_BYTES))


@dataclass
class Staff:
    """How many workers there are to be: as many as are wanted, or fewer where memory does not suffice for them.

    The first worker is watched while it is tried out on a clip: what it takes from then on beyond what it took with
    nothing in its hands grows with the length of the clip.

    Args:
        wanted: so many at most.
        sources: the clips.
        bounded: whether there are to be fewer where memory does not suffice.

    Attributes:
        shortage: in words, where there are to be fewer.
        each: bytes that are counted for a worker, once one was tried out.
    """

    wanted: int
    sources: Sequence[ClipSource]
    bounded: bool = True
    shortage: str | None = None
    each: int | None = None
    _idle: int | None = None

    def began(self, pid: int | None) -> None:
        """The first worker has nothing in its hands yet."""
        taken = None if pid is None else taken_by(pid)
        self._idle = None if taken is None else taken.now

    def tried(self, pid: int | None, seconds: float | None) -> int:
        """How many workers there are to be, now that the first one has been tried out.

        Args:
            pid: of its process.
            seconds: of the clip that it was tried out on; None for unknown.
        """
        taken = None if pid is None else taken_by(pid)
        if taken is None or self._idle is None:
            return self.wanted
        longest = max((source.seconds_hint or 0.0 for source in self.sources), default=0.0)
        longer = max(1.0, longest / seconds) if seconds else 1.0
        most = self._idle + round((1 + RESERVE) * longer * max(0, taken.peak - self._idle))
        self.each = most
        if not self.bounded:
            return self.wanted
        room = available_bytes() + taken.now
        enough = max(1, min(self.wanted, room // most))
        if enough < self.wanted:
            self.shortage = (
                f"memory suffices for {enough} of {self.wanted} workers: one takes {gigabytes(most)}, and "
                f"{gigabytes(room)} are free; --workers N starts N all the same"
            )
        return enough
