"""Sixteen clips of ten seconds, 44.1 kHz, stereo: one from each built-in clip, and a second one from two."""

from __future__ import annotations

from dataclasses import dataclass, replace

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.builtin import BuiltinSource, builtin_sources

SECONDS = 10.0
AGAIN = {"ambient": 7.0, "baroque_canon": 7.0}
"""From where a second excerpt is taken, in seconds."""


@dataclass(frozen=True)
class Excerpt:
    """Ten seconds of a built-in clip; small, and read where it is needed."""

    source: BuiltinSource
    start: float

    def load(self) -> Clip:
        """Read the clip and cut it; beats, sections and chords are those of the excerpt."""
        clip = self.source.load()
        first = round(self.start * clip.sample_rate)
        samples = clip.samples[:, first : first + round(SECONDS * clip.sample_rate)].clone()
        return replace(
            clip,
            id=f"{clip.id}@{self.start:g}",
            samples=samples,
            annotations=shifted(clip.annotations, self.start, SECONDS),
            stems_start=self.start,
        )


def excerpts(count: int = 16) -> list[Excerpt]:
    """The first ``count`` excerpts; beyond sixteen they begin again from the first."""
    once = [Excerpt(source, 0.0) for source in builtin_sources()]
    once += [Excerpt(source, AGAIN[source.id]) for source in builtin_sources() if source.id in AGAIN]
    return [once[k % len(once)] for k in range(count)]


def shifted(annotations: Annotations, start: float, seconds: float) -> Annotations:
    """The annotations of a part of a clip, in seconds from the part's start.

    Args:
        annotations: the whole clip's.
        start: where the part begins, in seconds.
        seconds: the part's length.
    """

    def times(values: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(value - start for value in values if start <= value <= start + seconds)

    def spans(values: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
        under_way = [(0.0, label) for begin, label in values if begin < start][-1:]
        later = [(begin - start, label) for begin, label in values if start <= begin < start + seconds]
        return tuple(later if later and later[0][0] == 0.0 else under_way + later)

    return replace(
        annotations,
        beats=times(annotations.beats),
        downbeats=times(annotations.downbeats),
        sections=spans(annotations.sections),
        chords=spans(annotations.chords),
    )
