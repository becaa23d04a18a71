"""Metrics that hold a network: what it hears is prepared where the signal is made, and computed on the device.

A worker resamples, mixes down and cuts a cell (:class:`Preparation`), so that only what the network hears travels;
the process that holds the network begins one batch while an earlier one is still computed
(:meth:`PreparedMetric.begin`).
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np
import torch

from degrade_bench._support.accelerator import on_device, on_processor
from degrade_bench.metric.base import Metric


@dataclass(frozen=True, eq=False)
class Finished:
    """What came of a batch.

    Attributes:
        scores: ``(batch, windows)``, on the CPU.
        counts: for every signal what the metric's counts grow by; empty where nothing happened to any of them.
    """

    scores: torch.Tensor
    counts: Sequence[Mapping[str, int]] = ()


Finish = Callable[[], Finished]
"""Waits for a batch that was begun."""


class Preparation(Protocol):
    """Makes of a signal what a network hears. Picklable; equal and of equal hash where it makes the same."""

    def __call__(self, samples: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """``(channels, time)`` at any rate to ``(windows, time)``.

        Raises:
            MetricError: the network cannot hear such a signal.
        """

    def __hash__(self) -> int:
        """Of what it makes."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A signal as a network hears it.

    Attributes:
        windows: ``(windows, time)``, float32, on the CPU or the network's device.
        key: a digest of them: equal keys are equal windows.
    """

    windows: torch.Tensor
    key: bytes

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross processes as an array, as signals do."""
        return _prepared_from_array, (self.windows.numpy(), self.key)

    @classmethod
    def of(cls, preparation: Preparation, samples: torch.Tensor, sample_rate: int) -> Prepared:
        """Prepare a signal.

        Args:
            preparation: of the metric that is to hear it.
            samples: ``(channels, time)``.
            sample_rate: in Hz.

        Raises:
            MetricError: the network cannot hear such a signal.
        """
        windows = on_processor(preparation(on_device(samples), sample_rate).contiguous())
        if windows.untyped_storage().nbytes() > windows.nbytes:  # a part, which would keep the whole recording
            windows = windows.clone()
        digest = hashlib.blake2b(windows.cpu().numpy().tobytes(), digest_size=16)
        digest.update(repr(tuple(windows.shape)).encode())
        return cls(windows, digest.digest())


def from_array(array: np.ndarray) -> torch.Tensor:
    """A tensor of an array that came from another process; of one that others read as well, it is a copy."""
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def _prepared_from_array(windows: np.ndarray, key: bytes) -> Prepared:
    return Prepared(from_array(windows), key)


class PreparedMetric(Metric):
    """A metric whose signals are prepared apart from their scoring.

    Derive from it, and give :attr:`preparation`, :attr:`windows_at_once` and :meth:`begin`.
    """

    @property
    @abstractmethod
    def windows_at_once(self) -> int:
        """So many windows make a batch."""

    @property
    def gathers(self) -> bool:
        """Whether cells of several blocks may share a batch.

        Only where a score does not depend on its batch by a single bit.
        """
        return False

    @property
    @abstractmethod
    def preparation(self) -> Preparation:
        """What makes of a signal what this metric hears."""

    @abstractmethod
    def begin(self, signals: Sequence[Prepared]) -> Finish:
        """Begin to score signals with equally many windows; on a device, do not wait for it.

        Raises:
            MetricError: memory does not hold one window.
        """

    def at_most(self, windows: int) -> None:
        """Let a batch have no more windows than that."""

    def forget(self) -> None:
        """Compute anew whatever is asked next, also what was asked before."""

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` at any rate; gives ``(batch,)`` on the CPU, the mean over windows.

        Args:
            batch: the signals.
            sample_rate: in Hz.
            reference: not looked at.

        Raises:
            MetricError: the audio is too short for the network, or memory does not hold one window.
        """
        return self.score_windows(batch, sample_rate).mean(dim=1)

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """The score of every window: ``(batch, windows)``; as :meth:`score`."""
        return self.begin(self.prepared(batch, sample_rate))().scores

    def prepared(self, batch: torch.Tensor, sample_rate: int) -> list[Prepared]:
        """The signals of ``(batch, channels, time)``, prepared one by one: none depends on its neighbours."""
        return [Prepared.of(self.preparation, signal, sample_rate) for signal in batch]


def takes_prepared(metric: Metric) -> TypeGuard[PreparedMetric]:
    """Whether a metric is given prepared signals.

    One that derives from such a metric and defines ``score`` anew is asked for that, like any other.
    """
    if not isinstance(metric, PreparedMetric):
        return False
    asked = ("score", "score_windows", "prepared")
    return all(getattr(type(metric), name) is getattr(PreparedMetric, name) for name in asked) and not (
        vars(metric).keys() & set(asked)
    )
