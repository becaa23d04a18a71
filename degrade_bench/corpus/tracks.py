"""Tracks: which clips are cut from one recording. Clips of one recording are not independent of one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from degrade_bench._support.plain_text import plain
from degrade_bench.corpus.files import FileSource


def joined(pairs: Iterable[tuple[Hashable, Hashable]]) -> dict[Hashable, Hashable]:
    """For all things in ``pairs``, one that stands for all those that are joined to it, directly or by others.

    It is the first of them in the order of the pairs.

    >>> joined([("a", 1), ("b", 2), ("c", 1), ("d", 2), ("d", 3)])["c"]
    'a'
    """
    above: dict[Hashable, Hashable] = {}

    def top(thing: Hashable) -> Hashable:
        above.setdefault(thing, thing)
        while above[thing] != thing:
            above[thing] = above[above[thing]]
            thing = above[thing]
        return thing

    order: dict[Hashable, int] = {}
    for one, other in pairs:
        order.setdefault(one, len(order))
        order.setdefault(other, len(order))
        first, second = sorted((top(one), top(other)), key=order.__getitem__)
        above[second] = first
    return {thing: top(thing) for thing in order}


def with_tracks(sources: Sequence[FileSource], recordings: Sequence[Hashable]) -> list[FileSource]:
    """Give clips of one recording one track.

    A track that was given keeps its name, and where two names were given to one recording, the first stands for
    both. Other tracks are named after the file; files of one name with different content are two tracks.

    Args:
        sources: the clips.
        recordings: for every clip, what is equal for files with the same content and for nothing else.
    """
    given = [("track", source.track) if source.track else None for source in sources]
    nodes = [("recording", recording) for recording in recordings]
    stands_for = joined((node, name or node) for node, name in zip(nodes, given, strict=True))
    labels: dict[Hashable, str] = {}
    for node, name in zip(nodes, given, strict=True):
        if name is not None:
            labels.setdefault(stands_for[node], str(name[1]))
    taken, names = set(labels.values()), Counter[str]()
    for node, source in zip(nodes, sources, strict=True):
        if stands_for[node] not in labels:
            labels[stands_for[node]] = _free(plain(source.path.name), names, taken)
    return [replace(source, track=labels[stands_for[node]]) for node, source in zip(nodes, sources, strict=True)]


def _free(name: str, names: Counter[str], taken: set[str]) -> str:
    """A name that is not taken: with a number behind it where it must."""
    while True:
        names[name] += 1
        free = name if names[name] == 1 else f"{name}#{names[name]}"
        if free not in taken:
            taken.add(free)
            return free
