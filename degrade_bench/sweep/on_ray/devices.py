"""Blocks that wait for devices of the cluster, and the devices that score them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from degrade_bench._support.stages import summed
from degrade_bench._support.texts import one_line
from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.on_ray.messages import Handed
from degrade_bench.sweep.worker import BlockLost

BLOCKS_AT_ONCE = 8
"""So many blocks a device is given at once: some hundred cells, which are batches of one metric or another."""

CALLS_AT_ONCE = 2
"""One is scored, and what the next needs is fetched meanwhile."""

MOST_BYTES = 256 * 2**20
"""So much may wait for a device, in the object stores of the nodes that made it."""

MOST_TRIES = 3
"""With others, then twice alone."""


@dataclass(frozen=True, eq=False)
class Redo:
    """What a device was to hear is gone with the node that made it: the block must be made again."""

    handed: Handed


@dataclass(frozen=True, eq=False)
class Done:
    """What there is to say of a block."""

    clip_id: str
    events: tuple[BlockResult | BlockLost, ...]


@dataclass(eq=False)
class _Block:
    handed: Handed
    tries: int = 0


@dataclass(eq=False)
class _Call:
    device: Any
    blocks: Sequence[_Block]


class Devices:
    """Devices, and what waits for them.

    Args:
        make: starts a process with a device, and gives the handle of it; told whether it replaces one.
        count: how many there are to be.
    """

    def __init__(self, make: Callable[[bool], Any], count: int) -> None:
        self._make = make
        self._waiting: deque[_Block] = deque()
        self._calls: dict[Any, _Call] = {}
        self._bytes = 0
        self.actors = [make(False) for _ in range(count)]

    @property
    def are_full(self) -> bool:
        """Whether so much waits that no more should be made."""
        return self._bytes > MOST_BYTES * max(1, len(self.actors))

    @property
    def promises(self) -> list[Any]:
        """What to wait for."""
        return list(self._calls)

    def add(self, handed: Handed) -> None:
        """Have a block scored."""
        self._bytes += handed.size
        self._waiting.append(_Block(handed))
        self._hand_out()

    def take(self, promise: Any) -> Iterator[Done | Redo]:
        """What came of a call that has ended, one of :attr:`promises`."""
        import ray

        call = self._calls.pop(promise)
        try:
            scored = ray.get(promise)
        except ray.exceptions.RayError as error:
            yield from self._after_failure(call, error)
        else:
            for block, result in zip(call.blocks, scored, strict=True):
                self._bytes -= block.handed.size
                yield Done(result.clip_id, (_merged(block.handed.result, result),))
        self._hand_out()

    def end(self) -> None:
        """End the processes at once."""
        import ray

        for actor in self.actors:
            ray.kill(actor)

    def _hand_out(self) -> None:
        while self._waiting and (free := self._free()) is not None:
            alone = self._waiting[0].tries > 0
            blocks = [self._waiting.popleft()]
            while not alone and self._waiting and not self._waiting[0].tries and len(blocks) < BLOCKS_AT_ONCE:
                blocks.append(self._waiting.popleft())
            promise = free.score.remote(*(block.handed.apart for block in blocks))
            self._calls[promise] = _Call(free, blocks)

    def _free(self) -> Any:
        """The device with the fewest calls; None where all have enough."""
        calls = [call.device for call in self._calls.values()]
        number = {index: calls.count(actor) for index, actor in enumerate(self.actors)}
        least = min(number, key=number.__getitem__)
        return self.actors[least] if number[least] < CALLS_AT_ONCE else None

    def _after_failure(self, call: _Call, error: Exception) -> Iterator[Done | Redo]:
        """Try the blocks of a call again, each alone; give up what failed alone twice.

        Args:
            call: that failed.
            error: how.
        """
        import ray

        cause = getattr(error, "cause", None) or error
        if isinstance(error, ray.exceptions.RayActorError) and call.device in self.actors:
            self.actors[self.actors.index(call.device)] = self._make(True)
        for block in call.blocks:
            block.tries += 1
            if block.tries > 1 and isinstance(cause, ray.exceptions.ObjectLostError):
                self._bytes -= block.handed.size
                yield Redo(block.handed)
            elif block.tries >= MOST_TRIES:
                self._bytes -= block.handed.size
                yield _given_up(block.handed, error)
            else:
                self._waiting.appendleft(block)


def _merged(block: BlockResult, scored: BlockResult) -> BlockResult:
    return replace(
        block,
        rows=[*block.rows, *scored.rows],
        counts={**block.counts, **scored.counts},
        stages=summed(block.stages, scored.stages),
    )


def _given_up(handed: Handed, error: Exception) -> Done:
    """Failed rows of the metrics of the device, and the others' as they are."""
    result = handed.result
    reason = f"{INTERRUPTED}the device failed {MOST_TRIES} times ({one_line(str(error))})"
    lost = BlockLost(result.clip_id, result.block, reason, handed.metrics)
    return Done(result.clip_id, (lost, result) if result.rows or result.inputs else (lost,))
