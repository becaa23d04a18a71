"""Files of every format that is read, made in memory."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import soundfile

from tests.conftest import make_clip

SECONDS = 4.0
KINDS = {
    **{
        f"{form}-{subtype}": (form, subtype, 8000 if subtype.startswith(("GSM", "G72", "NMS", "DWVW")) else 22050)
        for form, subtypes in {
            "WAV": "PCM_U8 PCM_16 PCM_24 FLOAT DOUBLE ULAW ALAW IMA_ADPCM MS_ADPCM GSM610 G721_32 NMS_ADPCM_32",
            "WAVEX": "PCM_24",
            "RF64": "PCM_16",
            "W64": "PCM_16 IMA_ADPCM GSM610",
            "AIFF": "PCM_S8 PCM_16 PCM_24 FLOAT ULAW IMA_ADPCM GSM610 DWVW_16",
            "AU": "PCM_16 FLOAT ALAW G721_32 G723_24 G723_40",
            "CAF": "PCM_16 FLOAT ALAC_16 ALAC_24",
            "FLAC": "PCM_16 PCM_24",
            "OGG": "VORBIS",
            "MP3": "MPEG_LAYER_III",
        }.items()
        for subtype in subtypes.split()
    },
    "OGG-OPUS": ("OGG", "OPUS", 24000),
}
"""Format, codec and sample rate by name."""

SUFFIXES = {
    "WAV": ".wav",
    "WAVEX": ".wav",
    "RF64": ".rf64",
    "W64": ".w64",
    "AIFF": ".aiff",
    "AU": ".au",
    "CAF": ".caf",
    "FLAC": ".flac",
    "OGG": ".ogg",
    "MP3": ".mp3",
}
MONO = ("GSM", "G72", "NMS", "DWVW")


def suffix_of(kind: str) -> str:
    return SUFFIXES[KINDS[kind][0]]


@cache
def encoded(kind: str, channels: int = 0, rate: int = 0) -> bytes:
    """A file with ``SECONDS`` of music and no silence in it; stereo, where the codec can.

    Args:
        kind: of :data:`KINDS`.
        channels: how many; 0 for as many as the codec can, up to two.
        rate: in Hz; 0 for that of the kind.
    """
    form, subtype, usual = KINDS[kind]
    rate = rate or usual
    channels = channels or (1 if subtype.startswith(MONO) else 2)
    music = make_clip(SECONDS, rate, channels).samples.numpy()
    noise = np.random.default_rng(1).standard_normal(music.shape).astype(np.float32)
    stream = io.BytesIO()
    stream.name = f"a{SUFFIXES[form]}"
    with soundfile.SoundFile(stream, "w", rate, channels, subtype, format=form) as file:
        file.write((0.7 * music + 0.02 * noise).T)
    return stream.getvalue()
