"""Beats and downbeats of a clip: the user's own first, else an estimate with a confidence.

Beside ``song.wav`` a file ``song.beats``, ``song.beats.txt``, ``song.txt`` or ``song.jams`` is looked for, in this
order. The text forms are those of :mod:`degrade_bench.clip.beat_text`; JAMS gives beats, sections, key, tempo and
chords (:mod:`degrade_bench.clip.jams`).

A ``song.txt`` may as well be lyrics, or notes of the session. It is taken for beats where half or more of its lines
begin with a number, as lines of beats do, and passed over otherwise. What is taken for beats must be free of
mistakes.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import torch

from degrade_bench._support.numbers import fixed
from degrade_bench._support.reading import MOST_TEXT_BYTES, is_file, read_bytes_file
from degrade_bench._support.stages import stage
from degrade_bench.clip import Annotations
from degrade_bench.clip.audio import duration_hint
from degrade_bench.clip.beat_text import beats_from_text, looks_like_beats
from degrade_bench.clip.jams import annotations_from_jams
from degrade_bench.errors import AnnotationError

SIDECARS = (".beats", ".beats.txt", ".txt", ".jams")
MAYBE_LYRICS = ".txt"

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def sidecar_of(audio: Path) -> Path | None:
    """The beat file beside an audio file, or None; a text file that is plainly no beats is none."""
    for suffix in SIDECARS:
        path = audio.with_name(audio.stem + suffix)
        if is_file(path) and (suffix != MAYBE_LYRICS or _may_be_beats(path)):
            return path
    return None


def annotations_for(
    samples: torch.Tensor, sample_rate: int, audio: Path, start: float = 0.0, beat_file: Path | None = None
) -> Annotations:
    """Annotations of what was read from ``audio``, from a beat file or estimated.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        audio: where the samples came from.
        start: seconds of the file that were skipped; annotated times are of the whole file.
        beat_file: an explicit beat file; it must exist.

    Raises:
        AnnotationError: a malformed or missing beat file, or one with no beat inside the audio file.
    """
    path = beat_file or sidecar_of(audio)
    if path is None:
        from degrade_bench.clip.beat_tracking import estimated

        with stage("beats"):
            return estimated(samples, sample_rate)
    whole, seconds = read_beat_file(path), samples.shape[1] / sample_rate
    end = max(start + seconds, duration_hint(audio) or 0.0)
    if whole.beats and whole.beats[0] > end:
        raise AnnotationError(
            f"{path}: its {len(whole.beats)} beats begin at {whole.beats[0]:g} s, behind the end of the audio "
            f"({fixed(end)} s); expected times in seconds from the beginning of the file"
        )
    return whole.cut(start, seconds)


def read_beat_file(path: Path) -> Annotations:
    """Read a beat file or a JAMS file, of 16 MiB at most, in UTF-8 or UTF-16.

    Raises:
        AnnotationError: names the file, the line, and what was expected.
    """
    text = _decoded(_content(path), path)
    try:
        if path.suffix.lower() == ".jams":
            return annotations_from_jams(text)
        beats, downbeats = beats_from_text(text)
        return Annotations(
            beats=tuple(beats),
            downbeats=tuple(downbeats),
            beat_source="annotated",
            beat_confidence=1.0,
            downbeat_confidence=1.0 if downbeats else 0.0,
        )
    except AnnotationError as error:
        message = str(error)
        raise AnnotationError(f"{path}{', ' if message.startswith('line ') else ': '}{message}") from None


def _content(path: Path) -> bytes:
    try:
        return read_bytes_file(path, MOST_TEXT_BYTES)
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such beat file") from None
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read: {error.strerror or error}") from error


def _decoded(content: bytes, path: Path) -> str:
    try:
        text = content.decode(_MARKS.get(content[:2], "utf-8-sig"))
    except UnicodeDecodeError as error:
        raise AnnotationError(f"{path}: cannot be read as text: expected UTF-8 ({error.reason})") from error
    if "\0" in text:
        raise AnnotationError(f"{path}: cannot be read as text: holds zero bytes; expected UTF-8")
    return text


def _may_be_beats(path: Path) -> bool:
    """Whether a text file is worth reading as beats; what cannot be read is, so that the reason is told."""
    try:
        content = read_bytes_file(path, MOST_TEXT_BYTES)
    except OSError:
        return True
    encoding = _MARKS.get(content[:2], "latin-1")  # lyrics come in any encoding, digits are the same in all
    text = content.decode(encoding, errors="replace").replace("\0", "")
    return looks_like_beats(text)
