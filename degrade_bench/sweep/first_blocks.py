"""A metric that fails everywhere is told of after the first blocks that it scores, and not when all is done.

Whether a metric ends the run is decided on one clip, the first in the order of the run that says anything: its
clean signal, and then its blocks in order. Where the clean signal failed, and so did every cell of the first block
that applies to the metric, for a reason of the same kind, it is not the damage that it fails on. What other clips
gave meanwhile plays no part, so that the outcome is the same on any number of workers. Over a clip whose clean
signal ended the metric's process, no block is asked about: there the clean signals of two clips decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench.errors import FailsEverywhereError
from degrade_bench.runs.columns import CLEAN, INTERRUPTED, Row
from degrade_bench.sweep.asking import NOT_ASKED
from degrade_bench.sweep.scoring import RETURNED_NAN
from degrade_bench.sweep.worker import Task

DEADLY_CLIPS = 2
"""So many clips, or all where there are fewer, whose clean signals end a metric's process decide against it."""


@dataclass(frozen=True)
class _Heard:
    """What came of one block and one metric.

    Attributes:
        failed: how many cells failed.
        scored: whether any was scored.
        kind: of the reason for which every cell failed that applies; None where there is no such reason.
        reason: the first one.
        not_asked: whether nothing was asked, because the metric's process had ended over the clip.
    """

    failed: int = 0
    scored: bool = False
    kind: str | None = None
    reason: str = ""
    not_asked: bool = False

    @classmethod
    def of(cls, outcomes: Sequence[tuple[str, str | None]]) -> _Heard:
        """From the status and the error of every cell."""
        reasons = [error or "" for status, error in outcomes if status == "failed"]
        if any(status == "ok" for status, _ in outcomes):
            return cls(len(reasons), scored=True)
        kinds = {_kind(reason) for reason in reasons}
        return cls(
            len(reasons),
            kind=kinds.pop() if len(kinds) == 1 else None,
            reason=(reasons or [""])[0],
            not_asked={*reasons} == {NOT_ASKED},
        )


def _kind(reason: str) -> str | None:
    """What reasons of one cause have in common; None where the cause may lie outside, or over another cell."""
    if reason.startswith(INTERRUPTED) or reason == NOT_ASKED:
        return None
    return RETURNED_NAN if reason.startswith(RETURNED_NAN) else reason.partition(":")[0]


@dataclass
class _Trial:
    """What is known of a metric that has not been seen to work yet.

    Attributes:
        blocks: by clip, in the order of the run, the blocks that are to be scored, the clean signal first.
        heard: what came of them.
        clean: what came of clean signals that were scored before.
        warning: what there is to say, should it turn out to work.
    """

    blocks: dict[str, list[str]]
    clean: Mapping[str, _Heard]
    heard: dict[tuple[str, str], _Heard] = field(default_factory=dict)
    warning: str | None = None

    def is_over(self) -> bool | tuple[str, str]:
        """Whether it is decided: True where the metric works; where it does not, on what it failed, and why."""
        deadly = 0
        for clip_id, blocks in self.blocks.items():
            clean = self.heard.get((clip_id, CLEAN)) if CLEAN in blocks else self.clean.get(clip_id, _Heard())
            if clean is None:
                return False
            if clean.scored:
                return True
            if clean.kind is None:
                continue
            for block in blocks:
                heard = self.heard.get((clip_id, block))
                if heard is None:
                    return False
                if heard.scored:
                    return True
                if block != CLEAN and heard.kind == clean.kind:
                    return f"every one of the first {clean.failed + heard.failed} cells", clean.reason
                if heard.not_asked:
                    deadly += 1
                    if deadly == min(DEADLY_CLIPS, len(self.blocks)):
                        over = "the first clean signal" if deadly == 1 else f"the first {deadly} clean signals"
                        return over, clean.reason
                    break
        return False


class FirstBlocks:
    """Which metrics were heard of already, and which of them were seen to work.

    Args:
        metrics: their names.
        blocks: of every clip, in order.
        tasks: what is to be done, in the order of the run.
        stored: the rows of what was done before. A metric that scored anything there works.
        keep_going: whether a metric that fails everywhere is only told of.
    """

    def __init__(
        self,
        metrics: Sequence[str],
        blocks: Sequence[str],
        tasks: Sequence[Task],
        stored: pa.Table,
        keep_going: bool,
    ) -> None:
        self._told_of: set[str] = set()
        self._trials: dict[str, _Trial] = {}
        scored = stored.filter(pc.equal(stored["status"], "ok"))
        works = set(pc.unique(scored["metric"]).to_pylist())
        clean = stored.filter(pc.equal(stored["degradation"], CLEAN)).select(
            ["metric", "clip_id", "status", "error"]
        )
        rows = clean.to_pylist()
        for metric in () if keep_going else metrics:
            if metric not in works:
                todo = {task.source.id: [b for b in blocks if metric in task.todo.get(b, ())] for task in tasks}
                before = {
                    row["clip_id"]: _Heard.of([(row["status"], row["error"])])
                    for row in rows
                    if row["metric"] == metric
                }
                self._trials[metric] = _Trial({clip: names for clip, names in todo.items() if names}, before)

    def take(self, rows: Sequence[Row], clip_id: str, block: str) -> Iterator[str]:
        """Enter the rows of a block; gives what there is to be said.

        Args:
            rows: of all metrics that scored it.
            clip_id: of the clip.
            block: its name.

        Raises:
            FailsEverywhereError: a metric fails everywhere.
        """
        for metric in dict.fromkeys(row.metric for row in rows):
            of_metric = [row for row in rows if row.metric == metric]
            applying = [row for row in of_metric if row.status != "not-applicable"]
            trial = self._trials.get(metric)
            if trial is not None:
                trial.heard[clip_id, block] = _Heard.of([(row.status, row.error) for row in of_metric])
            if metric not in self._told_of and applying:
                self._told_of.add(metric)
                if all(row.status == "failed" for row in applying):
                    warning = (
                        f"metric {metric} failed in every cell of its first block ({applying[0].degradation} of "
                        f"clip {clip_id}): {applying[0].error}"
                    )
                    if trial is None:
                        yield warning
                    else:
                        trial.warning = warning
        yield from self._decided()

    def lost(self, clip_id: str, block: str, metrics: Sequence[str]) -> Iterator[str]:
        """A block was given up, which says nothing of the metrics that it was for.

        Args:
            clip_id: of the clip.
            block: its name.
            metrics: whose rows there are not.

        Raises:
            FailsEverywhereError: a metric fails everywhere else.
        """
        for metric in metrics:
            if metric in self._trials:
                self._trials[metric].heard[clip_id, block] = _Heard()
        yield from self._decided()

    def without(self, clip_id: str) -> Iterator[str]:
        """A clip is left out.

        Raises:
            FailsEverywhereError: a metric fails everywhere else.
        """
        for trial in self._trials.values():
            trial.blocks.pop(clip_id, None)
        yield from self._decided()

    def end(self) -> Iterator[str]:
        """All is done: what is still to be said of metrics that were never seen to work."""
        yield from (trial.warning for trial in self._trials.values() if trial.warning is not None)
        self._trials.clear()

    def _decided(self) -> Iterator[str]:
        for metric, trial in list(self._trials.items()):
            over = trial.is_over()
            if isinstance(over, tuple):
                raise FailsEverywhereError(metric, *over)
            if over:
                del self._trials[metric]
                if trial.warning is not None:
                    yield trial.warning
