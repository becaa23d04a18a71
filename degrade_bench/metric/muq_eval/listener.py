"""MuQ-Eval's network at work: windows in; frames, pooled embeddings and scores out, each window computed once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from degrade_bench._support.precision import multiplying
from degrade_bench.metric.muq_eval.device import Batches, windows_at_once
from degrade_bench.metric.prepared import Finish, Finished, Prepared

if TYPE_CHECKING:
    from degrade_bench.metric.muq_eval.network import Network

MENDED = "recomputed in float32"
"""The word under which windows are counted that bfloat16 made no number of."""

REMEMBERED_WINDOWS = 128
"""Windows whose frames are kept for another metric on the same network: 1 MB each."""


@dataclass(frozen=True, eq=False)
class Embeddings:
    """What MuQ-Eval's encoder makes of a batch.

    Attributes:
        frames: ``(batch, windows, time, dim)``, float32: the last hidden state, 25 frames a second.
        pooled: ``(batch, windows, dim)``, float32: their mean under MuQ-Eval's attention, which its head hears.
    """

    frames: torch.Tensor
    pooled: torch.Tensor


class Listener:
    """A network on a device.

    Args:
        make: builds the network in a given type; called again, for float32, only where bfloat16 fails.
        device: where it runs.
        dtype: float32, or bfloat16 for the encoder's products or some of them.
        records: whether a GPU records a pass once and replays it.

    Attributes:
        recomputed: windows that bfloat16 gave a non-finite frame for, and float32 was asked again.
        remembered: clips of the last calls; may be cleared, and costs a second pass then.
    """

    def __init__(
        self,
        make: Callable[[torch.dtype], Network],
        device: torch.device,
        dtype: torch.dtype,
        records: bool = True,
    ) -> None:
        self.device, self.dtype = device, dtype
        self.recomputed = 0
        self._make = make
        self._networks = {dtype: make(dtype).eval().to(device)}
        self._batches = Batches(device, windows_at_once(device, dtype), records)
        self.remembered: OrderedDict[bytes, _Place] = OrderedDict()

    @property
    def network(self) -> Network:
        """The network in the listener's type."""
        return self._networks[self.dtype]

    @property
    def windows_at_once(self) -> int:
        """So many windows make a batch."""
        return self._batches.at_once

    def begin(self, signals: Sequence[Prepared]) -> Finish:
        """Begin to score signals with equally many windows; on a GPU, do not wait for it.

        Raises:
            MetricError: memory does not hold one window.
        """
        places = self._begun(signals)

        def finish() -> Finished:
            scores = torch.stack([place.scores() for place in places])
            mended = [place.mended() for place in places]
            return Finished(scores, [{MENDED: count} if count else {} for count in mended] if any(mended) else ())

        return finish

    def at_most(self, windows: int) -> None:
        """Let a batch have no more windows than that."""
        self._batches.at_once = min(self._batches.at_once, windows)

    def forget(self, work: _Pass) -> None:
        """Compute anew what was to come of a pass that failed."""
        for key in [key for key, place in self.remembered.items() if place.work is work]:
            del self.remembered[key]

    def embed(self, signals: Sequence[Prepared]) -> Embeddings:
        """What the encoder makes of signals with equally many windows, on this listener's device.

        Raises:
            MetricError: memory does not hold one window.
        """
        places = self._begun(signals)
        frames, pooled = zip(*(place.embeddings() for place in places), strict=True)
        with torch.inference_mode():
            return Embeddings(torch.stack(frames), torch.stack(pooled))

    def _begun(self, signals: Sequence[Prepared]) -> list[_Place]:
        """Where the signals' windows are, or will be; equal signals are computed once."""
        places = {signal.key: self.remembered[signal.key] for signal in signals if signal.key in self.remembered}
        fresh = {signal.key: signal.windows for signal in signals if signal.key not in places}
        if fresh:
            rows = [row for windows in fresh.values() for row in windows]
            work, first = _Pass(self, rows), 0
            for key, windows in fresh.items():
                places[key] = _Place(work, slice(first, first + len(windows)))
                first += len(windows)
                self._remember(key, places[key])
        return [places[signal.key] for signal in signals]

    def _remember(self, key: bytes, place: _Place) -> None:
        if place.count > REMEMBERED_WINDOWS:
            return
        self.remembered[key] = place
        while sum(held.count for held in self.remembered.values()) > REMEMBERED_WINDOWS:
            self.remembered.popitem(last=False)

    def heard(self, windows: Sequence[torch.Tensor], dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
        """Frames, pooled means, scores and whether the frames are numbers, by the network of that type."""
        if dtype not in self._networks:
            self._networks[dtype] = self._make(dtype).eval().to(self.device)
        network = self._networks[dtype]
        exact = torch.autocast(self.device.type, enabled=False)  # whatever the caller has asked for
        with torch.inference_mode(), exact, multiplying(tf32=False):
            if self.device.type == "cuda":
                return self._batches.run(network, windows)
            (frames,) = self._batches.run(network.encoded, windows)
            return network.heard(frames)


class _Pass:
    """One run of the network over windows, which may still be under way.

    Args:
        listener: whose network.
        windows: ``(samples,)`` each.
    """

    def __init__(self, listener: Listener, windows: Sequence[torch.Tensor]) -> None:
        self._listener = listener
        self._windows: Sequence[torch.Tensor] = windows
        self._frames, self._pooled, scores, finite = listener.heard(windows, listener.dtype)
        self._scores, self._finite = _to_host(scores), _to_host(finite)
        self.mended: frozenset[int] = frozenset()
        self._there = None
        if listener.device.type == "cuda":
            self._there = torch.cuda.Event()
            self._there.record(torch.cuda.current_stream(listener.device))

    def done(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Frames and pooled means on the device, and scores on the CPU, of all windows; waits for them."""
        if self._there is not None:
            self._there.synchronize()
            self._there = None
        if self._windows:
            if self._listener.dtype is not torch.float32:
                try:
                    self._mend()
                except BaseException:  # its neighbours are not to come back to it
                    self._listener.forget(self)
                    raise
            self._windows = ()  # what was heard is not needed any more
        return self._frames, self._pooled, self._scores

    def _mend(self) -> None:
        """Ask float32 again where bfloat16 made of numbers what is no number."""
        wrong = [
            index
            for index, window in enumerate(self._windows)
            if not self._finite[index] and bool(torch.isfinite(window).all())
        ]
        if not wrong:
            return
        self._listener.recomputed += len(wrong)
        frames, pooled, scores, _ = self._listener.heard([self._windows[at] for at in wrong], torch.float32)
        with torch.inference_mode():
            self._frames[wrong], self._pooled[wrong], self._scores[wrong] = frames, pooled, scores.cpu()
        self.mended = frozenset(wrong)


@dataclass(frozen=True, eq=False)
class _Place:
    """Where a signal's windows are in a pass."""

    work: _Pass
    of: slice

    @property
    def count(self) -> int:
        """Windows of the signal."""
        count: int = self.of.stop - self.of.start
        return count

    def scores(self) -> torch.Tensor:
        """``(windows,)``, on the CPU; waits for them."""
        return self.work.done()[2][self.of]

    def mended(self) -> int:
        """How many of the windows float32 was asked for again."""
        return sum(index in self.work.mended for index in range(self.of.start, self.of.stop))

    def embeddings(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Frames and pooled means, on the device; waits for them."""
        frames, pooled, _ = self.work.done()
        return frames[self.of], pooled[self.of]


def _to_host(values: torch.Tensor) -> torch.Tensor:
    """On the CPU, without waiting for it: the values are there once the device has come so far."""
    if values.device.type != "cuda":
        return values
    host = torch.empty(values.shape, dtype=values.dtype, device="cpu", pin_memory=True)
    return host.copy_(values, non_blocking=True)
