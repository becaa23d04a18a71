"""A clip that has not been read yet: where it is and how to read it.

Sources are small and picklable; workers get a source and decode it themselves, once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from degrade_bench.clip import Clip


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
        """A string that changes when the source is cut or read differently; cheap, decodes nothing."""

    @property
    @abstractmethod
    def seconds_hint(self) -> float | None:
        """Roughly how long the clip is, for time estimates; None if only decoding would tell."""


@dataclass(frozen=True)
class MemorySource(ClipSource):
    """A clip that is in memory already."""

    clip: Clip

    def load(self) -> Clip:
        """The clip itself."""
        return self.clip

    @property
    def identity(self) -> str:
        """The hash of the samples."""
        return self.clip.hash

    @property
    def seconds_hint(self) -> float | None:
        """The clip's duration."""
        return self.clip.duration
