"""Which part of a long recording becomes a clip, or which parts: of each file the same amount of music."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from degrade_bench.corpus.files import FileSource

Begin = Literal["start", "middle"] | float

MOST_SECONDS = 1e7
"""More than any recording lasts: some four months."""
SHORTEST_SECONDS = 1.0
"""The least that a clip may be cut to: shorter ones are not used."""


@dataclass(frozen=True)
class Excerpt:
    """What is read of each file that says nothing else.

    Attributes:
        max_seconds: the length of a clip at most; None for the rest of the file.
        begin: where it begins: ``start``, ``middle`` (as much before it as behind it), or after so many seconds.
        windows: so many clips of a file, evenly spread over it, none overlapping; fewer where fewer fit.
    """

    max_seconds: float | None = None
    begin: Begin = "start"
    windows: int = 1


def parts_of(source: FileSource, excerpt: Excerpt) -> list[FileSource]:
    """The clips of a file: one, or a clip for each window, with its start behind its id as in ``song@30``.

    Only the header is read. A source with a start or a duration (of a manifest) is left as it is, and so is a file
    that is no longer than a clip may be.

    Args:
        source: a file.
        excerpt: what is wanted of it.
    """
    if source.start is not None or source.duration is not None:
        return [source]
    most = excerpt.max_seconds
    if excerpt.begin not in ("start", "middle"):
        return [replace(source, start=float(excerpt.begin), duration=most)]
    if most is None:
        return [source]
    seconds = source.seconds_hint
    if seconds is None:  # a header that does not tell how long the music is
        return [replace(source, duration=most)]
    if seconds <= most:
        return [source]
    count = min(excerpt.windows, int(seconds / most))
    if count > 1:
        starts = [_rounded(seconds * (number + 0.5) / count - most / 2) for number in range(count)]
        return [replace(source, id=f"{source.id}@{start:g}", start=start, duration=most) for start in starts]
    in_the_middle = excerpt.begin == "middle" or excerpt.windows > 1
    return [replace(source, start=_rounded((seconds - most) / 2) if in_the_middle else 0.0, duration=most)]


def _rounded(seconds: float) -> float:
    """To hundredths of a second: the start stands in names."""
    return max(0.0, round(seconds, 2))
