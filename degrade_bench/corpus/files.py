"""A clip in a file: audio, with the beats (or an estimate of them) and the stems that lie beside it; or MIDI."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch

from degrade_bench._support.addresses import in_full, is_stored, shown
from degrade_bench._support.interrupts import never_a_row
from degrade_bench._support.object_server import may_pass, patient
from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import files_in
from degrade_bench.clip import Clip
from degrade_bench.clip.audio import SUFFIXES, checked, duration_hint, read_part
from degrade_bench.clip.notes.midi import is_midi, read_midi
from degrade_bench.corpus.content import digest_of
from degrade_bench.corpus.source import ClipSource
from degrade_bench.errors import AnnotationError, AudioError, StorageError


@dataclass(frozen=True)
class FileSource(ClipSource):
    """An audio or MIDI file, or a part of one; what is in object storage is fetched when it is read, and not kept.

    Attributes:
        path: the file.
        start, duration: the part to read, in seconds; None for from the beginning, to the end.
        group: what the clip belongs to (a genre).
        track: the recording that it was cut from; by default the file, so that parts of one file are kin.
        beat_file: beats in a file of their own; by default what lies beside the audio, else an estimate.
        stem_folder: stems; by default the folder ``song.stems`` beside ``song.wav``, else none.
        soundfont: what a MIDI file is played on; None for what comes with the package.
    """

    path: Path = Path()
    start: float | None = None
    duration: float | None = None
    group: str | None = None
    track: str | None = None
    beat_file: Path | None = None
    stem_folder: Path | None = None
    soundfont: Path | None = None

    def load(self) -> Clip:
        """Read samples and annotations.

        Raises:
            AudioError: unreadable, empty, non-finite, silent or too short.
            AnnotationError: a malformed beat file, or stems that do not fit.
        """
        try:
            return self._read()
        except (AudioError, AnnotationError) as error:
            if not self.is_far:
                raise
            raise type(error)(in_full(str(error))) from error

    def _read(self) -> Clip:
        if is_midi(self.path):
            from degrade_bench.corpus.midi_files import midi_clip

            return midi_clip(self)
        from degrade_bench.clip.beats import annotations_for
        from degrade_bench.clip.stems import stem_files, stem_folder_of, stems_of

        part = read_part(self.path, self.start, self.duration)
        samples, sample_rate = torch.from_numpy(part.samples), part.sample_rate
        checked(samples, sample_rate, self.path)
        annotations = annotations_for(samples, sample_rate, self.path, self.start or 0.0, self.beat_file)
        folder = self.stem_folder or stem_folder_of(self.path)
        clip = Clip(
            id=self.id,
            samples=samples,
            sample_rate=sample_rate,
            annotations=annotations,
            group=self.group,
            track=self.track or plain(self.path.name),
            source=plain(self.path.name),
            stems={} if folder is None else stem_files(folder),
            stems_start=self.start or 0.0,
            file_damage=part.damage,
        )
        if clip.stems:
            stems_of(clip)  # what does not fit is said before anything is scored
        return clip

    @property
    def identity(self) -> str:
        """The content of the audio, of the beats and of the stems, the part that is read, group and track.

        The path is not in it, so that a moved folder is still the same input.
        """
        return self._far_identity if self.is_far else self._digests()

    @cached_property
    def _far_identity(self) -> str:
        """The identity of what lies in object storage: asked for once, since it takes requests."""
        try:
            return self._digests()
        except OSError as error:
            raise StorageError(f"--input {shown(self.path)}: {error}") from error

    def _digests(self) -> str:
        if is_midi(self.path):
            from degrade_bench.corpus.midi_files import midi_identity

            return midi_identity(self)
        from degrade_bench.clip.beats import sidecar_of
        from degrade_bench.clip.stems import stem_folder_of

        beats = self.beat_file or sidecar_of(self.path)
        stems = self.stem_folder or stem_folder_of(self.path)
        told: dict[str, str | None] = {
            "audio": digest_of(self.path),
            "start": str(float(self.start or 0.0)),
            "seconds": None if self.duration is None else str(float(self.duration)),
            "beats": None if beats is None else digest_of(beats) + beats.suffix.lower(),
            "stems": None if stems is None else _stem_digests(stems),
            "group": self.group,
            "track": self.track,
        }
        return "; ".join(f"{name} {value}" for name, value in told.items() if value is not None)

    @property
    def recording(self) -> str:
        """The track, or the file."""
        return self.track or plain(self.path.name)

    @property
    def brings_beats(self) -> bool:
        """Whether it is a MIDI file, or beats are given or lie beside it; of object storage, that is not asked."""
        if is_midi(self.path) or self.beat_file is not None:
            return True
        from degrade_bench.clip.beats import sidecar_of

        return not self.is_far and sidecar_of(self.path) is not None

    @property
    def seconds_hint(self) -> float | None:
        """The duration that the header promises, less what is not read."""
        seconds = self._far_seconds if self.is_far else _seconds_of(self.path)
        if seconds is None:
            return self.duration
        left = max(0.0, seconds - (self.start or 0.0))
        return left if self.duration is None else min(left, self.duration)

    @property
    def is_far(self) -> bool:
        """Whether it lies in object storage."""
        return is_stored(self.path)

    @cached_property
    def _far_seconds(self) -> float | None:
        """The duration by the header of what lies in object storage."""
        with never_a_row():  # libsndfile reads through Python
            try:
                seconds: float | None = patient(_seconds_of, self.path)
                return seconds
            except OSError as error:
                raise StorageError(f"--input {shown(self.path)}: {error}") from error


def _seconds_of(path: Path) -> float | None:
    """How long a file is; None where only reading all of it would tell."""
    if not is_midi(path):
        return duration_hint(path)
    try:
        return read_midi(path).seconds
    except AudioError:
        return None  # it is said when the clip is loaded


def _stem_digests(folder: Path) -> str:
    """Names and digests of the stems in a folder."""
    try:
        files = [path for path in files_in(folder) if path.suffix.lower() in SUFFIXES]
    except OSError as error:
        if may_pass(error):
            raise
        return f"{error.strerror}"
    return " ".join(f"{plain(path.name)}={digest_of(path)}" for path in files if not path.name.startswith("."))


def id_of(path: Path) -> str:
    """The id of a clip that has no other: its path without the suffix, in text that can be stored and printed."""
    return plain((path.parent / path.stem).as_posix())
