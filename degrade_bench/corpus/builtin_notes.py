"""The built-in pieces played from their notes: what the suite ``symbolic`` runs on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from degrade_bench.clip import Clip
from degrade_bench.corpus.builtin import builtin_sources
from degrade_bench.corpus.files import FileSource
from degrade_bench.corpus.source import ClipSource


@dataclass(frozen=True)
class BuiltinNotesSource(ClipSource):
    """A piece of the built-in corpus, played from its notes.

    Attributes:
        id: of the built-in clip.
        style: the clip's group.
        soundfont: what it is played on; None for what comes with the package.
    """

    style: str
    soundfont: Path | None = None

    def load(self) -> Clip:
        """Play it.

        Raises:
            AudioError: a sound font that cannot be read, or a damaged installation.
        """
        return self.file.load()

    @property
    def identity(self) -> str:
        """The content of the notes and of the sound font, and which renderer plays them."""
        return f"builtin notes:{self.id}; {self.file.identity}"

    @property
    def brings_beats(self) -> bool:
        """The score has them."""
        return True

    @property
    def seconds_hint(self) -> float | None:
        """The piece's duration."""
        return self.file.seconds_hint

    @property
    def file(self) -> FileSource:
        """The MIDI file."""
        path = Path(str(files("degrade_bench.corpus"))) / "data" / "midi" / f"{self.id}.mid"
        return FileSource(self.id, path=path, group=self.style, track=self.id, soundfont=self.soundfont)


def builtin_notes(soundfont: Path | None = None) -> list[BuiltinNotesSource]:
    """Every piece of the built-in corpus, in the corpus's order."""
    return [BuiltinNotesSource(source.id, source.style, soundfont) for source in builtin_sources()]
