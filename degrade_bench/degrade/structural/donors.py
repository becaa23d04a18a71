"""Music for a clip from another one: a donor of the built-in corpus, brought to the clip's tempo and format.

Of the built-in clips in another style those come first that have as many beats in a bar and need the least
stretching; one of the best three is drawn, as far as they are about as good. A donor's tempo may be taken double or
half, as a listener may tap it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch

from degrade_bench._support.numbers import fixed
from degrade_bench.clip import Annotations, Clip
from degrade_bench.clip.stems import stems_of
from degrade_bench.corpus.builtin import BuiltinSource, builtin_sources
from degrade_bench.degrade.dsp.joins import Piece, fade_half
from degrade_bench.degrade.dsp.stretch import stretched
from degrade_bench.errors import NotApplicableError, PlanError

DRAWN_FROM = 3
ABOUT_AS_GOOD_OCTAVES = 0.2
"""How much more than the best one a donor may have to be stretched."""
OTHER_METRE_OCTAVES = 0.5
"""What another metre costs, as a change of tempo."""
MOST_OCTAVES = 1.0
"""A donor that would have to be stretched by more than this is none."""
LEAST_BARS = 3
SOUNDING_DB = -20.0
"""A bar of the donor further under its mean power than this has too little in it to be heard."""


@dataclass(frozen=True)
class Pulse:
    """How fast a piece goes.

    Attributes:
        beat_seconds: median time between beats.
        beats_per_bar: median count.
    """

    beat_seconds: float
    beats_per_bar: int

    @classmethod
    def of(cls, annotations: Annotations) -> Pulse:
        """The pulse of a piece with a bar or more; where beats are not known, a bar is one beat."""
        downbeats = np.asarray(annotations.downbeats)
        beats_known = len(annotations.beats) >= len(annotations.downbeats)
        beats = np.asarray(annotations.beats) if beats_known else downbeats
        counts = np.diff(np.searchsorted(beats, downbeats - 1e-6))
        return cls(float(np.median(np.diff(beats))), max(1, round(float(np.median(counts)))))


@dataclass(frozen=True, eq=False)
class Donor:
    """Another clip's music and how much faster it must go.

    Attributes:
        source: the built-in clip.
        rate: above 1, the donor is played faster.
    """

    source: BuiltinSource
    rate: float


def drawn_donor(clip: Clip, rng: np.random.Generator, stem: str | None = None) -> Donor:
    """Draw a donor for a clip; one that has a certain stem, where ``stem`` names it.

    Args:
        clip: what gets foreign music; its beats or bars say how fast it is.
        rng: of the choice among donors that fit about as well.
        stem: the name of a stem that the donor must have; None for the whole mix.

    Raises:
        NotApplicableError: no built-in clip will do.
    """
    order = rng.permutation(DRAWN_FROM)
    pulse = Pulse.of(clip.annotations)
    ranked = sorted(
        (_fit(pulse, source) for source in builtin_sources() if _other(clip, source, stem)),
        key=lambda fit: fit[0],
    )
    fitting = [fit for fit in ranked if abs(math.log2(fit[1].rate)) <= MOST_OCTAVES and _stranger(fit[1], clip)]
    if not fitting:
        what = f"with a stem {stem!r} " if stem else ""
        raise NotApplicableError(
            f"no other built-in clip {what}can be brought to beats of {fixed(pulse.beat_seconds)} s"
        )
    best = [donor for cost, donor in fitting[:DRAWN_FROM] if cost <= fitting[0][0] + ABOUT_AS_GOOD_OCTAVES]
    result: Donor = next(best[k] for k in order if k < len(best))
    return result


def _other(clip: Clip, source: BuiltinSource, stem: str | None) -> bool:
    """Whether a built-in clip is another piece, in another style, and has the stem."""
    return (
        source.id not in (clip.id, clip.track)
        and source.style != clip.group
        and (stem is None or stem in source.stem_names)
    )


def _stranger(donor: Donor, clip: Clip) -> bool:
    """Whether the donor's samples are not the clip's, whatever the clip is called."""
    seconds = donor.source.seconds_hint
    return abs(seconds - clip.duration) > 0.1 or loaded(donor.source.id).hash != clip.hash


def _fit(pulse: Pulse, source: BuiltinSource) -> tuple[float, Donor]:
    """How badly a donor fits, in octaves of tempo, and at which rate it fits best."""
    its = _pulse_of(source.id)
    rates = [its.beat_seconds * beats / pulse.beat_seconds for beats in (1.0, 2.0, 0.5)]
    rate = min(rates, key=lambda rate: abs(math.log2(rate)))
    other_metre = OTHER_METRE_OCTAVES if its.beats_per_bar != pulse.beats_per_bar else 0.0
    return abs(math.log2(rate)) + other_metre, Donor(source, rate)


@cache
def _pulse_of(name: str) -> Pulse:
    return Pulse.of(_source(name).annotations)


def _source(name: str) -> BuiltinSource:
    for source in builtin_sources():
        if source.id == name:
            return source
    raise PlanError(f"the plan's donor {name!r} is not in the built-in corpus")


@lru_cache(maxsize=3)
def loaded(name: str) -> Clip:
    """A built-in clip; the last few are kept."""
    return _source(name).load()


@lru_cache(maxsize=2)
def conformed(name: str, stem: str | None, sample_rate: int, channels: int) -> Clip:
    """A donor, or one of its stems, in a clip's format; the last two are kept.

    Two channels stay two; for any other count they are mixed to one, which all channels get.

    Args:
        name: of a built-in clip.
        stem: the name of one of its stems, or None for its mix.
        sample_rate: Hz, of the clip that it is for.
        channels: of the clip that it is for.
    """
    donor = loaded(name)
    samples = donor.samples if stem is None else stems_of(donor)[stem]
    if channels != donor.channels:
        samples = samples.mean(dim=0, keepdim=True)
    if sample_rate != donor.sample_rate:
        import soxr

        resampled = soxr.resample(samples.numpy().T, donor.sample_rate, sample_rate, quality="VHQ")
        samples = torch.from_numpy(np.ascontiguousarray(resampled.T, dtype=np.float32).reshape(len(samples), -1))
    return Clip(name, samples.expand(channels, -1).contiguous(), sample_rate)


def donor_params(donor: Donor, stem: str | None, gain: float) -> dict[str, Any]:
    """What a plan keeps of its donor.

    Args:
        donor: the clip and its rate.
        stem: which of its stems, or None for its mix.
        gain: the factor of amplitude that makes it as loud as what it replaces.
    """
    return {
        "id": donor.source.id,
        "hash": loaded(donor.source.id).hash,
        "stem": stem,
        "rate": donor.rate,
        "gain": gain,
    }


def donor_track(clip: Clip, params: Mapping[str, Any]) -> torch.Tensor:
    """The donor that a plan names, at the clip's tempo, level and format.

    Raises:
        PlanError: the built-in corpus has no such clip, or has other samples under its name.
    """
    if loaded(params["id"]).hash != params["hash"]:
        raise PlanError(f"the plan was drawn with other samples of the built-in clip {params['id']!r}")
    samples = conformed(params["id"], params["stem"], clip.sample_rate, clip.channels).samples
    length = round(samples.shape[1] / params["rate"])
    result: torch.Tensor = stretched(samples, clip.sample_rate, params["rate"], length) * params["gain"]
    return result


def donor_bars(clip: Clip, donor: Donor, stem: str | None, longest: int) -> list[int]:
    """Where in the donor's track bars begin that sound and after which ``longest`` samples follow.

    Args:
        clip: what gets foreign music.
        donor: where it comes from.
        stem: which of the donor's stems, or None for its mix.
        longest: the longest bar that is to be filled, in samples of the clip.

    Raises:
        NotApplicableError: there are fewer than three.
    """
    samples = conformed(donor.source.id, stem, clip.sample_rate, clip.channels).samples
    power = samples.double().square().mean(dim=0)
    span = round(longest * donor.rate)
    least = float(power.mean()) * 10 ** (SOUNDING_DB / 10)
    last = len(power) - span - round(fade_half(clip.sample_rate) * donor.rate) - 1
    starts = [round(time * clip.sample_rate) for time in donor.source.annotations.downbeats]
    sounding = [start for start in starts if start <= last and float(power[start : start + span].mean()) >= least]
    if len(sounding) < LEAST_BARS:
        raise NotApplicableError(
            f"the donor {donor.source.id!r} has {len(sounding)} bars of {fixed(longest / clip.sample_rate, 1)} s, "
            f"needs {LEAST_BARS}"
        )
    return [round(start / donor.rate) for start in sounding]


def drawn_bars(places: list[int], count: int, rng: np.random.Generator) -> list[int]:
    """Which of a donor's bars stands in for each of ``count`` bars; neighbours never follow one another in it.

    Args:
        places: where the donor's bars begin, in samples; three or more.
        count: bars of the clip.
        rng: of the first bar and of the step between two.
    """
    first, step = int(rng.integers(len(places))), int(rng.integers(2, len(places)))
    return [places[(first + step * k) % len(places)] for k in range(count)]


def beside(signal: torch.Tensor, foreign: torch.Tensor, sample_rate: int) -> tuple[torch.Tensor, int]:
    """Two signals one after the other, out of which pieces are taken, and where the second begins.

    Args:
        signal: ``(channels, time)``, the clip's music.
        foreign: ``(channels, time)``, the donor's.
        sample_rate: Hz; it decides how far apart they are put.
    """
    gap = torch.zeros(len(signal), fade_half(sample_rate))
    return torch.cat([signal, gap, foreign], dim=1), signal.shape[1] + gap.shape[1]


def substituted(spans: list[list[int]], places: list[int], first: int, num_samples: int) -> list[Piece]:
    """Pieces of a signal whose ``spans`` are read from elsewhere: from ``first`` plus each one's place.

    Args:
        spans: ``[start, end]`` of what is replaced, in samples, in order.
        places: where in the second signal each one's music begins.
        first: where the second signal begins behind the first.
        num_samples: of the first signal.
    """
    pieces, position = [], 0
    for (start, end), place in zip(spans, places, strict=True):
        pieces += [(position, start), (first + place, first + place + end - start)]
        position = end
    return [*pieces, (position, num_samples)]
