"""Blocks that wait for devices of the cluster, and the devices that score them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from degrade_bench._support.stages import summed
from degrade_bench._support.texts import one_line, said
from degrade_bench.runs.columns import INTERRUPTED
from degrade_bench.sweep.block import BlockResult
from degrade_bench.sweep.on_ray.cluster import is_alive
from degrade_bench.sweep.on_ray.messages import Greeting, Handed
from degrade_bench.sweep.processes import WorkerStartError
from degrade_bench.sweep.worker import BlockLost

BLOCKS_AT_ONCE = 8
"""So many blocks a device is given at once: some hundred cells, which are batches of one metric or another."""

CALLS_AT_ONCE = 2
"""One is scored, and what the next needs is fetched meanwhile."""

MOST_BYTES = 256 * 2**20
"""So much may wait for a device, in the object stores of the nodes that made it."""

MOST_TRIES = 3
"""With others, then twice alone."""

MOST_FAILED_STARTS = 3
"""So many devices in a row may fail to get ready before no other is started."""


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
class _Device:
    """A process that scores.

    Attributes:
        actor: the handle of it.
        greeting: the promise that it is ready; None once it is.
        node: where it is, once it is ready.
        calls: what it was asked, in order: the promise of an answer, and the blocks.
    """

    actor: Any
    greeting: Any
    node: str | None = None
    calls: dict[Any, Sequence[_Block]] = field(default_factory=dict)

    @property
    def takes_more(self) -> bool:
        """Whether it may be asked for more: what failed before is scored with nothing else behind it."""
        tried = any(block.tries for blocks in self.calls.values() for block in blocks)
        return self.greeting is None and len(self.calls) < CALLS_AT_ONCE and not tried


class Devices:
    """Devices, and what waits for them. A device is given nothing before it is ready.

    Args:
        make: starts a process with a device, and gives the handle of it; told whether it replaces one.
        count: how many there are to be.
        check: raises where a process has other versions than this one.
    """

    def __init__(self, make: Callable[[bool], Any], count: int, check: Callable[[Greeting], None]) -> None:
        self._make, self.count, self._check = make, count, check
        self._devices: list[_Device] = []
        self._waiting: deque[_Block] = deque()
        self._bytes = 0
        self._failed_starts = 0

    def start(self) -> None:
        """Start them, unless they were."""
        while len(self._devices) < self.count and not self._failed_starts:
            self._devices.append(self._started(False))

    @property
    def are_full(self) -> bool:
        """Whether so much waits that no more should be made."""
        return self._bytes > MOST_BYTES * max(1, self.count)

    @property
    def promises(self) -> list[Any]:
        """What to wait for."""
        greetings = [device.greeting for device in self._devices if device.greeting is not None]
        return [*greetings, *(promise for device in self._devices for promise in device.calls)]

    @property
    def ready(self) -> Any:
        """The handle of a device that is ready; None where none is."""
        return next((device.actor for device in self._devices if device.greeting is None), None)

    @property
    def are_at_work(self) -> bool:
        """Whether any is scoring."""
        return any(device.calls for device in self._devices)

    def add(self, handed: Handed) -> None:
        """Have a block scored."""
        self._bytes += handed.size
        self._waiting.append(_Block(handed))
        self._hand_out()

    def take(self, promise: Any) -> Iterator[Done | Redo]:
        """What came of one of :attr:`promises`.

        Raises:
            WorkerStartError: a device has other versions than this process, or no device can be made ready.
        """
        import ray

        device = next(each for each in self._devices if promise is each.greeting or promise in each.calls)
        if promise is device.greeting:
            self._greet(device)
        else:
            blocks = device.calls[promise]
            try:
                scored = ray.get(promise)
            except ray.exceptions.RayError as error:
                yield from self._after_failure(device, promise, error)
            else:
                del device.calls[promise]
                for block, result in zip(blocks, scored, strict=True):
                    self._bytes -= block.handed.size
                    yield Done(result.clip_id, (_merged(block.handed.result, result),))
        self._hand_out()

    def end(self) -> None:
        """End the processes at once."""
        for device in self._devices:
            _kill(device.actor)

    def _started(self, replaces: bool) -> _Device:
        actor = self._make(replaces)
        return _Device(actor, actor.greet.remote())

    def _greet(self, device: _Device) -> None:
        """Hear whether a device is ready; start another one where it is not.

        Raises:
            WorkerStartError: it has other versions than this process, or none can be made ready.
        """
        import ray

        try:
            greeting = ray.get(device.greeting)
        except ray.exceptions.RayError as error:
            self._devices.remove(device)
            _kill(device.actor)
            self._failed_starts += 1
            if self._failed_starts < MOST_FAILED_STARTS:
                self._devices.append(self._started(True))
            elif not self._devices:
                raise WorkerStartError(
                    f"metrics cannot be made on a device of the cluster ({_last_line(error)})"
                ) from error
        else:
            self._check(greeting)
            device.greeting, device.node, self._failed_starts = None, greeting.node, 0

    def _hand_out(self) -> None:
        while self._waiting:
            alone = self._waiting[0].tries > 0
            free = [each for each in self._devices if each.takes_more and not (alone and each.calls)]
            if not free:
                return
            device = min(free, key=lambda each: len(each.calls))
            blocks = [self._waiting.popleft()]
            while not alone and self._waiting and not self._waiting[0].tries and len(blocks) < BLOCKS_AT_ONCE:
                blocks.append(self._waiting.popleft())
            promise = device.actor.score.remote(*(block.handed.apart for block in blocks))
            device.calls[promise] = blocks

    def _after_failure(self, device: _Device, promise: Any, error: Exception) -> Iterator[Done | Redo]:
        """Try blocks of a device again, each alone; give up what failed alone twice.

        Args:
            device: that failed.
            promise: of the call that did.
            error: how.
        """
        import ray

        cause = getattr(error, "cause", None) or error
        is_gone = isinstance(error, ray.exceptions.RayActorError)
        failed = [device.calls[promise]]
        if is_gone:  # so is what it was asked beside that, which is not to blame: it does one thing after the other
            failed = list(device.calls.values())
            self._devices.remove(device)
            _kill(device.actor)
            self._devices.append(self._started(True))
        else:
            del device.calls[promise]
        blameless = is_gone and not is_alive(device.node)
        for number, blocks in enumerate(failed):
            for block in reversed(blocks):
                block.tries += int(number == 0 and not blameless)
                if isinstance(cause, ray.exceptions.ObjectLostError) and len(blocks) == 1:
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
    reason = f"{INTERRUPTED}the device failed {MOST_TRIES} times ({_last_line(error)})"
    lost = BlockLost(result.clip_id, result.block, reason, handed.metrics)
    return Done(result.clip_id, (lost, result) if result.rows or result.inputs else (lost,))


def _last_line(error: Exception) -> str:
    """What an error of the cluster says of its cause."""
    cause = getattr(error, "cause", None)
    return said(cause) if isinstance(cause, Exception) else one_line(str(error).strip().splitlines()[-1])


def _kill(actor: Any) -> None:
    import ray

    with suppress(Exception):  # it may be gone, and so may the cluster
        ray.kill(actor)
