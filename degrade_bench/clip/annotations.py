"""What is known about the music of a clip: beats, bars, sections, key, chords, tempo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from degrade_bench.clip.time_map import TOGETHER_SECONDS, TimeMap
from degrade_bench.errors import AnnotationError


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
