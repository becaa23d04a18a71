"""A signal as metrics hear it, and the features that they take from it.

A metric names the features that it needs. What two metrics name is computed once: :class:`Heard` holds a signal and
the answers that were asked of it, and lives as long as the cell that is scored. The clean clip's lives as long as
the clip is worked on, unless the clip is large, so that what is known of it is computed once per clip.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
import torch

from degrade_bench.clip.offset import without_offset

T = TypeVar("T")


class Feature(ABC, Generic[T]):
    """Something that is computed from a signal, or from a signal beside its reference.

    Derive a frozen dataclass: equal features are the same feature, and are computed once. What comes of a feature
    must depend on nothing but the signal, its reference and the fields, and nobody may write to it.

    Example:
        >>> from dataclasses import dataclass
        >>> @dataclass(frozen=True)
        ... class Peak(Feature[float]):
        ...     def of(self, signal: Heard) -> float:
        ...         print("computing")
        ...         return float(signal.samples.abs().max())
        >>> signal = Heard(torch.tensor([[0.5, -0.75]]), 44100)
        >>> signal.ask(Peak()), signal.ask(Peak())
        computing
        (0.75, 0.75)
    """

    @abstractmethod
    def of(self, signal: Heard) -> T:
        """Compute it.

        Args:
            signal: what is heard; ``signal.reference`` is the clean signal, where there is one.
        """

    @classmethod
    def of_all(cls, signal: Heard, features: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
        """Compute several features of one kind, and yield them with what came of them.

        Extend it where features of a kind share work.

        Args:
            signal: what is heard.
            features: different ones, all of this kind.
        """
        return ((feature, feature.of(signal)) for feature in features)

    @property
    def kind(self) -> type[Feature[Any]]:
        """The class whose :meth:`of_all` computes this feature with others of its kind."""
        return type(self)


class Heard:
    """One signal, and what was asked of it.

    Args:
        samples: ``(channels, time)``, float32; never written to.
        sample_rate: in Hz.
        reference: the clean signal, where metrics compare with it.
    """

    def __init__(self, samples: torch.Tensor, sample_rate: int, reference: Heard | None = None) -> None:
        self.samples, self.sample_rate, self.reference = samples, sample_rate, reference
        self._answers: dict[Feature[Any], Any] = {}

    @cached_property
    def steady_samples(self) -> torch.Tensor:
        """The samples without a constant offset (:func:`~degrade_bench.clip.offset.without_offset`)."""
        return without_offset(self.samples)

    @property
    def steady(self) -> np.ndarray:
        """The same as an array."""
        audio: np.ndarray = self.steady_samples.detach().cpu().numpy()
        return audio

    def ask(self, feature: Feature[T]) -> T:
        """What comes of a feature, computed the first time that it is asked for."""
        self.prepare((feature,))
        answer: T = self._answers[feature]
        return answer

    def prepare(self, features: Iterable[Feature[Any]]) -> None:
        """Compute features together that will be asked for: those of one kind may share work."""
        missing: dict[type[Feature[Any]], list[Feature[Any]]] = {}
        for feature in dict.fromkeys(features):
            if feature not in self._answers:
                missing.setdefault(feature.kind, []).append(feature)
        for kind, wanted in missing.items():
            still = [feature for feature in wanted if feature not in self._answers]  # one may have asked another
            self._answers.update(kind.of_all(self, still))
