"""Anybody's object as a metric: what is refused at the door, and the adapter that holds it to what it said."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

import torch

from degrade_bench._support.texts import one_line, said
from degrade_bench.errors import DegradeBenchError, MetricError
from degrade_bench.metric.base import Metric, Treatment, checked_counts, digest
from degrade_bench.metric.declared import Declared, declared_by
from degrade_bench.metric.identity import is_built_in
from degrade_bench.metric.sets.adapter import SetAdapter, check_embedder
from degrade_bench.metric.sets.base import SetMetric
from degrade_bench.metric.traits import checked_traits, described, fingerprinted, trait_of


def check_metric(candidate: Any, origin: str | None = None) -> Metric:
    """The object itself if it is one of the bench's metrics, else an adapter that holds it to what it says here.

    A foreign object is asked once for its traits, what its fingerprint is made of and what it says of itself: none
    of it changes afterwards.

    Args:
        candidate: a metric, or an object that stands for one.
        origin: the name of the module that gave it, where it was asked for by name; None for an object that was
            handed over, whose constructor's arguments then become part of its fingerprint.

    Raises:
        MetricError: says in a sentence what it lacks, or which attribute is wrong.
    """
    if isinstance(candidate, type):
        name = one_line(candidate.__name__)
        raise MetricError(f"{name} is a class; give an object: {name}()")
    if type(candidate) in (SetAdapter, Adapter, *Adapter.__subclasses__()):
        adapted: Metric = candidate
        return adapted
    try:
        return _checked(candidate, origin)
    except DegradeBenchError:
        raise
    except BaseException as error:  # a third party's attributes and methods may raise anything
        if isinstance(error, KeyboardInterrupt):
            raise
        kind = one_line(type(candidate).__name__)
        raise MetricError(f"{kind} is not a metric: asked what it is, it raises {said(error)}") from error


def _checked(candidate: Any, origin: str | None) -> Metric:
    kind = one_line(type(candidate).__name__)
    derives = isinstance(candidate, Metric)
    scores = callable(getattr(candidate, "score", None))
    if not scores and trait_of(candidate, "oracle") is not True:
        raise MetricError(f"{kind} is not a metric: it lacks a method score(batch, sample_rate, reference)")
    traits = checked_traits(candidate, derives)
    if isinstance(candidate, SetMetric):
        check_embedder(candidate)
    oracle = traits.get("oracle", False)
    if traits.get("resample") and traits.get("sample_rate") is None:
        raise MetricError(
            f"{kind} is not a metric: its resample is True, but its sample_rate is None, expected a rate in Hz"
        )
    if traits.get("hop_seconds") is not None and not _has(candidate, "score_windows"):
        raise MetricError(
            f"{kind} is not a metric: it has hop_seconds, but lacks a method "
            "score_windows(batch, sample_rate, reference)"
        )
    if oracle:
        _check_oracle(candidate, kind, traits.get("light", False))
    if derives and is_built_in(candidate):
        metric: Metric = candidate
    elif isinstance(candidate, SetMetric):
        metric = SetAdapter(candidate, traits, declared_by(candidate, traits, origin))
    else:
        metric = Adapter(candidate, traits, declared_by(candidate, traits, origin))
    checked_counts(metric)
    return metric


def _check_oracle(candidate: Any, kind: str, light: bool) -> None:
    if not _has(candidate, "score_treatment"):
        raise MetricError(f"{kind} is not a metric: it is an oracle, but lacks a method score_treatment(treatment)")
    if not light:
        raise MetricError(f"{kind} is not a metric: its light is False, expected True of an oracle")
    try:
        pickle.dumps(candidate)
    except Exception as error:  # pickle raises what it likes
        raise MetricError(
            f"{kind} is not a metric: an oracle works where cells are made, and it cannot be sent there "
            f"({said(error)})"
        ) from error


def _has(candidate: Any, method: str) -> bool:
    """Whether an object has a method that is not the one that every metric inherits and that only refuses."""
    return getattr(type(candidate), method, None) not in (None, getattr(Metric, method))


def with_settings(metric: Metric, given: Mapping[str, Any]) -> Metric:
    """The metric that was just made with these settings, with its fingerprint of them."""
    object.__setattr__(metric, "given_settings", dict(given))  # even where its class is a frozen dataclass
    return metric


class Adapter(Metric):
    """Any object with ``name``, ``higher_is_better`` and ``score``, with the defaults of :class:`Metric`.

    Args:
        wrapped: the object; it scores and counts, and is asked for nothing else.
        traits: those that it has.
        declared: what else it said of itself at the door.
    """

    def __init__(self, wrapped: Any, traits: Mapping[str, Any], declared: Declared) -> None:
        self.wrapped, self.declared = wrapped, declared
        for name, value in traits.items():
            setattr(self, name, value)

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
        """The parts that the wrapped object adds, its traits, its class, its code and the settings it was given."""
        return {**self.declared.parts, **fingerprinted(self), **self.declared.identity, **self.setting_parts()}

    def fingerprint(self) -> str:
        """Of all of these parts; one that the wrapped object computes by itself is one of them."""
        return digest(self.fingerprint_parts())

    def describe(self) -> dict[str, Any]:
        """What the wrapped object adds to what every metric says of itself."""
        return {**self.declared.description, **described(self)}
