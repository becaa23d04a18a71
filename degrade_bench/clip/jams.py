"""Annotations out of a JAMS file: beats, sections, key, tempo and chords, the first annotation of each kind.

Source: E. J. Humphrey et al., "JAMS: a JSON annotated music specification", ISMIR 2014.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import Any, NoReturn

from degrade_bench.clip.annotations import Annotations, Spans
from degrade_bench.clip.beat_text import check_intervals
from degrade_bench.errors import AnnotationError


def annotations_from_jams(text: str) -> Annotations:
    """What a JAMS file says of the music.

    Raises:
        AnnotationError: no JAMS, a time or a value that cannot be, nested too deeply.
    """
    try:
        return _annotations(json.loads(text, parse_constant=_refused))
    except AnnotationError:
        raise
    except RecursionError:
        raise AnnotationError("not a JAMS file: nested too deeply") from None
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise AnnotationError(f"not a JAMS file: {repr(error)[:120]}") from error


def _refused(name: str) -> NoReturn:
    raise AnnotationError(f"not a JAMS file: holds {name}, expected a number")


def _annotations(content: Any) -> Annotations:
    namespaces: dict[str, list[dict[str, Any]]] = {}
    for annotation in content["annotations"]:
        namespaces.setdefault(annotation["namespace"], _observations(annotation["data"]))
    beats, downbeats = [], []
    for name in ("beat", "beat_position"):
        for observation in namespaces.get(name, []):
            time, position = _time(observation), observation["value"]
            if isinstance(position, dict):
                position = position.get("position")
            beats.append(time)
            if position is not None and _finite(position) == 1:
                downbeats.append(time)
        if beats:
            break
    segments = namespaces.get("segment_open") or namespaces.get("segment_salami_upper") or []
    tempo = namespaces.get("tempo")
    key = namespaces.get("key_mode")
    bpm = _finite(tempo[0]["value"]) if tempo else None
    if bpm is not None and bpm <= 0:
        raise AnnotationError(f"a tempo of {bpm:g} beats per minute; expected one above 0")
    annotations = Annotations(
        beats=tuple(beats),
        downbeats=tuple(downbeats),
        sections=_spans(segments),
        chords=_spans(namespaces.get("chord", [])),
        tempo_bpm=bpm,
        key=_label(key[0]).replace(":", " ") if key else None,
        beat_source="annotated",
        beat_confidence=1.0 if beats else 0.0,
        downbeat_confidence=1.0 if downbeats else 0.0,
    )
    check_intervals(beats)
    return annotations


def _spans(observations: list[dict[str, Any]]) -> Spans:
    spans = tuple((_time(observation), _label(observation)) for observation in observations)
    for (before, _), (after, label) in itertools.pairwise(spans):
        if after < before:
            raise AnnotationError(f"{label!r} at {after:g} s stands behind what begins at {before:g} s")
    return spans


def _label(observation: dict[str, Any]) -> str:
    value = observation["value"]
    if not isinstance(value, str | int | float):
        raise AnnotationError(f"a label that is no text: {repr(value)[:40]}")
    label = str(value)
    if any("\ud800" <= character <= "\udfff" for character in label):
        raise AnnotationError(f"a label with half a character in it: {ascii(label)[:40]}")
    return label


def _time(observation: dict[str, Any]) -> float:
    time = _finite(observation["time"])
    if time < 0:
        raise AnnotationError(f"a time of {time:g} s; expected 0 or more")
    return time


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise AnnotationError(f"not a JAMS file: holds {number}, expected a number")
    return number


def _observations(data: Any) -> list[dict[str, Any]]:
    """JAMS stores observations as a list of objects, or (dense) as an object of lists."""
    if isinstance(data, dict):
        return [dict(zip(data, values, strict=True)) for values in zip(*data.values(), strict=True)]
    return list(data)
