"""A clip: samples, a sample rate, and what is known about the music in them.

Samples are ``torch.float32`` of shape ``(channels, time)``. Nominal full scale is ±1, but samples may pass
it: real masters do when decoded, and nothing here clips or renormalises them.
"""

from __future__ import annotations

import hashlib
import itertools
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

TOGETHER_SECONDS = 1e-3
"""Times that lie no farther apart are one: they come from beats in seconds and from cuts in whole samples."""

ROUNDING_SECONDS = 1e-9
"""What float64 may add to a time that is mapped there and back; far below a sample."""


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
        """The annotations after the audio was moved in time by ``time_map``.

        Beats and downbeats within source that was left out are gone; of those at its two ends, which have come to
        lie together, one stays. Of sections and chords that begin there, the one that goes on afterwards stays.
        """

        def moved(times: tuple[float, ...]) -> tuple[float, ...]:
            known = np.asarray(times, dtype=float)
            output = time_map(known[~time_map.left_out(known)])
            return tuple(output[_apart(output, before=True)].tolist()) if time_map.gaps else tuple(output.tolist())

        def moved_labels(spans: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
            output = time_map(np.asarray([start for start, _ in spans], dtype=float))
            kept = _apart(output, before=False) if time_map.gaps else np.ones(len(spans), dtype=bool)
            labels = (label for _, label in spans)
            return tuple(
                (float(start), label) for start, label, keep in zip(output, labels, kept, strict=True) if keep
            )

        tempo = self.tempo_bpm / time_map.mean_stretch if self.tempo_bpm else self.tempo_bpm
        return replace(
            self,
            beats=moved(self.beats),
            downbeats=moved(self.downbeats),
            sections=moved_labels(self.sections),
            chords=moved_labels(self.chords),
            tempo_bpm=tempo,
        )


def _apart(times: np.ndarray, before: bool) -> np.ndarray:
    """Which of the times, in order, are not at one with their neighbour, before them or after them."""
    if before:
        return np.diff(times, prepend=-np.inf) > TOGETHER_SECONDS
    return np.diff(times, append=np.inf) > TOGETHER_SECONDS


@dataclass(frozen=True)
class TimeMap:
    """A monotone, piecewise-linear map from source time to output time, in seconds.

    ``points`` are ``(source, output)`` pairs, strictly increasing in source. Between two points the output rises,
    or, between two points with rising spans on either side, it stands: that source was left out. Outside the
    points the first and the last slope go on.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        array = np.asarray(self.points, dtype=float)
        if array.ndim != 2 or len(array) < 2 or not np.isfinite(array).all():
            raise AnnotationError("a time map needs two points or more, increasing in source and output")
        source, output = np.diff(array, axis=0).T
        if (source <= 0).any() or (output < 0).any() or output[0] == 0 or output[-1] == 0:
            raise AnnotationError(
                "a time map needs two points or more, increasing in source and output; "
                "the output may stand still (source was left out) only between spans where it rises"
            )

    def __call__(self, times: npt.ArrayLike) -> np.ndarray:
        """Map source times (seconds, any shape) to output times."""
        source, output = np.asarray(self.points, dtype=float).T
        return _interpolated(np.asarray(times, dtype=float), source, output)

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """The ``(start, end)`` of all source that was left out."""
        standing = itertools.groupby(self.points, key=lambda point: point[1])
        spans = ([source for source, _ in group] for _, group in standing)
        return tuple((span[0], span[-1]) for span in spans if len(span) > 1)

    def left_out(self, times: npt.ArrayLike) -> np.ndarray:
        """Which source times lie within source that was left out; not its two ends, which are still heard."""
        times = np.asarray(times, dtype=float)
        inside = np.zeros(times.shape, dtype=bool)
        for start, end in self.gaps:
            inside |= (times > start + TOGETHER_SECONDS) & (times < end - TOGETHER_SECONDS)
        return inside

    def then(self, other: TimeMap) -> TimeMap:
        """This map and then ``other``, whose source is this one's output. What either leaves out is left out."""
        mine, theirs = (np.asarray(each.points, dtype=float) for each in (self, other))
        # Where the output stands, its source is not one time; but both ends are among this map's own points.
        back = _interpolated(theirs[:, 0], mine[:, 1], mine[:, 0])
        breaks = np.unique(np.concatenate([mine[:, 0], back]))
        breaks = breaks[np.diff(breaks, prepend=-np.inf) > 100 * ROUNDING_SECONDS]
        output = other(self(breaks))
        for k in range(1, len(output)):  # what stands must stand exactly
            if output[k] - output[k - 1] < ROUNDING_SECONDS:
                output[k] = output[k - 1]
        return TimeMap(tuple((float(s), float(o)) for s, o in zip(breaks, output, strict=True)))

    @property
    def mean_stretch(self) -> float:
        """Output duration over the duration of the source that is heard, between the first and the last point."""
        (s0, o0), (s1, o1) = self.points[0], self.points[-1]
        return (o1 - o0) / (s1 - s0 - sum(end - start for start, end in self.gaps))


def _interpolated(x: np.ndarray, known_x: np.ndarray, known_y: np.ndarray) -> np.ndarray:
    """Piecewise-linear interpolation; the first and the last slope go on outside."""
    y = np.interp(x, known_x, known_y)
    first = (known_y[1] - known_y[0]) / (known_x[1] - known_x[0])
    last = (known_y[-1] - known_y[-2]) / (known_x[-1] - known_x[-2])
    y = np.where(x < known_x[0], known_y[0] + (x - known_x[0]) * first, y)
    return np.where(x > known_x[-1], known_y[-1] + (x - known_x[-1]) * last, y)


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
        peak: the largest magnitude of any channel.
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

    peak: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "peak", check_samples(self.samples, where=f"clip {self.id!r}"))
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


def check_samples(samples: torch.Tensor, where: str = "signal") -> float:
    """Raise unless ``samples`` is finite, non-empty ``float32`` of shape ``(channels, time)``.

    Returns:
        the largest magnitude, which the check finds on its way.

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
    low, high = torch.aminmax(samples.detach())  # NaN comes through; many times as fast as asking every sample
    if not bool(torch.isfinite(low) & torch.isfinite(high)):
        count = int((~torch.isfinite(samples)).sum())
        raise AudioError(f"{where}: {count} of {samples.numel()} samples are NaN or infinite")
    return max(-float(low), float(high))


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
