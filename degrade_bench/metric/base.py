"""The protocol of a metric: what listens.

A metric scores batches. A score never depends on what else is in the batch. Anything with these attributes
and methods is a metric; deriving from :class:`Metric` gives the defaults and the checks.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric import OUTSIDE_RANGE


class Metric(ABC):
    """A music quality metric.

    Class or instance attributes:
        name: lower-case with dashes; stable.
        version: changes whenever the code would score differently.
        summary: what it measures, in one sentence.
        source: the paper or tool that it comes from.
        sample_rate: the rate that it works at in Hz, or None for any. The metric resamples by itself.
        window_seconds: how much audio it hears, from the centre of what it is given; None for all of it.
        min_seconds: the shortest signal that it can score.
        higher_is_better: the direction of quality.
        score_range: nominal lowest and highest score; None for no bound. Scores are never clamped to it.
        needs_reference: full-reference (True) or reference-free (False).
        aligned: whether a full-reference metric compares moment by moment. One that does not may be given a
            signal of another length than its reference, and hears damage that changes the duration.
        hears: names of controls that it is meant to hear, such as gain for a level meter. They are scored and
            shown, and are no part of its nuisance floor. Empty unless the metric is one of exactly that.
        domain: what it was made for. A metric of anything but music is a wrong-domain control, and is shown as one.
        light: cheap and picklable by name, so that it is computed in the worker that renders the cell.
            Metrics that hold a network or a device are not light.
        hop_seconds: None for one score per signal. Where it is set, :meth:`score_windows` is called in place of
            :meth:`score`, with the whole signal; the score is the mean over windows, and they are kept.
    """

    name: str
    version: str = "1"
    summary: str = ""
    source: str = ""
    sample_rate: int | None = None
    window_seconds: float | None = None
    min_seconds: float = 0.0
    higher_is_better: bool = True
    score_range: tuple[float | None, float | None] = (None, None)
    needs_reference: bool = False
    aligned: bool = True
    hears: tuple[str, ...] = ()
    domain: str = "music"
    light: bool = False
    hop_seconds: float | None = None

    @abstractmethod
    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """Score a batch of equally long signals.

        Shape:
            batch: ``(batch, channels, time)``, float32.
            reference: the clean signals in the same shape where ``needs_reference``, else None; of another
                length where the metric is not ``aligned``.
            returns: ``(batch,)``, float. A signal that cannot be scored gives NaN, not an exception
                that takes the others with it.
        """

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Score a batch of equally long signals window after window, ``hop_seconds`` apart.

        Where a metric can do both, :meth:`score` of a metric with ``hop_seconds`` gives the mean over windows.

        Shape:
            batch, reference: as for :meth:`score`.
            returns: ``(batch, windows)``, float; at least one window, as many for every signal of the batch.

        Raises:
            MetricError: this metric does not score windows.
        """
        raise MetricError(f"metric {self.name!r} does not score windows: it has no score_windows of its own")

    def counts(self) -> dict[str, int]:
        """What happened while it scored, such as ``{"recomputed in float32": 3}``: totals since it was made.

        Only ever growing. What they grew by goes into ``run.json`` and the report, under these words.
        """
        return {}

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of everything that would change a score: code, weights, type, window."""
        return digest(self.fingerprint_parts())

    def fingerprint_parts(self) -> dict[str, Any]:
        """What the fingerprint is made of; recorded in ``run.json``. Extend it with weights and types."""
        unusual = {
            **({} if self.hop_seconds is None else {"hop_seconds": self.hop_seconds}),
            **({} if self.aligned else {"aligned": False}),
            **({"hears": tuple(self.hears)} if self.hears else {}),
        }
        return {
            "name": self.name,
            "version": self.version,
            "class": f"{type(self).__module__}.{type(self).__qualname__}",
            "sample_rate": self.sample_rate,
            "window_seconds": self.window_seconds,
            **unusual,
        }

    def describe(self) -> dict[str, Any]:
        """What ``degrade-bench list metrics --json`` prints of this one."""
        return described(self)


@dataclass(frozen=True)
class Told:
    """What a metric is told of a cell in place of its sound.

    Attributes:
        clip_hash: of the clean clip's samples.
        role: ``clean``, ``test``, ``placebo`` or ``control``.
        degradation: its name, ``clean`` for the clean clip.
        damaged: the group of the damage, or of the damage that a placebo stands beside.
        family: likewise.
        level: 0 for the clean clip.
        replicate: which draw.
    """

    clip_hash: str
    role: str
    degradation: str
    damaged: str
    family: str
    level: int
    replicate: int


class ToldMetric(Metric):
    """A metric that hears nothing and is told what was done: a simulation. It must be ``light``."""

    light = True

    @abstractmethod
    def score_told(self, told: Told) -> float:
        """The score of one cell."""


def described(metric: Metric | type[Metric]) -> dict[str, Any]:
    """What a metric, or the class of one, says of itself."""
    return {
        "name": metric.name,
        "version": metric.version,
        "summary": metric.summary,
        "source": metric.source,
        "sample_rate": metric.sample_rate,
        "window_seconds": metric.window_seconds,
        "hop_seconds": metric.hop_seconds,
        "higher_is_better": metric.higher_is_better,
        "score_range": list(metric.score_range),
        "needs_reference": metric.needs_reference,
        "aligned": metric.aligned,
        "hears": list(metric.hears),
        "domain": metric.domain,
    }


def digest(parts: dict[str, Any]) -> str:
    """Twelve hexadecimal digits of a flat dictionary."""
    text = "\x1f".join(f"{key}={parts[key]!r}" for key in sorted(parts))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def checked_scores(metric: Any, scores: Any, batch_size: int) -> list[float]:
    """The scores of one batch as floats; NaN and infinity are kept for the caller to count.

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
    """The scores of the windows of one batch, signal by signal; NaN and infinity are kept as above.

    Raises:
        MetricError: the metric did not return at least one number per signal, and as many for each.
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
    counts = metric.counts()
    for label, count in dict(counts).items():
        whole = isinstance(count, int) and not isinstance(count, bool) and count >= 0
        if not isinstance(label, str) or not label.strip() or not whole:
            raise MetricError(
                f"metric {metric.name!r}: counts() gives {label!r}: {count!r}, "
                "expected words and whole numbers from 0"
            )
        if label == OUTSIDE_RANGE:
            raise MetricError(f"metric {metric.name!r}: counts() gives {label!r}, which the bench itself counts")
    return dict(counts)


def _as_tensor(metric: Any, scores: Any) -> torch.Tensor:
    try:
        return torch.as_tensor(scores).detach().to("cpu", torch.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise MetricError(
            f"metric {_name(metric)!r} returned {type(scores).__name__}, expected a tensor"
        ) from error


def _name(metric: Any) -> str:
    return str(getattr(metric, "name", type(metric).__name__))
