"""Stems: the parts of a mix (drums, bass, voice, …), each in a file of its own.

Beside ``song.wav`` a folder ``song.stems`` is looked for; every audio file in it is a stem and is named after the
file. A stem at another sample rate is resampled, one with a single channel is put into all, one that is longer is
cut, one that is shorter by no more than an encoder's padding (100 ms) is filled up with silence. What does not fit
is an error: a stem that ends earlier, or stems whose sum is not the mix.

The sum may be louder or softer than the mix (a mix is often normalised, its stems are not): the stems are then
brought to the level that they have in the mix. What the mix has beyond its stems (a limiter's work on the sum, say)
belongs to no stem and stays where it is, whatever happens to the stems; so does a constant offset.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from degrade_bench._support.caching import remembered
from degrade_bench._support.numbers import fixed
from degrade_bench._support.plain_text import plain
from degrade_bench._support.reading import files_in, is_folder
from degrade_bench.clip import Clip
from degrade_bench.clip.audio import SUFFIXES, read_audio
from degrade_bench.clip.offset import without_offset
from degrade_bench.errors import AnnotationError, AudioError, NotApplicableError

FOLDER_SUFFIX = ".stems"
PADDING_SECONDS = 0.1
"""How much shorter than its mix a stem may be."""
REMAINDER_DB = -10.0
"""How far under the mix its remainder beyond the stems must lie. Stems of another song, or stems that are late by
more than a fraction of a millisecond, leave a remainder as loud as the mix."""
AUDIBLE_DB = -30.0
"""A stem that lies further under its mix is as good as silent: damage to it would not be heard."""
DRUM_WORDS = ("drum", "perc", "kick", "snare", "hihat", "hi-hat", "cymbal", "toms")
"""What the names of unpitched stems have in them."""


def stem_folder_of(audio: Path) -> Path | None:
    """The folder of stems beside an audio file, or None."""
    folder = audio.with_name(audio.stem + FOLDER_SUFFIX)
    return folder if is_folder(folder) else None  # a name too long for a folder is none


def stem_files(folder: Path) -> dict[str, Path]:
    """The stems in a folder, by name, sorted.

    Raises:
        AnnotationError: no such folder, fewer than two stems in it, or two of one name.
    """
    if not is_folder(folder):
        raise AnnotationError(f"{folder}: no such folder of stems")
    paths: dict[str, Path] = {}
    for path in files_in(folder):
        if path.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
            continue
        name = plain(path.stem)
        if name in paths:
            raise AnnotationError(f"{folder}: {paths[name].name} and {path.name} are stems of one name")
        paths[name] = path
    if len(paths) < 2:
        raise AnnotationError(f"{folder}: holds {len(paths)} audio files; expected two stems or more, as drums.wav")
    return paths


@remembered()
def stems_of(clip: Clip) -> Mapping[str, torch.Tensor]:
    """The stems of a clip as they sound in it, decoded once however often they are asked for.

    Shape:
        each ``(channels, time)``, as the clip's samples; not to be written to.

    Raises:
        NotApplicableError: the clip has no stems.
        AnnotationError: a stem that cannot be read or does not fit the mix; names the file.
    """
    if not clip.stems:
        raise NotApplicableError("needs stems; the clip has none")
    stems = {name: _fitting(path, clip) for name, path in clip.stems.items()}
    total = torch.stack(list(stems.values())).sum(dim=0)
    mix, total = without_offset(clip.samples).double(), without_offset(total)
    power = float(total.double().square().sum())
    gain = float((mix * total).sum()) / power if power > 0 else 0.0
    remainder, reference = float((mix - gain * total).square().sum()), float(mix.square().sum())
    if gain <= 0 or remainder > reference * 10 ** (REMAINDER_DB / 10):
        folder = next(iter(clip.stems.values())).parent
        raise AnnotationError(
            f"{folder}: the stems do not add up to clip {clip.id!r}: what is left lies at "
            f"{fixed(_db(remainder, reference), 0)} dB of it, expected {REMAINDER_DB:g} dB or less; "
            "are they of this recording, and do they start with it?"
        )
    if abs(gain - 1) < 1e-3:  # the stems of an exact sum pass through bit for bit
        return stems
    return {name: stem * gain for name, stem in stems.items()}


@remembered()
def stems_digest(clip: Clip) -> str:
    """A digest of the names and samples of a clip's stems, for plans."""
    digest = hashlib.sha256()
    for name, stem in stems_of(clip).items():
        digest.update(f"{name}:".encode())
        digest.update(np.ascontiguousarray(stem.numpy(), dtype="<f4").tobytes())
    return digest.hexdigest()[:16]


@remembered()
def audible_stems(clip: Clip) -> tuple[str, ...]:
    """The names of the stems that are not as good as silent, in the clip's order."""
    reference = float(without_offset(clip.samples).double().square().sum()) * 10 ** (AUDIBLE_DB / 10)
    powers = {name: float(without_offset(stem).double().square().sum()) for name, stem in stems_of(clip).items()}
    return tuple(name for name, power in powers.items() if power > 0 and power >= reference)


def is_pitched(name: str) -> bool:
    """Whether a stem of that name has notes, that is, whether it is no drum."""
    return not any(word in name.lower() for word in DRUM_WORDS)


def _fitting(path: Path, clip: Clip) -> torch.Tensor:
    """One stem at the clip's rate, channels and length."""
    try:
        samples, rate = read_audio(path, clip.stems_start, clip.duration)
    except AudioError as error:
        raise AnnotationError(f"stem of clip {clip.id!r}: {error}") from error
    if not bool(torch.isfinite(samples).all()):
        raise AnnotationError(f"{path}: a stem with samples that are NaN or infinite")
    if rate != clip.sample_rate:
        import soxr

        resampled = soxr.resample(samples.numpy().T, rate, clip.sample_rate, quality="VHQ")
        samples = torch.from_numpy(np.ascontiguousarray(resampled.T, dtype=np.float32))
    if len(samples) != clip.channels:
        if len(samples) != 1 and clip.channels != 1:
            raise AnnotationError(f"{path}: a stem of {len(samples)} channels; its mix has {clip.channels}")
        samples = samples.mean(dim=0, keepdim=True).expand(clip.channels, -1)
    missing = clip.num_samples - samples.shape[1]
    if missing > PADDING_SECONDS * clip.sample_rate:
        seconds = samples.shape[1] / clip.sample_rate
        raise AnnotationError(f"{path}: a stem of {fixed(seconds)} s; its mix has {fixed(clip.duration)} s")
    return torch.nn.functional.pad(samples, (0, max(0, missing)))[:, : clip.num_samples].contiguous()


def _db(power: float, reference: float) -> float:
    return 10 * math.log10(power / reference) if power > 0 and reference > 0 else -math.inf
