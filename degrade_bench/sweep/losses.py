"""What becomes of the work of a worker that died: it is tried again, but for what workers have died of twice.

A block in which workers died twice is given up, and so is a clip that nobody survived reading twice. Where somebody
else's metrics were called in the worker, only they are given up, for the whole clip, and the block is tried again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.sweep.worker import BlockLost, ClipLost, Task

MOST_DEATHS = 2
"""So often a worker may die in one block, or while it reads one clip."""


@dataclass(frozen=True)
class Aftermath:
    """What a death comes to.

    Attributes:
        lost: what is given up.
        left: of the task, for another worker; None where nothing is.
    """

    lost: tuple[BlockLost | ClipLost, ...]
    left: Task | None


class Losses:
    """Counts deaths by clip and block, and says what is tried again.

    Args:
        guests: metrics whose code is not ours and that workers call: a crash of theirs is the worker's end.
    """

    def __init__(self, guests: frozenset[str]) -> None:
        self._guests = guests
        self._deaths: Counter[tuple[str, str | None]] = Counter()

    def after_death(self, task: Task, block: str | None, reported: Collection[str], how: str) -> Aftermath:
        """What comes of a task whose worker has died.

        Args:
            task: that it had.
            block: in which it died; None for the reading of the clip.
            reported: the blocks of the task that it had reported.
            how: it ended, in words.
        """
        clip_id = task.source.id
        left = {name: wanted for name, wanted in task.todo.items() if name not in reported}
        lost: list[BlockLost | ClipLost] = []
        self._deaths[clip_id, block] += 1
        if self._deaths[clip_id, block] >= MOST_DEATHS:
            reason = f"the worker process died twice ({how})"
            if block is None:
                return Aftermath((ClipLost(clip_id, reason),), None)
            if guests := self._guests_in(left.get(block, frozenset())):
                lost += [
                    BlockLost(clip_id, name, INTERRUPTED + reason, guests & wanted) for name, wanted in left.items()
                ]
                without = {name: wanted - guests for name, wanted in left.items()}
                left = {name: wanted for name, wanted in without.items() if wanted}
            else:
                lost.append(BlockLost(clip_id, block, INTERRUPTED + reason))
                left.pop(block, None)
        return Aftermath(tuple(lost), Task(task.source, left) if left else None)

    def _guests_in(self, wanted: frozenset[str]) -> frozenset[str]:
        """The metrics that may have ended a worker, if there are others that they must not take with them."""
        guests = wanted & self._guests
        return guests if guests != wanted else frozenset()
