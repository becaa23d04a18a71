"""The protocol of a metric: what listens.

A metric scores batches. A score never depends on what else is in the batch. Anything with the attributes of
:class:`~degrade_bench.metric.traits.MetricAttributes` and these methods is a metric; deriving from :class:`Metric`
gives the defaults.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from degrade_bench._support.texts import one_line, said, shown
from degrade_bench.errors import MetricError
from degrade_bench.metric.traits import OUTSIDE_RANGE, SIMULATION, MetricAttributes, described, fingerprinted

LONGEST_LABEL = 100
"""Characters of a word that a metric counts under."""


class Metric(MetricAttributes, ABC):
    """A music quality metric.

    What it says of itself are class or instance attributes, declared with their defaults in
    :class:`~degrade_bench.metric.traits.MetricAttributes`; only ``name`` has none. What it does is :meth:`score`.

    Attributes:
        given_settings: what :func:`~degrade_bench.metric.catalogue.load_metric` was asked to set, typed.
        signals_at_once: the most signals that :meth:`score` takes at once; None for any number.
    """

    given_settings: Mapping[str, Any] = MappingProxyType({})
    signals_at_once: int | None = None

    @abstractmethod
    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score a batch of equally long signals. A score must not depend on what else is in the batch.

        Args:
            batch: ``(batch, channels, time)``, float32; samples may pass ±1.
            sample_rate: of the batch and the reference, in Hz.
            reference: the clean signals, in the same shape, where the metric ``needs_reference``, else None; of
                another length where it is not ``aligned``.

        Returns:
            ``(batch,)``, float. A signal that cannot be scored gives NaN, not an exception that takes the others
            with it.
        """

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Score a batch of equally long signals window after window, ``hop_seconds`` apart.

        Where a metric can do both, :meth:`score` of a metric with ``hop_seconds`` gives the mean over windows.

        Args:
            batch: ``(batch, channels, time)``, as for :meth:`score`; whole clips.
            sample_rate: in Hz.
            reference: as for :meth:`score`.

        Returns:
            ``(batch, windows)``, float; at least one window, as many for every signal of the batch.

        Raises:
            MetricError: this metric does not score windows.
        """
        raise MetricError(f"metric {self.name!r} does not score windows: it does not define score_windows")

    def score_treatment(self, treatment: Treatment) -> float:
        """The score of one cell from what was done to it, for an ``oracle``: a metric that hears nothing.

        Raises:
            MetricError: this metric is no oracle.
        """
        raise MetricError(f"metric {self.name!r} is no oracle: it does not define score_treatment")

    def counts(self) -> dict[str, int]:
        """What happened while it scored, such as ``{"recomputed in float32": 3}``: totals since it was made.

        Only ever growing. What they grew by goes into ``run.json`` and the report, under these words.
        """
        return {}

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of everything that would change a score: code, weights, type, window, settings.

        Extend :meth:`fingerprint_parts` rather than this.
        """
        return digest(self.fingerprint_parts())

    def fingerprint_parts(self) -> dict[str, Any]:
        """What the fingerprint is made of; recorded in ``run.json``. Extend it with weights and types."""
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        return {**fingerprinted(self), "class": kind, **self.setting_parts()}

    def setting_parts(self) -> dict[str, Any]:
        """The settings that the metric was given and does not account for by itself, for the fingerprint."""
        accounted = (*self.accounts_for, "device")  # like --device: where a score is computed, not what it is
        return {f"set.{name}": value for name, value in self.given_settings.items() if name not in accounted}

    def describe(self) -> dict[str, Any]:
        """What ``degrade-bench list metrics --json`` prints of this one."""
        return described(self)


@dataclass(frozen=True)
class Treatment:
    """What was done to a cell: all that an oracle knows of it.

    Attributes:
        clip_hash: of the clean clip's samples.
        role: ``clean``, ``test``, ``placebo`` or ``control``.
        degradation: its name, ``clean`` for the clean clip.
        group: of the damage, or of the damage that a placebo stands beside; ``clean`` for the clean clip.
        family: likewise.
        level: 0 for the clean clip.
        replicate: which draw.
    """

    clip_hash: str
    role: str
    degradation: str
    group: str
    family: str
    level: int
    replicate: int


class Oracle(Metric):
    """A metric that hears nothing and is told what was done.

    Its truth is known, so that what a run says of it can be checked. Write :meth:`score_treatment`. An oracle works
    where cells are made, so it must be picklable.

    >>> class Halves(Oracle):
    ...     name = "halves"
    ...
    ...     def score_treatment(self, treatment: Treatment) -> float:
    ...         return 2.0**-treatment.level
    >>> Halves().score_treatment(Treatment("hash", "test", "white_noise", "signal", "noise", 2, 0))
    0.25
    """

    domain = SIMULATION
    light = True
    oracle = True

    @abstractmethod
    def score_treatment(self, treatment: Treatment) -> float:
        """The score of one cell, always the same for the same treatment."""

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """There is nothing to hear.

        Raises:
            MetricError: always.
        """
        raise MetricError(f"{self.name} is simulated: it is told what was done to a clip and hears nothing")


def digest(parts: Mapping[Any, Any]) -> str:
    """Twelve hexadecimal digits of a flat dictionary."""
    text = "\x1f".join(f"{key}={parts[key]!r}" for key in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def checked_scores(metric: Any, scores: Any, batch_size: int) -> list[float]:
    """The scores of one batch as floats; NaN and infinity are kept for the caller to count.

    Args:
        metric: who gave them, for messages.
        scores: what it gave.
        batch_size: how many signals it was given.

    Raises:
        MetricError: the metric did not return one number per signal.
    """
    tensor = _as_tensor(metric, scores)
    if tuple(tensor.shape) != (batch_size,):
        raise MetricError(
            f"metric {_name(metric)!r} returned shape {tuple(tensor.shape)}, expected ({batch_size},): "
            "one per signal"
        )
    return [float(value) for value in tensor]


def checked_windows(metric: Any, scores: Any, batch_size: int) -> list[tuple[float, ...]]:
    """The scores of the windows of one batch, signal by signal; NaN and infinity are kept for the caller.

    Args:
        metric: who gave them, for messages.
        scores: what it gave.
        batch_size: how many signals it was given.

    Raises:
        MetricError: the metric did not return at least one number for every signal, and as many for all.
    """
    tensor = _as_tensor(metric, scores)
    if tensor.ndim != 2 or tensor.shape[0] != batch_size or tensor.shape[1] == 0:
        raise MetricError(
            f"metric {_name(metric)!r} returned shape {tuple(tensor.shape)} for windows, "
            f"expected ({batch_size}, windows)"
        )
    return [tuple(float(value) for value in row) for row in tensor]


def checked_counts(metric: Metric) -> dict[str, int]:
    """What a metric counted so far.

    Raises:
        MetricError: it does not give whole numbers, from 0, by words; or a word that the bench counts under.
    """
    try:
        counts = dict(metric.counts())
    except BaseException as error:  # a third party's method may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        raise MetricError(f"metric {_name(metric)!r}: counts() raises {said(error)}") from error
    for label, count in counts.items():
        whole = isinstance(count, Integral) and not isinstance(count, bool) and count >= 0
        if not isinstance(label, str) or label != one_line(label, LONGEST_LABEL) or not label or not whole:
            raise MetricError(
                f"metric {_name(metric)!r}: counts() gives {shown(label)}: {shown(count)}, "
                f"expected words, at most {LONGEST_LABEL} characters, and whole numbers from 0"
            )
        if label == OUTSIDE_RANGE:
            raise MetricError(f"metric {_name(metric)!r}: counts() gives {label!r}, which the bench itself counts")
    return {str(label): int(count) for label, count in counts.items()}


def _as_tensor(metric: Any, scores: Any) -> torch.Tensor:
    """What a metric returned as float64 on the CPU.

    Raises:
        MetricError: it is no array of real numbers.
    """
    refused = f"metric {_name(metric)!r} returned {type(scores).__name__}, expected a tensor of numbers"
    try:
        if isinstance(scores, np.ndarray):
            if scores.dtype == object:
                raise MetricError(f"{refused}, got an array of objects")
            scores = scores.copy()  # torch takes no negative strides, which a single number may have, too
        tensor = torch.as_tensor(scores).detach()
        if tensor.is_complex():
            raise MetricError(f"{refused}, got complex ones")
        return tensor.to("cpu", torch.float64)
    except MetricError:
        raise
    except Exception as error:  # whatever an object of somebody's does when it is made a tensor
        raise MetricError(refused) from error


def _name(metric: Any) -> str:
    return str(getattr(metric, "name", type(metric).__name__))
