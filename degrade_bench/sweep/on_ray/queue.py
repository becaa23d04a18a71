"""What is still to be done of the clips of a sweep, and by whom."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator

from degrade_bench.sweep.processes import ClipDone
from degrade_bench.sweep.worker import Task


class Queue:
    """Tasks that nobody has yet, and what is open of every clip: tasks, and blocks that wait for a device."""

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()
        self._open: Counter[str] = Counter()
        self._doubted: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_open(self) -> bool:
        """Whether anything is to be done, or under way."""
        return bool(self._open)

    def put(self, task: Task) -> None:
        """Have a task done by whoever is free."""
        self.open(task.source.id)
        self._waiting.append(task)

    def open(self, clip_id: str) -> None:
        """One thing more of a clip is under way."""
        self._open[clip_id] += 1

    def closed(self, clip_id: str) -> Iterator[ClipDone]:
        """A task of a clip, or a block of it that waited for a device, is done."""
        self._open[clip_id] -= 1
        if not self._open[clip_id]:
            del self._open[clip_id]
            yield ClipDone(clip_id)

    def next_for(self, node: str | None) -> Task | None:
        """The next task; a clip that could not be read on a node is left to another one, if there is a choice."""
        others = (task for task in self._waiting if self._doubted.get(task.source.id) != node)
        task = next(others, next(iter(self._waiting), None))
        if task is not None:
            self._waiting.remove(task)
        return task

    def doubts(self, clip_id: str, node: str | None) -> bool:
        """Whether a clip that cannot be read on a node is to be tried on another: true the first time."""
        if clip_id in self._doubted:
            return False
        self._doubted[clip_id] = node
        return True
