"""A clip that has not been read yet: where it is and how to read it.

Sources are small and picklable; workers get a source and decode it themselves, once.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

from degrade_bench.clip import Clip
from degrade_bench.corpus.content import digest_of

MOST_AT_ONCE = 16
"""How many clips in object storage are looked at at a time."""


@dataclass(frozen=True)
class ClipSource(ABC):
    """Where a clip is, before any of it is decoded.

    Attributes:
        id: stable name, unique in a run.
    """

    id: str

    @abstractmethod
    def load(self) -> Clip:
        """Read samples and annotations.

        Raises:
            AudioError: unreadable, empty, non-finite, silent or too short; the message names the file.
            AnnotationError: a malformed beat file; the message names the file and the line.
        """

    @property
    @abstractmethod
    def identity(self) -> str:
        """A string that changes when any content that is read does, or the part that is read; decodes nothing."""

    @property
    def recording(self) -> str:
        """What the clip is cut from, as far as that is known before it is read: clips of one recording are kin."""
        return self.id

    @property
    def brings_beats(self) -> bool:
        """Whether it is known, before it is read, that its beats are annotated and need not be found."""
        return False

    @property
    def is_far(self) -> bool:
        """Whether looking at it takes requests over a network."""
        return False

    @property
    @abstractmethod
    def seconds_hint(self) -> float | None:
        """Roughly how long the clip is, for time estimates; None if only decoding would tell."""


def identities(sources: Sequence[ClipSource]) -> dict[str, str]:
    """The identity of every clip, by id; what lies in object storage is looked at many at a time.

    Args:
        sources: the clips.
    """
    far = [source for source in sources if source.is_far]
    with ThreadPoolExecutor(min(MOST_AT_ONCE, len(far)) or 1) as pool:
        known = dict(zip((source.id for source in far), pool.map(_looked_at, far), strict=True))
    return {source.id: known.get(source.id) or source.identity for source in sources}


def _looked_at(source: ClipSource) -> str:
    """The identity of a clip, and on the way what else is asked of it before it is read."""
    _ = source.seconds_hint
    return source.identity


@dataclass(frozen=True)
class MemorySource(ClipSource):
    """A clip that is in memory already."""

    clip: Clip

    def load(self) -> Clip:
        """The clip itself."""
        return self.clip

    @property
    def identity(self) -> str:
        """The hash of the samples, and digests of what is known about the music and of the stems."""
        clip = self.clip
        annotations = json.dumps(asdict(clip.annotations), default=_as_plain)
        known = hashlib.sha256(annotations.encode()).hexdigest()[:32]
        stems = "".join(f"; {name}={digest_of(path)}" for name, path in sorted(clip.stems.items()))
        return f"samples {clip.hash}; annotations {known}{stems}; group {clip.group}; track {clip.track}"

    @property
    def recording(self) -> str:
        """The clip's track."""
        return self.clip.track or self.id

    @property
    def brings_beats(self) -> bool:
        """A clip is as it is: no beats are found in it."""
        return True

    @property
    def seconds_hint(self) -> float | None:
        """The clip's duration."""
        return self.clip.duration


def _as_plain(value: Any) -> Any:
    """NumPy's arrays and numbers, which may stand in annotations, as Python's."""
    return value.tolist()
