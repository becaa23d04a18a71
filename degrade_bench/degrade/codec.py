"""MP3 by a real encoder (LAME) and back, in memory, with the codec's delay taken out.

pedalboard encodes at a constant bit rate and decodes; the encoder and decoder together delay by 1,105 samples
(576 for the encoder, 529 for the decoder), which are cut off, so that output and input are aligned to the
sample. MP3 knows 32, 44.1 and 48 kHz at these bit rates: other rates take a round trip through the nearest of
them that loses nothing of the band up to 24 kHz. Channels are coded in pairs, a single one as mono; a bit
rate is that of each stream. Peaks beyond full scale are scaled down before the encoder and up again behind it,
since it would clip them.
"""

from __future__ import annotations

import io

import numpy as np
import torch

DELAY_SAMPLES = 1105
CODEC_RATES = (32000, 44100, 48000)
CEILING = 0.98


def codec_rate(sample_rate: int) -> int:
    """The rate at which a clip is coded: its own if MP3 knows it, else the next one up, else 48 kHz."""
    return next((rate for rate in CODEC_RATES if rate >= sample_rate), CODEC_RATES[-1])


def mp3_round_trip(samples: torch.Tensor, sample_rate: int, bitrate_kbps: int) -> torch.Tensor:
    """Encode and decode.

    Shape:
        samples: ``(channels, time)``; the output is as long, to the sample.
    """
    import soxr

    audio = samples.numpy()
    rate = codec_rate(sample_rate)
    if rate != sample_rate:
        audio = soxr.resample(audio.T, sample_rate, rate, quality="VHQ").T
    peak = float(np.abs(audio).max())
    gain = CEILING / peak if peak > CEILING else 1.0
    pairs = [audio[first : first + 2] for first in range(0, len(audio), 2)]
    decoded = np.concatenate([_code(pair * np.float32(gain), rate, bitrate_kbps) for pair in pairs])
    decoded = decoded / np.float32(gain)
    if rate != sample_rate:
        decoded = soxr.resample(decoded.T, rate, sample_rate, quality="VHQ").T
    return torch.from_numpy(fitted(decoded, samples.shape[1]))


def encode(audio: np.ndarray, sample_rate: int, bitrate_kbps: int) -> bytes:
    """The MP3 stream of ``(1 or 2, time)`` float32 at a rate that MP3 knows."""
    from pedalboard.io import AudioFile

    stream = io.BytesIO()
    with AudioFile(stream, "w", sample_rate, len(audio), format="mp3", quality=bitrate_kbps) as file:
        file.write(np.ascontiguousarray(audio))
    return stream.getvalue()


def _code(audio: np.ndarray, sample_rate: int, bitrate_kbps: int) -> np.ndarray:
    from pedalboard.io import AudioFile

    with AudioFile(io.BytesIO(encode(audio, sample_rate, bitrate_kbps))) as file:
        decoded = file.read(file.frames)
    return fitted(decoded[:, DELAY_SAMPLES:], audio.shape[1])


def fitted(audio: np.ndarray, length: int) -> np.ndarray:
    """``(channels, time)`` cut, or filled with zeros, to a length; contiguous float32."""
    audio = audio[:, :length]
    if audio.shape[1] < length:
        audio = np.pad(audio, ((0, 0), (0, length - audio.shape[1])))
    return np.ascontiguousarray(audio, dtype=np.float32)
