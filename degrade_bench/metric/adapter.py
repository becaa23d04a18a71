"""Anybody's object as a metric: what is refused at the door, and the adapter that gives it the defaults."""

from __future__ import annotations

import hashlib
import inspect
import pickle
from collections.abc import Mapping
from typing import Any

import torch

from degrade_bench.errors import MetricError
from degrade_bench.metric.base import Metric, Treatment, checked_counts, digest
from degrade_bench.metric.traits import TRAITS, check_traits, trait_of


def check_metric(candidate: Any) -> Metric:
    """The object itself if it derives from :class:`Metric`, else a thin adapter that gives it the defaults.

    Raises:
        MetricError: says what it lacks, or which attribute is wrong.
    """
    if isinstance(candidate, type):
        raise MetricError(f"{candidate.__name__} is a class; give an object: {candidate.__name__}()")
    kind = type(candidate).__name__
    if not hasattr(candidate, "score") and trait_of(candidate, "oracle") is not True:
        raise MetricError(f"{kind} is not a metric: it lacks a method score(batch, sample_rate, reference)")
    check_traits(candidate, derives=isinstance(candidate, Metric))
    if trait_of(candidate, "hop_seconds") is not None and not _has(candidate, "score_windows"):
        raise MetricError(
            f"{kind} is not a metric: it has hop_seconds, but lacks a method "
            "score_windows(batch, sample_rate, reference)"
        )
    if trait_of(candidate, "oracle"):
        _check_oracle(candidate, kind)
    metric = candidate if isinstance(candidate, Metric) else Adapter(candidate)
    try:
        checked_counts(metric)
    except MetricError:
        raise
    except Exception as error:  # a third party's method may raise anything
        raise MetricError(f"{kind} is not a metric: counts() raises {type(error).__name__}: {error}") from error
    return metric


def _check_oracle(candidate: Any, kind: str) -> None:
    if not _has(candidate, "score_treatment"):
        raise MetricError(f"{kind} is not a metric: it is an oracle, but lacks a method score_treatment(treatment)")
    if not trait_of(candidate, "light"):
        raise MetricError(f"{kind} is not a metric: its light is False, expected True of an oracle")
    try:
        pickle.dumps(candidate)
    except Exception as error:  # pickle raises what it likes
        raise MetricError(
            f"{kind} is not a metric: an oracle works where cells are made, and it cannot be sent there ({error})"
        ) from error


def _has(candidate: Any, method: str) -> bool:
    """Whether an object has a method that is not the one that every metric inherits and that only refuses."""
    return getattr(type(candidate), method, None) not in (None, getattr(Metric, method))


def with_settings(metric: Metric, given: Mapping[str, Any]) -> Metric:
    """The metric that was just made with these settings, with its fingerprint of them.

    One whose class leaves out of its fingerprint what :class:`Metric` puts there comes back in an adapter that adds
    it.
    """
    object.__setattr__(metric, "given_settings", dict(given))  # even where its class is a frozen dataclass
    if isinstance(metric, Adapter):
        return metric
    holds_all = metric.setting_parts().keys() <= metric.fingerprint_parts().keys()
    if holds_all and type(metric).fingerprint is Metric.fingerprint:
        return metric
    return with_settings(Adapter(metric), given)


class Adapter(Metric):
    """Any object with ``name``, ``higher_is_better`` and ``score``, with the defaults of :class:`Metric`.

    Args:
        wrapped: the object; its traits are read once, here.
    """

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped
        for name in TRAITS:
            if hasattr(wrapped, name):
                setattr(self, name, trait_of(wrapped, name))

    def score(self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None) -> torch.Tensor:
        """As the wrapped object scores."""
        output: torch.Tensor = self.wrapped.score(batch, sample_rate, reference)
        return output

    def score_windows(
        self, batch: torch.Tensor, sample_rate: int, reference: torch.Tensor | None = None
    ) -> torch.Tensor:
        """As the wrapped object scores windows, if it does."""
        if not hasattr(self.wrapped, "score_windows"):
            return super().score_windows(batch, sample_rate, reference)
        output: torch.Tensor = self.wrapped.score_windows(batch, sample_rate, reference)
        return output

    def score_treatment(self, treatment: Treatment) -> float:
        """As the wrapped object scores what was done, if it is an oracle."""
        if not hasattr(self.wrapped, "score_treatment"):
            return super().score_treatment(treatment)
        result: float = self.wrapped.score_treatment(treatment)
        return result

    def counts(self) -> dict[str, int]:
        """As the wrapped object counts, if it does."""
        counts = getattr(self.wrapped, "counts", None)
        return counts() if callable(counts) else super().counts()

    def fingerprint_parts(self) -> dict[str, Any]:
        """The wrapped object's, if it has them; else its class and the source of it, where that can be read."""
        if hasattr(self.wrapped, "fingerprint_parts"):
            return {**self.wrapped.fingerprint_parts(), **self.setting_parts()}
        kind = type(self.wrapped)
        try:
            source = hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:12]
        except (OSError, TypeError):
            source = "unknown"
        return {**super().fingerprint_parts(), "class": kind.__qualname__, "code": source}

    def fingerprint(self) -> str:
        """The wrapped object's, if it has one, joined with the settings that it was given."""
        fingerprint = getattr(self.wrapped, "fingerprint", None)
        if not callable(fingerprint):
            return super().fingerprint()
        settings = self.setting_parts()
        return digest({"fingerprint": str(fingerprint()), **settings}) if settings else str(fingerprint())
