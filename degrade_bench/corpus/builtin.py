"""The built-in corpus: fourteen short clips in as many styles, with exact annotations.

The music was rendered from scores, so beats, chords and sections are known and not estimated. How it was
made, and what is in it: ``data/README.md`` beside this file. Clips with stems are stored as stems alone;
their mix is the sum of the stems' 16-bit samples, exactly.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch

from degrade_bench.clip import Annotations, Clip
from degrade_bench.corpus.source import ClipSource
from degrade_bench.errors import AudioError

STEMS = ("drums", "bass", "harmony", "melody")
FULL_SCALE = 32768.0


@dataclass(frozen=True)
class BuiltinSource(ClipSource):
    """A clip of the built-in corpus.

    Attributes:
        id: such as ``"jazz_trio"``.
        style: such as ``"jazz"``; the clip's group.
        seconds: the clip's duration.
        sha256: digest of the stored files.
    """

    style: str
    seconds: float
    sha256: str

    def load(self) -> Clip:
        """Read the clip: 44.1 kHz stereo, with annotations and, where it has any, the paths of its stems.

        Raises:
            AudioError: a file of the installed package is missing or damaged.
        """
        stems = {name: _data() / self._known["stems"][name] for name in self.stem_names}
        paths = list(stems.values()) or [_data() / f"{self.id}.flac"]
        total, rate = _read(paths[0])
        for path in paths[1:]:
            total += _read(path)[0]  # never leaves 16 bits: the corpus is built so, and tested
        samples = torch.from_numpy(np.ascontiguousarray(total.T, dtype=np.float32)) / FULL_SCALE
        return Clip(
            id=self.id,
            samples=samples,
            sample_rate=rate,
            annotations=self.annotations,
            group=self.style,
            track=self.id,
            source=f"built-in corpus: {self._known['title']}",
            stems=stems,
        )

    @property
    def annotations(self) -> Annotations:
        """Beats, chords and sections as the score has them. Decodes nothing."""
        return _annotations(self._known)

    @property
    def stem_names(self) -> tuple[str, ...]:
        """The names of the clip's stems, where it has any. Decodes nothing."""
        return tuple(name for name in STEMS if name in self._known["stems"])

    @property
    def _known(self) -> dict[str, Any]:
        return _read_annotations(self.id)

    @property
    def identity(self) -> str:
        """Name and digest of the stored files."""
        return f"builtin:{self.id}:{self.sha256}"

    @property
    def brings_beats(self) -> bool:
        """The score has them."""
        return True

    @property
    def seconds_hint(self) -> float:
        """The clip's duration."""
        return self.seconds


def builtin_sources() -> list[BuiltinSource]:
    """Every clip of the built-in corpus, always in the same order. Decodes nothing."""
    return list(_index())


@cache
def _index() -> tuple[BuiltinSource, ...]:
    """The rows of ``index.json``, read once."""
    return tuple(BuiltinSource(**row) for row in json.loads((_data() / "index.json").read_text()))


@cache
def _read_annotations(name: str) -> dict[str, Any]:
    """What ``NAME.json`` holds, read once; not to be written to."""
    return dict(json.loads((_data() / f"{name}.json").read_text()))


def _data() -> Path:
    """The folder that holds the corpus, inside the installed package."""
    return Path(str(files("degrade_bench.corpus"))) / "data"


def _read(path: Path) -> tuple[np.ndarray, int]:
    """``int16`` samples of shape ``(time, channels)`` and the sample rate."""
    import soundfile  # late: listing the corpus needs no decoder

    try:
        result: tuple[np.ndarray, int] = soundfile.read(path, dtype="int16", always_2d=True)
        return result
    except (OSError, RuntimeError) as error:
        raise AudioError(f"built-in clip {path.name}: {error}; install degrade-bench again") from error


def _annotations(record: dict[str, Any]) -> Annotations:
    """Annotations as the scores have them."""
    return Annotations(
        beats=tuple(record["beats"]),
        downbeats=tuple(record["downbeats"]),
        sections=tuple((float(start), str(label)) for start, label in record["sections"]),
        key=record["key"],
        chords=tuple((float(start), str(label)) for start, label in record["chords"]),
        tempo_bpm=float(record["tempo_bpm"]),
        time_signature=record["time_signature"],
        beat_source="annotated",
        beat_confidence=1.0,
        downbeat_confidence=1.0,
    )
