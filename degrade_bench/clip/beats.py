"""Beats and downbeats of a clip: the user's own first, else an estimate with a confidence.

Beside ``song.wav`` a file ``song.beats``, ``song.beats.txt``, ``song.txt`` or ``song.jams`` is looked for, in this
order. The text forms have one time in seconds per line, and behind it, where known, the beat's number in its
bar (1 is the downbeat), after white space or a comma; ``#`` begins a comment. JAMS (Humphrey et al., ISMIR 2014)
gives beats, sections, key, tempo and chords.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import torch

from degrade_bench.clip import Annotations
from degrade_bench.errors import AnnotationError

SIDECARS = (".beats", ".beats.txt", ".txt", ".jams")


def sidecar_of(audio: Path) -> Path | None:
    """The beat file beside an audio file, or None."""
    candidates = (audio.with_name(audio.stem + suffix) for suffix in SIDECARS)
    return next((path for path in candidates if os.path.isfile(path)), None)  # a name too long for a file is none


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
        AnnotationError: a malformed or missing beat file.
    """
    path = beat_file or sidecar_of(audio)
    if path is None:
        from degrade_bench.clip.beat_tracking import estimated

        return estimated(samples, sample_rate)
    return read_beat_file(path).cut(start, samples.shape[1] / sample_rate)


def read_beat_file(path: Path) -> Annotations:
    """Read a beat file or a JAMS file.

    Raises:
        AnnotationError: names the file, the line, and what was expected.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such beat file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: cannot be read as text: {error}") from error
    try:
        return _from_jams(text, path) if path.suffix.lower() == ".jams" else _from_lines(text, path)
    except AnnotationError as error:
        message = str(error)
        raise AnnotationError(message if str(path) in message else f"{path}: {message}") from None


def _from_lines(text: str, path: Path) -> Annotations:
    times: list[float] = []
    numbers: list[int | None] = []
    for line, content in enumerate(text.splitlines(), start=1):
        fields = content.partition("#")[0].replace(",", " ").split()
        if not fields:
            continue
        try:
            time = float(fields[0])
            number = round(float(fields[1])) if len(fields) > 1 else None
            if len(fields) > 2 or not math.isfinite(time) or time < 0:
                raise ValueError
        except (ValueError, OverflowError):
            raise AnnotationError(
                f"{path}, line {line}: {content.strip()[:40]!r}: expected a time in seconds, and the beat's number"
            ) from None
        if times and time <= times[-1]:
            raise AnnotationError(f"{path}, line {line}: {time:g} s does not come after {times[-1]:g} s")
        times.append(time)
        numbers.append(number)
    if not times:
        raise AnnotationError(f"{path}: holds no beats; expected one time in seconds per line")
    return _annotated(times, [t for t, number in zip(times, numbers, strict=True) if number == 1])


def _annotated(beats: list[float], downbeats: list[float], **more: Any) -> Annotations:
    return Annotations(
        beats=tuple(beats),
        downbeats=tuple(downbeats),
        beat_source="annotated",
        beat_confidence=1.0 if beats else 0.0,
        downbeat_confidence=1.0 if downbeats else 0.0,
        **more,
    )


def _from_jams(text: str, path: Path) -> Annotations:
    try:
        annotations = json.loads(text)["annotations"]
        namespaces: dict[str, list[dict[str, Any]]] = {}
        for annotation in annotations:
            namespaces.setdefault(annotation["namespace"], _observations(annotation["data"]))
        beats, downbeats = [], []
        for name in ("beat", "beat_position"):
            for observation in namespaces.get(name, []):
                position = observation["value"]
                if isinstance(position, dict):
                    position = position.get("position")
                beats.append(float(observation["time"]))
                if position is not None and float(position) == 1:
                    downbeats.append(float(observation["time"]))
            if beats:
                break
        segments = namespaces.get("segment_open") or namespaces.get("segment_salami_upper") or []
        tempo = namespaces.get("tempo")
        key = namespaces.get("key_mode")
        return _annotated(
            beats,
            downbeats,
            sections=_spans(segments),
            chords=_spans(namespaces.get("chord", [])),
            tempo_bpm=float(tempo[0]["value"]) if tempo else None,
            key=str(key[0]["value"]).replace(":", " ") if key else None,
        )
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise AnnotationError(f"{path}: not a JAMS file: {error!r}") from error


def _spans(observations: list[dict[str, Any]]) -> tuple[tuple[float, str], ...]:
    return tuple((float(observation["time"]), str(observation["value"])) for observation in observations)


def _observations(data: Any) -> list[dict[str, Any]]:
    """JAMS stores observations as a list of objects, or (dense) as an object of lists."""
    if isinstance(data, dict):
        return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    return list(data)
