"""A clip in an audio file, with the beats (or an estimate of them) and the stems that lie beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from degrade_bench.clip import Clip
from degrade_bench.clip.audio import checked, duration_hint, read_audio
from degrade_bench.corpus.source import ClipSource


@dataclass(frozen=True)
class FileSource(ClipSource):
    """An audio file, or a part of one.

    Attributes:
        path: the file.
        start, duration: the part to read, in seconds; None for from the beginning, to the end.
        group: what the clip belongs to (a genre).
        track: the recording that it was cut from; by default the file, so that parts of one file are kin.
        beat_file: beats in a file of their own; by default what lies beside the audio, else an estimate.
        stem_folder: stems; by default the folder ``song.stems`` beside ``song.wav``, else none.
    """

    path: Path = Path()
    start: float | None = None
    duration: float | None = None
    group: str | None = None
    track: str | None = None
    beat_file: Path | None = None
    stem_folder: Path | None = None

    def load(self) -> Clip:
        """Read samples and annotations.

        Raises:
            AudioError: unreadable, empty, non-finite, silent or too short.
            AnnotationError: a malformed beat file, or stems that do not fit.
        """
        from degrade_bench.clip.beats import annotations_for
        from degrade_bench.clip.stems import stem_files, stem_folder_of, stems_of

        samples, sample_rate = read_audio(self.path, self.start, self.duration)
        checked(samples, sample_rate, self.path)
        annotations = annotations_for(samples, sample_rate, self.path, self.start or 0.0, self.beat_file)
        folder = self.stem_folder or stem_folder_of(self.path)
        clip = Clip(
            id=self.id,
            samples=samples,
            sample_rate=sample_rate,
            annotations=annotations,
            group=self.group,
            track=self.track or self.path.name,
            source=self.path.name,
            stems={} if folder is None else stem_files(folder),
            stems_start=self.start or 0.0,
        )
        if clip.stems:
            stems_of(clip)  # what does not fit is said before anything is scored
        return clip

    @property
    def identity(self) -> str:
        """Size, part, beats and stems; no path, so that a moved folder is still the same input."""
        from degrade_bench.clip.beats import sidecar_of
        from degrade_bench.clip.stems import stem_folder_of

        size = self.path.stat().st_size if self.path.exists() else -1
        beats = self.beat_file or sidecar_of(self.path)
        digest = "estimated"
        if beats is not None and beats.is_file():
            digest = hashlib.sha256(beats.read_bytes()).hexdigest()[:12]
        folder = self.stem_folder or stem_folder_of(self.path)
        sizes = "" if folder is None else _sizes(folder)
        return f"{size}:{self.start}:{self.duration}:{digest}{sizes}"

    @property
    def seconds_hint(self) -> float | None:
        """The duration that the header promises, less what is not read."""
        seconds = duration_hint(self.path)
        if seconds is None:
            return self.duration
        left = max(0.0, seconds - (self.start or 0.0))
        return left if self.duration is None else min(left, self.duration)


def _sizes(folder: Path) -> str:
    """Names and sizes of what is in a folder of stems."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return "".join(f":{path.name}={path.stat().st_size}" for path in files if path.is_file())
