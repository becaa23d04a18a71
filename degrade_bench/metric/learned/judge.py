"""Networks that give several marks to a clip: each mark is a metric, and metrics of one run share the work."""

from __future__ import annotations

import hashlib
import json
import math
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.errors import NotApplicableError
from degrade_bench.metric.base import Metric
from degrade_bench.metric.learned.networks import asking

REMEMBERED = 256
"""Signals whose marks are kept: more than a batch holds, so that the next metric finds its signals."""

Marks: TypeAlias = "Callable[[torch.Tensor], torch.Tensor]"
"""``(time,)`` on the network's device to ``(marks,)``."""


class Passes:
    """A network, and the marks that it gave last.

    Args:
        marks: asks the network.
        device: where it runs.
    """

    def __init__(self, marks: Marks, device: torch.device) -> None:
        self._marks, self.device = marks, device
        self._remembered: OrderedDict[bytes, tuple[float, ...]] = OrderedDict()

    def marks(self, audio: torch.Tensor) -> tuple[float, ...]:
        """The marks of ``(time,)``; of what was heard just before, those that it had."""
        key = hashlib.blake2b(audio.cpu().numpy().tobytes(), digest_size=16).digest()
        if key not in self._remembered:
            with asking(self.device):
                given = self._marks(audio.to(self.device, torch.float32))
            self._remembered[key] = tuple(float(mark) for mark in given.double().cpu())
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return self._remembered[key]


_passes: WeakValueDictionary[str, Passes] = WeakValueDictionary()
"""Networks that are loaded, by everything that they depend on."""


def shared(depends: str, make: Callable[[], Passes]) -> Passes:
    """The network that depends on that, made where no metric holds it.

    Args:
        depends: everything that its marks and its place depend on.
        make: loads it.
    """
    passes = _passes.get(depends)
    if passes is None:
        passes = _passes[depends] = make()
    return passes


class Judge(Metric):
    """One of the marks that a network gives. Derive from it, give :meth:`converted`, and call :meth:`use`.

    Attributes:
        mark: which of the network's marks, from 0.
        passes: the network.
    """

    mark: int
    passes: Passes
    _parts: Mapping[str, str]

    def use(self, network: str, parts: Mapping[str, str], device: torch.device, make: Callable[[], Marks]) -> None:
        """Take marks from a network, which metrics of one run share.

        Args:
            network: its name.
            parts: of the fingerprint: all that its marks depend on.
            device: where it runs.
            make: loads it.
        """
        self._parts = parts
        self.passes = shared(json.dumps([network, parts, str(device)]), lambda: Passes(make(), device))

    @abstractmethod
    def converted(self, signals: torch.Tensor, sample_rate: int) -> torch.Tensor:
        """``(batch, channels, time)`` to ``(batch, time)``, as the network's authors do."""

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score ``(batch, channels, time)`` one by one; NaN for a signal that is not finite.

        Raises:
            NotApplicableError: the signals are too short.
        """
        seconds = batch.shape[2] / sample_rate
        if seconds < self.min_seconds:
            raise NotApplicableError(
                f"{self.name} hears {self.min_seconds:g} s at least, got {fixed(seconds, 4)} s"
            )
        finite = torch.isfinite(batch).flatten(1).all(dim=1).tolist()
        scores = [math.nan] * len(batch)
        for index, is_finite in enumerate(finite):
            if is_finite:  # converted one by one, so that no score depends on the others
                audio = self.converted(batch[index : index + 1], sample_rate)[0]
                scores[index] = self.passes.marks(audio)[self.mark]
        return torch.tensor(scores, dtype=torch.float64)

    def fingerprint_parts(self) -> dict[str, Any]:
        """Which mark, and the network, beside the metric's own."""
        return {**super().fingerprint_parts(), "mark": self.mark, **self._parts}
