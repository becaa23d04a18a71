"""Reading and writing audio files.

Reading goes through libsndfile (WAV, FLAC, Ogg, MP3, AIFF, …) and, for what it does not know, through
pedalboard's decoders. Samples come as they are: decoded peaks beyond ±1 stay, nothing is clipped, mixed down or
resampled.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from degrade_bench._support.files import replacing
from degrade_bench.clip.offset import without_offset
from degrade_bench.errors import AudioError

if TYPE_CHECKING:
    import soundfile

MIN_SECONDS = 1.0
SILENCE_DBFS = -80.0
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".caf", ".w64", ".rf64", ".m4a", ".mp4", ".aac", ".wma"),
)
"""What a folder is searched for."""

FULL_SCALE_SUFFIXES = {".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"}
"""Formats that cannot hold, or would clip, samples beyond ±1."""

BLOCK_SAMPLES = 1 << 12
"""How much is read at once of a file that is cut off; what is left of its last block is not read."""

_Decoded = tuple[np.ndarray, int]


def read_audio(path: Path, start: float | None = None, duration: float | None = None) -> tuple[torch.Tensor, int]:
    """Read a file, or a part of it.

    Args:
        path: any file that libsndfile or pedalboard decodes. A file that is cut off (a download that stopped)
            is read as far as it goes.
        start: seconds to skip.
        duration: seconds to read at most.

    Returns:
        samples ``(channels, time)``, float32, and the sample rate in Hz.

    Raises:
        AudioError: missing, unreadable, not audio, or without a single sample in the range asked for.
    """
    if not path.exists():
        raise AudioError(f"{path}: no such file")
    if path.is_dir():
        raise AudioError(f"{path}: is a directory, expected an audio file")
    try:
        if path.stat().st_size == 0:
            raise AudioError(f"{path}: the file is empty (0 bytes)")
        audio, sample_rate = _decode(path, start or 0.0, duration)
    except PermissionError:
        raise AudioError(f"{path}: no permission to read it") from None
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror or error}") from error
    if audio.shape[1] == 0:
        asked = f" from {start:g} s on" if start else ""
        raise AudioError(f"{path}: holds no samples{asked}")
    return torch.from_numpy(audio), sample_rate


def checked(samples: torch.Tensor, sample_rate: int, path: Path) -> None:
    """Raise unless a signal can be damaged and scored.

    Args:
        samples: ``(channels, time)``.
        sample_rate: Hz.
        path: where they come from, for the message.

    Raises:
        AudioError: NaN or infinity in it, silent, or shorter than :data:`MIN_SECONDS`.
    """
    if not bool(torch.isfinite(samples).all()):
        count = int((~torch.isfinite(samples)).sum())
        raise AudioError(f"{path}: {count} of {samples.numel()} samples are NaN or infinite")
    seconds = samples.shape[1] / sample_rate
    if seconds < MIN_SECONDS:
        raise AudioError(f"{path}: too short: {seconds:.3g} s, expected {MIN_SECONDS:g} s or more")
    music = without_offset(samples)
    if float(music.abs().max()) < 10 ** (SILENCE_DBFS / 20):
        beside = "" if music is samples else " beside a constant offset"
        raise AudioError(f"{path}: silent: no sample reaches {SILENCE_DBFS:g} dBFS{beside}")


def duration_hint(path: Path) -> float | None:
    """Seconds that a file's header promises, without decoding; None if it does not tell."""
    import soundfile

    try:
        return float(soundfile.info(str(path)).duration)
    except (RuntimeError, OSError, TypeError):
        return None


def _decode(path: Path, start: float, duration: float | None) -> _Decoded:
    import soundfile

    with open(path, "rb"):  # a permission error reads better than the decoder's
        pass
    try:
        return _decode_with_libsndfile(path, start, duration)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = str(getattr(error, "error_string", error)).rstrip(".")
    try:
        return _decode_with_pedalboard(path, start, duration)
    except (ValueError, RuntimeError, OSError):
        raise AudioError(f"{path}: not audio that can be decoded ({reason})") from None


def _decode_with_libsndfile(path: Path, start: float, duration: float | None) -> _Decoded:
    import soundfile

    with soundfile.SoundFile(str(path)) as file:
        rate = int(file.samplerate)
        first = min(round(start * rate), file.frames) if start else 0
        file.seek(first)
        count = -1 if duration is None else round(duration * rate)
        try:
            audio = file.read(count, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:  # a FLAC file that is cut off gives an error, not what is there
            file.seek(first)
            audio = _read_until_error(file, file.frames - first if count < 0 else count)
    return np.ascontiguousarray(audio.T), rate


def _read_until_error(file: soundfile.SoundFile, count: int) -> np.ndarray:
    """As many samples, at most ``count``, as can be read before the decoder gives up; ``(time, channels)``.

    Raises:
        soundfile.LibsndfileError: there are none.
    """
    import soundfile

    blocks: list[np.ndarray] = []
    while count > 0:
        try:
            block = file.read(min(count, BLOCK_SAMPLES), dtype="float32", always_2d=True)
        except soundfile.LibsndfileError:
            if not blocks:
                raise
            break
        if not len(block):
            break
        blocks.append(block)
        count -= len(block)
    return np.concatenate(blocks)


def _decode_with_pedalboard(path: Path, start: float, duration: float | None) -> _Decoded:
    from pedalboard.io import AudioFile

    with AudioFile(str(path)) as file:
        rate = int(file.samplerate)
        first = min(round(start * rate), file.frames)
        if first:
            file.seek(first)
        count = file.frames - first if duration is None else min(round(duration * rate), file.frames - first)
        audio = file.read(count) if count > 0 else np.zeros((file.num_channels, 0), np.float32)
    return np.ascontiguousarray(audio, dtype=np.float32), rate


def write_audio(path: Path, samples: torch.Tensor, sample_rate: int) -> None:
    """Write a file, whole or not at all; the suffix tells the format. WAV is written as 32-bit float.

    Args:
        path: where to; its suffix tells the format.
        samples: ``(channels, time)``, float32.
        sample_rate: Hz.

    Shape:
        samples: ``(channels, time)``.

    Raises:
        AudioError: an unknown suffix, a rate or channel count that the format cannot hold, or peaks beyond full
            scale in a format that would clip them.
        RunFolderError: no permission, a missing folder, a full disk.
    """
    import soundfile

    suffix = path.suffix.lower()
    formats = {"WAV": ".wav", "FLAC": ".flac", "OGG": ".ogg .oga", "MP3": ".mp3", "AIFF": ".aif .aiff"}
    kind = next((name for name, suffixes in formats.items() if suffix in suffixes.split()), None)
    if not suffix or kind is None:
        listed = ", ".join(formats.values()).replace(" ", ", ").replace(",,", ",")
        raise AudioError(f"{path}: cannot write {suffix or 'a file without suffix'}; expected one of {listed}")
    peak = float(samples.abs().max())
    if suffix in FULL_SCALE_SUFFIXES and peak > 1.0:
        raise AudioError(
            f"{path}: peaks reach {20 * np.log10(peak):+.1f} dBFS and {kind} would clip them; write .wav instead"
        )
    subtype = {"WAV": "FLOAT", "FLAC": "PCM_24", "AIFF": "PCM_24"}.get(kind)
    encoded = io.BytesIO()  # libsndfile would call a full disk a "system error"
    try:
        soundfile.write(encoded, samples.numpy().T, sample_rate, format=kind, subtype=subtype)
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        channels = samples.shape[0]
        raise AudioError(
            f"{path}: {kind} cannot hold {channels} channels at {sample_rate} Hz ({error}); write .wav instead"
        ) from error
    with replacing(path) as temporary:
        temporary.write_bytes(encoded.getbuffer())
