"""Real codecs and back, in memory, with their delay taken out.

A codec knows some sample rates and one or two channels. :func:`round_trip` takes any clip to what a codec knows
and brings it back, aligned to the sample: other rates go through libsoxr, channels are coded in pairs or one by
one, and peaks beyond full scale are scaled down before the encoder and up again behind it, since it would clip
them.

- MP3 is encoded by LAME at a constant bit rate and decoded by mpg123 (through libsndfile). The two together delay
  by 1,105 samples (576 for the encoder, 529 for the decoder). Where LAME's tag fits into the first frame the
  decoder reads the delay in it and cuts it off; elsewhere it is cut off here. LAME comes in two builds. Damage is
  coded through lameenc, told to search as little as audiomentations tells it to (``-q 7``): half the time of its
  slower settings and, in mel bands of the built-in corpus, no farther from the original. From 160 kbps on, where
  a codec is meant not to be heard, pedalboard's build leaves an error that is 3 to 9 dB smaller.
- Vorbis is encoded and decoded by libvorbis (through libsndfile), which has no delay.
- GSM 06.10 is encoded and decoded by libgsm (through libsndfile), which has none either.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import torch

Coder = Callable[[np.ndarray, int], np.ndarray]
"""``(channels, time)`` float32 within ±1 and its rate, to what comes out of the decoder: as long or longer."""

Streams = dict[int, tuple[bytes, ...]]
"""By bit rate in kbit/s, the MP3 streams of one signal, a pair of channels or a single one each."""

DELAY_SAMPLES = 1105
CODEC_RATES = (32000, 44100, 48000)
CEILING = 0.98
LAME_QUALITY = 7
CAREFUL_FROM_KBPS = 160
BLOCK_SAMPLES = 1 << 16
"""libsndfile hands a whole block to libvorbis, which keeps it on the stack: so blocks are small."""


def codec_rate(sample_rate: int) -> int:
    """The rate at which a clip is coded: its own if MPEG-1 knows it, else the next one up, else 48 kHz.

    The lower rates of MPEG-2 have other bit rates, so that a level would not mean the same.
    """
    return next((rate for rate in CODEC_RATES if rate >= sample_rate), CODEC_RATES[-1])


def round_trip(
    samples: torch.Tensor,
    sample_rate: int,
    rate: int,
    coder: Coder,
    channels_at_once: int = 2,
    peak: float | None = None,
) -> torch.Tensor:
    """Through a coder that works at another rate, on a group of channels at a time.

    Args:
        samples: of the clip.
        sample_rate: of the clip, in Hz.
        rate: at which the coder works.
        coder: encodes and decodes.
        channels_at_once: how many channels one stream holds.
        peak: what the peak is brought to before the coder; by default only a peak too high for it is brought down.

    Shape:
        samples: ``(channels, time)``; the output is as long, to the sample.
    """
    audio = resampled(samples.numpy(), sample_rate, rate)
    highest = float(max(audio.max(initial=0.0), -audio.min(initial=0.0)))
    gain = 1.0
    if highest > 0 and (peak is not None or highest > CEILING):
        gain = (CEILING if peak is None else peak) / highest
    if gain != 1.0:
        audio = audio * np.float32(gain)
    groups = (audio[first : first + channels_at_once] for first in range(0, len(audio), channels_at_once))
    parts = [fitted(coder(group, rate), audio.shape[1]) for group in groups]
    decoded = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if gain != 1.0:
        decoded /= np.float32(gain)
    return torch.from_numpy(fitted(resampled(decoded, rate, sample_rate), samples.shape[1]))


def resampled(audio: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """``(channels, time)`` at another rate, by libsoxr, without delay.

    Args:
        audio: ``(channels, time)``, float32.
        rate: the rate that it has, in Hz.
        new_rate: the rate that is wanted, in Hz.
    """
    if rate == new_rate:
        return audio
    import soxr

    return np.asarray(soxr.resample(audio.T, rate, new_rate, quality="VHQ").T, dtype=np.float32)


def fitted(audio: np.ndarray, length: int) -> np.ndarray:
    """``(channels, time)`` cut, or filled with zeros, to a length; contiguous float32."""
    audio = audio[:, :length]
    if audio.shape[1] < length:
        audio = np.pad(audio, ((0, 0), (0, length - audio.shape[1])))
    return np.ascontiguousarray(audio, dtype=np.float32)


def decode(stream: bytes) -> np.ndarray:
    """``(channels, time)`` float32 of any stream that libsndfile reads."""
    import soundfile

    audio, _ = soundfile.read(io.BytesIO(stream), dtype="float32", always_2d=True)
    return np.asarray(audio.T)


# -- MP3 -----------------------------------------------------------------------------------------------


def mp3_round_trip(
    samples: torch.Tensor, sample_rate: int, bitrate_kbps: int, streams: Streams | None = None
) -> torch.Tensor:
    """Through MP3. Other rates than MP3's go through the next of them up, or 48 kHz.

    Args:
        samples: ``(channels, time)``, float32.
        sample_rate: Hz.
        bitrate_kbps: constant bit rate, in kbit/s.
        streams: by bit rate, what these samples were encoded to before; added to.

    Shape:
        samples: ``(channels, time)``; the output is as long, to the sample.
    """
    made: list[bytes] = []
    before = iter([] if streams is None else streams.get(bitrate_kbps, ()))

    def coder(audio: np.ndarray, rate: int) -> np.ndarray:
        stream = next(before, None)
        made.append(encode(audio, rate, bitrate_kbps) if stream is None else stream)
        decoded = decode(made[-1])
        # a decoder that has read LAME's tag gives as many samples as were encoded, and no delay
        return decoded if decoded.shape[1] == audio.shape[1] else decoded[:, DELAY_SAMPLES:]

    out = round_trip(samples, sample_rate, codec_rate(sample_rate), coder)
    if streams is not None:
        streams[bitrate_kbps] = tuple(made)
    return out


def encode(audio: np.ndarray, sample_rate: int, bitrate_kbps: int) -> bytes:
    """The MP3 stream of ``(1 or 2, time)`` float32 at a rate that MP3 knows.

    Args:
        audio: ``(1 or 2, time)``, float32, between ±1.
        sample_rate: one that MP3 knows, in Hz.
        bitrate_kbps: constant bit rate, in kbit/s.
    """
    if bitrate_kbps >= CAREFUL_FROM_KBPS:
        return _encode_carefully(audio, sample_rate, bitrate_kbps)
    import lameenc

    encoder = lameenc.Encoder()
    encoder.silence()  # on the terminal
    encoder.set_channels(len(audio))
    encoder.set_in_sample_rate(sample_rate)
    encoder.set_out_sample_rate(sample_rate)
    encoder.set_bit_rate(bitrate_kbps)
    encoder.set_quality(LAME_QUALITY)
    scaled = audio * np.float32(32767)
    np.rint(scaled, out=scaled)
    codes = np.empty(audio.shape[::-1], np.int16)
    for channel, values in enumerate(scaled):  # a transposed copy takes three times as long
        codes[:, channel] = values
    return bytes(encoder.encode(codes.tobytes())) + bytes(encoder.flush())


def _encode_carefully(audio: np.ndarray, sample_rate: int, bitrate_kbps: int) -> bytes:
    from pedalboard.io import AudioFile

    stream = io.BytesIO()
    with AudioFile(stream, "w", sample_rate, len(audio), format="mp3", quality=bitrate_kbps) as file:
        file.write(np.ascontiguousarray(audio))
    return stream.getvalue()


# -- Vorbis --------------------------------------------------------------------------------------------


def vorbis_encode(audio: np.ndarray, sample_rate: int, quality: float) -> bytes:
    """The Ogg Vorbis stream of ``(1 or 2, time)`` float32 at a quality from 0 (lowest) to 1.

    Args:
        audio: ``(1 or 2, time)``, float32.
        sample_rate: Hz.
        quality: from 0 (lowest) to 1.
    """
    import soundfile

    stream = io.BytesIO()
    with soundfile.SoundFile(
        stream,
        "w",
        samplerate=sample_rate,
        channels=len(audio),
        format="OGG",
        subtype="VORBIS",
        compression_level=1 - quality,
    ) as file:
        for first in range(0, audio.shape[1], BLOCK_SAMPLES):
            file.write(audio.T[first : first + BLOCK_SAMPLES])
    return stream.getvalue()


def ogg_audio_bytes(stream: bytes) -> int:
    """The bytes of an Ogg stream's pages that hold audio: those of the headers stand at granule 0."""
    position = total = 0
    while position < len(stream):
        segments = stream[position + 26]
        size = 27 + segments + sum(stream[position + 27 : position + 27 + segments])
        if any(stream[position + 6 : position + 14]):
            total += size
        position += size
    return total


# -- GSM -----------------------------------------------------------------------------------------------

GSM_PEAK = 0.8
"""GSM works on 13 bits: every clip fills them alike, with headroom for what the decoder overshoots."""


def gsm_round_trip(samples: torch.Tensor, sample_rate: int, rate: int) -> torch.Tensor:
    """Through GSM 06.10 full rate, every channel by itself, at its own 8 kHz or clocked at another rate.

    Args:
        samples: ``(channels, time)``, float32.
        sample_rate: Hz.
        rate: at which the codec is clocked, in Hz: 8000, or lower for worse.

    Shape:
        samples: ``(channels, time)``; the output is as long, to the sample.
    """
    return round_trip(samples, sample_rate, rate, _wav("GSM610"), channels_at_once=1, peak=GSM_PEAK)


def pcm_round_trip(samples: torch.Tensor, sample_rate: int, rate: int) -> torch.Tensor:
    """As :func:`gsm_round_trip`, with 16-bit PCM in GSM's place.

    Args:
        samples: ``(channels, time)``, float32.
        sample_rate: Hz.
        rate: of the PCM, in Hz.
    """
    return round_trip(samples, sample_rate, rate, _wav("PCM_16"), channels_at_once=1, peak=GSM_PEAK)


def _wav(subtype: str) -> Coder:
    def coder(audio: np.ndarray, sample_rate: int) -> np.ndarray:
        import soundfile

        stream = io.BytesIO()
        soundfile.write(stream, audio.T, sample_rate, format="WAV", subtype=subtype)
        return decode(stream.getvalue())

    return coder
