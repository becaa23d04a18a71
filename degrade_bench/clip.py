"""A clip: samples, a sample rate, and what is known about the music in them.

Samples are ``torch.float32`` of shape ``(channels, time)``. Nominal full scale is ±1, but samples may pass
it: real masters do when decoded, and nothing here clips or renormalises them.
"""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from degrade_bench.errors import AnnotationError, AudioError

T = TypeVar("T")


@dataclass(frozen=True)
class Annotations:
    """What is known about the music of a clip. Times are seconds from the clip's first sample.

    Attributes:
        beats: beat times, strictly increasing.
        downbeats: times of the first beat of each bar, strictly increasing; a subset of ``beats``.
        sections: ``(start, label)`` of each section (verse, A, ...), in order.
        key: such as ``"C major"`` or ``"F# minor"``.
        chords: ``(start, label)`` of each chord, in order.
        tempo_bpm: beats per minute, where one number describes the clip.
        time_signature: such as ``"4/4"``.
        beat_source: ``"annotated"``, ``"estimated"`` or ``"none"``.
        beat_confidence: 0 to 1; how far the beat times can be trusted. 1 where annotated.
        downbeat_confidence: the same for the choice of the downbeat among the beats.
    """

    beats: tuple[float, ...] = ()
    downbeats: tuple[float, ...] = ()
    sections: tuple[tuple[float, str], ...] = ()
    key: str | None = None
    chords: tuple[tuple[float, str], ...] = ()
    tempo_bpm: float | None = None
    time_signature: str | None = None
    beat_source: str = "none"
    beat_confidence: float = 0.0
    downbeat_confidence: float = 0.0

    def __post_init__(self) -> None:
        for name in ("beats", "downbeats"):
            times = np.asarray(getattr(self, name), dtype=float)
            if times.size and not np.isfinite(times).all():
                raise AnnotationError(f"{name} hold a time that is not finite")
            if (np.diff(times) <= 0).any():
                at = int(np.argmax(np.diff(times) <= 0))
                raise AnnotationError(
                    f"{name} must be strictly increasing, but {times[at + 1]:g} s follows {times[at]:g} s"
                )

    def warp(self, time_map: TimeMap) -> Annotations:
        """The annotations after the audio was moved in time by ``time_map``."""

        def moved(times: tuple[float, ...]) -> tuple[float, ...]:
            return tuple(float(t) for t in time_map(np.asarray(times, dtype=float)))

        def moved_labels(spans: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
            return tuple(zip(moved(tuple(s for s, _ in spans)), (label for _, label in spans), strict=True))

        tempo = self.tempo_bpm / time_map.mean_stretch if self.tempo_bpm else self.tempo_bpm
        return replace(
            self,
            beats=moved(self.beats),
            downbeats=moved(self.downbeats),
            sections=moved_labels(self.sections),
            chords=moved_labels(self.chords),
            tempo_bpm=tempo,
        )


@dataclass(frozen=True)
class TimeMap:
    """A monotone, piecewise-linear map from source time to output time, in seconds.

    ``points`` are ``(source, output)`` pairs, strictly increasing in both. Outside the points the first and
    the last slope go on.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.points, dtype=float)
        if array.ndim != 2 or len(array) < 2 or (np.diff(array, axis=0) <= 0).any():
            raise AnnotationError("a time map needs two points or more, increasing in source and output")

    def __call__(self, times: npt.ArrayLike) -> np.ndarray:
        """Map source times (seconds, any shape) to output times."""
        source, output = np.asarray(self.points, dtype=float).T
        times = np.asarray(times, dtype=float)
        mapped = np.interp(times, source, output)
        first = (output[1] - output[0]) / (source[1] - source[0])
        last = (output[-1] - output[-2]) / (source[-1] - source[-2])
        mapped = np.where(times < source[0], output[0] + (times - source[0]) * first, mapped)
        return np.where(times > source[-1], output[-1] + (times - source[-1]) * last, mapped)

    def then(self, other: TimeMap) -> TimeMap:
        """This map and then ``other``, whose source is this one's output."""
        mine, theirs = (np.asarray(each.points, dtype=float) for each in (self, other))
        back = TimeMap(tuple((output, source) for source, output in self.points))
        breaks = np.unique(np.concatenate([mine[:, 0], back(theirs[:, 0])]))
        output = other(self(breaks))
        keep = np.concatenate([[True], (np.diff(output) > 0) & (np.diff(breaks) > 0)])
        return TimeMap(tuple((float(s), float(o)) for s, o in zip(breaks[keep], output[keep], strict=True)))

    @property
    def mean_stretch(self) -> float:
        """Output duration over source duration, between the first and the last point."""
        (s0, o0), (s1, o1) = self.points[0], self.points[-1]
        return (o1 - o0) / (s1 - s0)


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of audio and what is known about it.

    Attributes:
        id: stable name, unique in a run.
        samples: ``float32``, shape ``(channels, time)``.
        sample_rate: Hz.
        annotations: beats, downbeats, sections, key, where known.
        group: what the clip belongs to (a genre, a source), where the manifest says.
        track: the recording that it was cut from; clips of one track are not independent. The id by default.
        source: where it came from, for the record; never used to find it again.
        stems: stem name to audio file, where the clip has stems; :func:`degrade_bench.stems.stems_of` reads them.
        stems_start: where in the stems' files the clip begins, in seconds.
    """

    id: str
    samples: torch.Tensor
    sample_rate: int
    annotations: Annotations = field(default_factory=Annotations)
    group: str | None = None
    track: str | None = None
    source: str | None = None
    stems: Mapping[str, Path] = field(default_factory=dict)
    stems_start: float = 0.0

    def __post_init__(self) -> None:
        check_samples(self.samples, where=f"clip {self.id!r}")
        if self.sample_rate <= 0:
            raise AudioError(f"clip {self.id!r}: sample rate must be positive, got {self.sample_rate}")

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def num_samples(self) -> int:
        """Number of samples per channel."""
        return int(self.samples.shape[1])

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.sample_rate

    @cached_property
    def hash(self) -> str:
        """SHA-256 of sample rate, shape and samples, as 64 hexadecimal digits. Annotations do not count."""
        digest = hashlib.sha256()
        digest.update(f"{self.sample_rate}:{self.channels}x{self.num_samples}:f32le:".encode())
        digest.update(np.ascontiguousarray(self.samples.cpu().numpy(), dtype="<f4").tobytes())
        return digest.hexdigest()

    def with_samples(self, samples: torch.Tensor, annotations: Annotations | None = None) -> Clip:
        """The same clip with other samples (and, where given, other annotations). Stems are left behind."""
        return Clip(
            id=self.id,
            samples=samples,
            sample_rate=self.sample_rate,
            annotations=self.annotations if annotations is None else annotations,
            group=self.group,
            track=self.track,
            source=self.source,
        )


def check_samples(samples: torch.Tensor, where: str = "signal") -> None:
    """Raise unless ``samples`` is finite, non-empty ``float32`` of shape ``(channels, time)``.

    Raises:
        AudioError: says what was found and what was expected.
    """
    if not isinstance(samples, torch.Tensor):
        raise AudioError(f"{where}: samples must be a torch.Tensor, got {type(samples).__name__}")
    if samples.ndim != 2:
        raise AudioError(f"{where}: expected shape (channels, time), got {tuple(samples.shape)}")
    if samples.dtype != torch.float32:
        raise AudioError(f"{where}: expected float32 samples, got {samples.dtype}")
    if samples.shape[0] < 1 or samples.shape[1] < 1:
        raise AudioError(f"{where}: empty signal of shape {tuple(samples.shape)}")
    if samples.shape[0] > samples.shape[1] and samples.shape[0] > 64:
        raise AudioError(
            f"{where}: shape {tuple(samples.shape)} looks like (time, channels); expected (channels, time)"
        )
    if not bool(torch.isfinite(samples).all()):
        count = int((~torch.isfinite(samples)).sum())
        raise AudioError(f"{where}: {count} of {samples.numel()} samples are NaN or infinite")


def once_per_clip(function: Callable[[Clip], T]) -> Callable[[Clip], T]:
    """Remember what ``function`` gave for a clip as long as the clip lives.

    For costly analysis (loudness, chroma, separation) that many cells of one clip need.
    """
    known: weakref.WeakKeyDictionary[Clip, T] = weakref.WeakKeyDictionary()

    @wraps(function)
    def remembered(clip: Clip) -> T:
        if clip not in known:
            known[clip] = function(clip)
        return known[clip]

    return remembered
