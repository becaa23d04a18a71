"""What is known about the music of a clip: beats, bars, sections, key, chords, tempo.

Whatever changes the music changes what is true of it. The methods of :class:`Annotations` say how: moved in time
along a map, cut in pieces and joined again, transposed, or no longer known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from degrade_bench.clip.pitch_names import transposed_chord, transposed_key
from degrade_bench.clip.time_map import TOGETHER_SECONDS, TimeMap
from degrade_bench.errors import AnnotationError

Spans = tuple[tuple[float, str], ...]
"""``(start in seconds, label)`` of each of what follows one another."""

Fact = Literal["beats", "downbeats", "sections", "key", "chords", "tempo_bpm", "time_signature"]
"""What may be known of a clip."""

WHOLE_SEMITONE_TOLERANCE = 0.01
"""In semitones: a shift that is off a whole number by less is one, since nobody hears a cent."""


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
    sections: Spans = ()
    key: str | None = None
    chords: Spans = ()
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
            source = np.asarray(times, dtype=float)
            output = time_map(source[~time_map.left_out(source)])
            return tuple(output[_apart(output, before=True)].tolist()) if time_map.gaps else tuple(output.tolist())

        def moved_labels(spans: Spans) -> Spans:
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

    def without(self, *facts: Fact) -> Annotations:
        """The annotations with some of them no longer known. Bars without beats are none, so they go together.

        >>> Annotations(key="C major", tempo_bpm=120.0).without("key").tempo_bpm
        120.0
        """
        cleared: dict[str, Any] = {fact: getattr(Annotations, fact) for fact in facts}
        if "beats" in facts:
            cleared |= {"downbeats": (), "beat_source": "none", "beat_confidence": 0.0}
        if "beats" in facts or "downbeats" in facts:
            cleared["downbeat_confidence"] = 0.0
        return replace(self, **cleared)

    def transposed(self, semitones: float) -> Annotations:
        """The annotations after all of the music was transposed.

        Whole semitones move key and chords. Any other shift leaves the music in no key that has a name, and neither
        key nor chords are known any more; nor are they where their names are not understood.

        >>> Annotations(key="C major", chords=((0.0, "C"), (1.0, "G7/B"))).transposed(2)  # doctest: +ELLIPSIS
        Annotations(..., key='D major', chords=((0.0, 'D'), (1.0, 'A7/C#')), ...)
        """
        whole = round(semitones)
        if abs(semitones - whole) > WHOLE_SEMITONE_TOLERANCE:
            return self.without("key", "chords")
        if whole == 0:
            return self
        chords = [(start, transposed_chord(label, whole)) for start, label in self.chords]
        named = tuple((start, label) for start, label in chords if label is not None)
        return replace(
            self,
            key=None if self.key is None else transposed_key(self.key, whole),
            chords=named if len(named) == len(chords) else (),
        )

    def rearranged(self, pieces: Sequence[tuple[float, float]]) -> Annotations:
        """The annotations after pieces of the music were joined in another order.

        Beats and downbeats go where the music goes that they mark. A section or a chord begins where it is heard
        first, and again wherever the music comes back to it. The other annotations stay.

        Args:
            pieces: ``(start, end)`` of source in seconds, in the order in which they are heard. A piece whose start
                lies after its end is heard backwards, and the beats and bars in it are mirrored.

        >>> Annotations(chords=((0.0, "C"), (2.0, "F"))).rearranged([(1.0, 3.0), (0.0, 1.0)]).chords
        ((0.0, 'C'), (1.0, 'F'), (2.0, 'C'))
        """
        return replace(
            self,
            beats=_rearranged_times(self.beats, pieces),
            downbeats=_rearranged_times(self.downbeats, pieces),
            sections=_rearranged_spans(self.sections, pieces),
            chords=_rearranged_spans(self.chords, pieces),
        )

    def cut(self, start: float, duration: float) -> Annotations:
        """The annotations of a part of the music; times outside it are left out.

        Args:
            start: where the part begins, in seconds; the new zero.
            duration: how long it is, in seconds.
        """

        def inside(times: tuple[float, ...]) -> tuple[float, ...]:
            return tuple(t - start for t in times if start <= t <= start + duration)

        def spans(labelled: Spans) -> Spans:
            kept = [(t - start, label) for t, label in labelled if t < start + duration]
            begun = [label for t, label in kept if t <= 0]  # the one that was going on when the part starts
            head = [(0.0, begun[-1])] if begun else []
            return tuple(head + [(t, label) for t, label in kept if t > 0])

        return replace(
            self,
            beats=inside(self.beats),
            downbeats=inside(self.downbeats),
            sections=spans(self.sections),
            chords=spans(self.chords),
        )

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Annotations:
        """The annotations from their fields as JSON has them, with lists for tuples."""
        spans = {name: tuple((start, label) for start, label in record[name]) for name in ("sections", "chords")}
        times = {name: tuple(record[name]) for name in ("beats", "downbeats")}
        return cls(**{**record, **spans, **times})


def _apart(times: np.ndarray, before: bool) -> np.ndarray:
    """Which of the times, in order, are not at one with their neighbour, before them or after them."""
    if before:
        return np.diff(times, prepend=-np.inf) > TOGETHER_SECONDS
    return np.diff(times, append=np.inf) > TOGETHER_SECONDS


def _rearranged_times(times: tuple[float, ...], pieces: Sequence[tuple[float, float]]) -> tuple[float, ...]:
    """Where times of the source come to lie. Of a piece's two ends, the one that is heard first belongs to it."""
    source, moved, position = np.asarray(times, dtype=float), [], 0.0
    for start, end in pieces:
        if start <= end:
            inside = (source >= start - TOGETHER_SECONDS) & (source < end - TOGETHER_SECONDS)
        else:
            inside = (source > end + TOGETHER_SECONDS) & (source <= start + TOGETHER_SECONDS)
        moved.append(position + np.abs(source[inside] - start))
        position += abs(end - start)
    output = np.sort(np.concatenate(moved)) if moved else source[:0]
    return tuple(output[_apart(output, before=True)].tolist())


def _rearranged_spans(spans: Spans, pieces: Sequence[tuple[float, float]]) -> Spans:
    """What is heard of labelled spans. At a join, the same label goes on; what has no label begins none."""
    starts = np.asarray([start for start, _ in spans], dtype=float)
    ends = np.append(starts[1:], np.inf)
    moved: list[tuple[float, str]] = []
    position = 0.0
    for start, end in pieces:
        low, high = min(start, end), max(start, end)
        touched = np.flatnonzero((starts < high - TOGETHER_SECONDS) & (ends > low + TOGETHER_SECONDS))
        if start <= end:
            offsets = np.maximum(starts[touched], low) - start
        else:
            offsets = start - np.minimum(ends[touched], high)
        labels = [spans[k][1] for k in touched]
        piece = sorted(zip((position + offsets).tolist(), labels, strict=True))
        goes_on = bool(piece and moved) and piece[0][1] == moved[-1][1]
        moved += piece[1:] if goes_on else piece
        position += high - low
    return tuple(moved)
