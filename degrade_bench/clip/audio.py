"""Reading and writing audio files.

Reading goes through libsndfile (WAV, FLAC, Ogg, MP3, AIFF, …). Samples come as they are: decoded peaks beyond ±1
stay, nothing is clipped, mixed down or resampled. Channels come in WAV's order, whatever the file's.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
import torch

from degrade_bench._support.addresses import is_stored
from degrade_bench._support.files import replacing
from degrade_bench._support.numbers import fixed, number
from degrade_bench._support.object_server import may_pass
from degrade_bench._support.reading import check_regular, open_header
from degrade_bench.clip.decode.channels import ogg_order
from degrade_bench.clip.decode.samples import MOST_BYTES, Decoded, decode
from degrade_bench.clip.decode.sound import UNKNOWN_FRAMES
from degrade_bench.clip.offset import without_offset
from degrade_bench.errors import AudioError

MIN_SECONDS = 1.0
SILENCE_DBFS = -80.0
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc"),
    *(".au", ".caf", ".w64", ".rf64", ".m4a", ".mp4", ".aac", ".wma"),
)
"""What a folder is searched for. The last four are not read: who has such files is told what to do."""

FULL_SCALE_SUFFIXES = {".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"}
"""Formats that cannot hold, or would clip, samples beyond ±1."""

WRITTEN_FRAMES = 1 << 16
"""How much is written at once: libsndfile's Vorbis encoder crashes on a minute."""


def read_audio(
    path: Path, start: float | None = None, duration: float | None = None, most_bytes: int = MOST_BYTES
) -> tuple[torch.Tensor, int]:
    """Read a file, or a part of it, and take no more memory than the samples do.

    A file that is cut off or damaged is read up to there. A part has the samples that the whole has there.

    Args:
        path: any file that libsndfile decodes, at 1 kHz or more.
        start: seconds to skip.
        duration: seconds to read at most.
        most_bytes: how many bytes of samples to read at most, four for one sample of one channel; what is longer
            is refused.

    Returns:
        samples ``(channels, time)``, float32, and the sample rate in Hz. Channels come in WAV's order: of six, the
        fourth is the LFE.

    Raises:
        AudioError: missing, unreadable, no regular file, not audio, over ``most_bytes``, without a single sample in
            the range asked for, or damaged so that what is left is shorter than :data:`MIN_SECONDS` or silent.
    """
    part = read_part(path, start, duration, most_bytes)
    return torch.from_numpy(part.samples), part.sample_rate


def read_part(
    path: Path, start: float | None = None, duration: float | None = None, most_bytes: int = MOST_BYTES
) -> Decoded:
    """As :func:`read_audio`, and says as ``damage`` how far a damaged file was read.

    Args:
        path: any file that libsndfile decodes.
        start: seconds to skip.
        duration: seconds to read at most.
        most_bytes: how many bytes of samples to read at most.

    Raises:
        AudioError: as :func:`read_audio`.
    """
    try:
        check_regular(path)
        part = decode(path, start or 0.0, duration, most_bytes)
    except OSError as error:
        _refuse(path, error)
    if part.damage is not None:
        _check_rest(part, path)
    if part.samples.shape[1] == 0:
        asked = f" from {start:g} s on" if start else ""
        raise AudioError(f"{path}: holds no samples{asked}")
    return part


def _check_rest(part: Decoded, path: Path) -> None:
    """Raise where too little is left of a damaged file."""
    if part.samples.shape[1] < MIN_SECONDS * part.sample_rate:
        raise AudioError(f"{path}: {part.damage}")
    if float(max(part.samples.max(), -part.samples.min())) < 10 ** (SILENCE_DBFS / 20):
        raise AudioError(f"{path}: {part.damage}, and they are silent")


def _refuse(path: Path, error: OSError) -> NoReturn:
    if isinstance(error, FileNotFoundError):
        raise AudioError(f"{path}: no such file") from None
    if isinstance(error, PermissionError):
        raise AudioError(f"{path}: no permission to read it") from None
    raise AudioError(f"{path}: {error.strerror or error}") from error


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
        raise AudioError(f"{path}: too short: {number(seconds)} s, expected {MIN_SECONDS:g} s or more")
    music = without_offset(samples)
    if float(music.abs().max()) < 10 ** (SILENCE_DBFS / 20):
        beside = "" if music is samples else " beside a constant offset"
        raise AudioError(f"{path}: silent: no sample reaches {SILENCE_DBFS:g} dBFS{beside}")


def duration_hint(path: Path) -> float | None:
    """Seconds that a file's header promises, without decoding or reading on; None if it does not tell.

    Raises:
        ObjectError: it lies in object storage, which is away.
    """
    import soundfile

    failure: OSError | None = None
    try:
        with open_header(path) as file:
            try:
                with soundfile.SoundFile(_taken(file, path), closefd=False) as sound:
                    frames, rate = int(sound.frames), int(sound.samplerate)
            finally:
                failure = getattr(getattr(file, "raw", None), "error", None)
    except (OSError, RuntimeError) as error:
        if may_pass(failure or error):
            raise failure or error from None
        return None
    if failure is not None and may_pass(failure):
        raise failure
    return frames / rate if 0 < frames < UNKNOWN_FRAMES else None


def _taken(file: BinaryIO, path: Path) -> Any:
    """What soundfile is given to read a file: its descriptor, which is faster, where it has one."""
    return file if is_stored(path) else file.fileno()


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
            f"{path}: peaks reach {fixed(20 * np.log10(peak), 1)} dBFS and {kind} would clip them; "
            "write .wav instead"
        )
    subtype = {"WAV": "FLOAT", "FLAC": "PCM_24", "AIFF": "PCM_24"}.get(kind)
    encoded = io.BytesIO()  # libsndfile would call a full disk a "system error"
    order = ogg_order(samples.shape[0]) if kind == "OGG" else None
    audio = samples.numpy() if order is None else samples.numpy()[list(order)]
    try:
        with soundfile.SoundFile(encoded, "w", sample_rate, len(audio), subtype=subtype, format=kind) as file:
            for first in range(0, audio.shape[1], WRITTEN_FRAMES):
                file.write(audio[:, first : first + WRITTEN_FRAMES].T)
    except (soundfile.LibsndfileError, RuntimeError, ValueError) as error:
        channels = samples.shape[0]
        raise AudioError(
            f"{path}: {kind} cannot hold {channels} channels at {sample_rate} Hz ({error}); write .wav instead"
        ) from error
    with replacing(path) as temporary:
        temporary.write_bytes(encoded.getbuffer())
