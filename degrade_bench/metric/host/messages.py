"""What a proxy and its host process say to one another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from degrade_bench.metric.base import Treatment
from degrade_bench.metric.traits import Traits


@dataclass(frozen=True)
class Load:
    """Which metric a host holds, as :func:`~degrade_bench.metric.catalogue.load_metric` is asked for it.

    Attributes:
        spec: as the user named it.
        path: where it is, if ``spec`` is a registered name: ``package.module:Name``.
        settings: values by name.
        device: for a metric that takes one.
    """

    spec: str
    path: str
    settings: Mapping[str, Any]
    device: str


@dataclass(frozen=True)
class Look:
    """What metrics there are at a place.

    Attributes:
        path: ``path/to/file.py``, for all of them; ``path/to/file.py:Name`` or ``package.module:Name`` for one.
    """

    path: str


@dataclass(frozen=True)
class Seen:
    """The metrics at a place: the name of each one's class, and what it calls itself, where its class says so."""

    found: Mapping[str, str | None]


@dataclass(frozen=True)
class Loaded:
    """What a metric says of itself, read once.

    Attributes:
        traits: with the fingerprint.
        parts: what the fingerprint is made of, as text.
        described: what ``list metrics --json`` prints.
        settings: as the metric took them, in values that JSON has.
        counts: what it counts, at the start.
        of_sets: whether it compares sets of clips, which is done where their vectors are.
    """

    traits: Traits
    parts: Mapping[str, str]
    described: Mapping[str, Any]
    settings: Mapping[str, Any]
    counts: Mapping[str, int]
    of_sets: bool = False


@dataclass(frozen=True, eq=False)
class Score:
    """A batch to score.

    Attributes:
        batch: ``(batch, channels, time)``, float32.
        sample_rate: in Hz.
        reference: the clean signals, or None.
        windows: whether scores of windows are wanted.
        threads: that torch may use.
        watched: whether it is counted what the metric prints.
    """

    batch: np.ndarray
    sample_rate: int
    reference: np.ndarray | None
    windows: bool
    threads: int
    watched: bool = False


@dataclass(frozen=True)
class Scored:
    """Scores, or window scores, signal by signal, and the metric's counts afterwards (None where it fails).

    Attributes:
        printed: characters that the metric printed, where that was asked for.
    """

    scores: list[float] | list[tuple[float, ...]]
    counts: Mapping[str, int] | None
    printed: int = 0


@dataclass(frozen=True)
class Failed:
    """The metric raised an error.

    Attributes:
        reason: type and text of the error; for an error of the bench, the text.
        kind: the name of the error's class, where it is one of :mod:`degrade_bench.errors`.
        out_of_memory: whether memory did not suffice.
    """

    reason: str
    kind: str | None = None
    out_of_memory: bool = False


Request = Load | Look | Score | Treatment
Answer = Loaded | Seen | Scored | Failed
