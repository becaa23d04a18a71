"""What audiomentations and pedalboard have of the same kind, set to the same parameters.

Each pair names one of our degradations and makes, from a clip and the plan drawn for it, the peers' calls:
functions of a ``(channels, time)`` float32 array. A peer is made before the clock starts; what it does with the
array is timed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from degrade_bench.clip import Clip

Call = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Setting:
    """What the peers are set to.

    Attributes:
        clip: the clean clip.
        strength: of the level, in the ladder's unit.
        params: what ``draw`` decided on this clip.
    """

    clip: Clip
    strength: float
    params: Mapping[str, Any]

    @property
    def rate(self) -> int:
        """Sample rate in Hz."""
        return self.clip.sample_rate


@dataclass(frozen=True)
class Pair:
    """One of our degradations beside the peers' operations of the same kind.

    Attributes:
        name: ours.
        peers: label of each peer's operation, and what makes its call.
        note: where the two do not do quite the same.
        levels: the levels of ours at which the two do the same; all where none is named.
        kin: labels of peers that do something else under the same name: shown, not compared.
    """

    name: str
    peers: Mapping[str, Callable[[Setting], Call]]
    note: str = ""
    kin: frozenset[str] = frozenset()
    levels: tuple[int, ...] = ()


def audiomentation(make: Callable[[Any, Setting], Any]) -> Callable[[Setting], Call]:
    """The call of an audiomentations transform; ``make`` gets the package and the setting."""

    def call(setting: Setting) -> Call:
        import audiomentations

        transform = make(audiomentations, setting)
        return partial(_transformed, transform, setting.rate)

    return call


def board(make: Callable[[Any, Setting], Any]) -> Callable[[Setting], Call]:
    """The call of a pedalboard plug-in; ``make`` gets the package and the setting."""

    def call(setting: Setting) -> Call:
        import pedalboard

        plugin = make(pedalboard, setting)
        return partial(_processed, plugin, setting.rate)

    return call


def _transformed(transform: Any, rate: int, audio: np.ndarray) -> np.ndarray:
    return transform(samples=audio, sample_rate=rate)


def _processed(plugin: Any, rate: int, audio: np.ndarray) -> np.ndarray:
    return plugin(audio, rate)


def _noise(decay: float) -> Callable[[Setting], Call]:
    return audiomentation(
        lambda a, s: a.AddColorNoise(
            min_snr_db=s.strength, max_snr_db=s.strength, min_f_decay=decay, max_f_decay=decay, p=1.0
        )
    )


def _four_poles(p: Any, plugin: str, cutoff_hz: float) -> Any:
    """24 dB per octave out of pedalboard's filters of 6 dB per octave."""
    return p.Pedalboard([getattr(p, plugin)(cutoff_frequency_hz=cutoff_hz) for _ in range(4)])


def _band_pass(a: Any, s: Setting) -> Any:
    low, high = s.params["low_hz"], s.params["high_hz"]
    centre = (low + high) / 2
    share = min(1.99, (high - low) / centre)
    return a.BandPassFilter(
        min_center_freq=centre,
        max_center_freq=centre,
        min_bandwidth_fraction=share,
        max_bandwidth_fraction=share,
        min_rolloff=24,
        max_rolloff=24,
        zero_phase=True,
        p=1.0,
    )


def _filter(kind: str) -> Callable[[Setting], Call]:
    return audiomentation(
        lambda a, s: getattr(a, kind)(
            min_cutoff_freq=s.params["cutoff_hz"],
            max_cutoff_freq=s.params["cutoff_hz"],
            min_rolloff=24,
            max_rolloff=24,
            zero_phase=True,
            p=1.0,
        )
    )


def _room(setting: Setting) -> np.ndarray:
    """An impulse response as long as the room's RT60, as our room is."""
    length = round(setting.params["rt60_s"] * setting.rate)
    decay = 10 ** (-3 * np.arange(length) / length)
    response = 0.02 * np.random.default_rng(0).standard_normal((setting.clip.channels, length)) * decay
    response[:, 0] = 1.0
    return response.astype(np.float32)


def _room_file(a: Any, setting: Setting) -> Any:
    """Audiomentations reads impulse responses from files, and keeps what it read."""
    import tempfile
    from pathlib import Path

    import soundfile

    path = Path(tempfile.mkdtemp()) / "room.wav"
    soundfile.write(path, _room(setting).T, setting.rate, subtype="FLOAT")
    transform = a.ApplyImpulseResponse(ir_path=path, p=1.0, leave_length_unchanged=True)
    transform(samples=setting.clip.samples.numpy(), sample_rate=setting.rate)  # read it before the clock starts
    path.unlink()
    path.parent.rmdir()
    return transform


def _one_gap(a: Any, setting: Setting) -> Any:
    packets = setting.params.get("packets")
    share = 0.02 * len(packets) / setting.clip.duration if packets else setting.strength / 100
    return a.TimeMask(min_band_part=share, max_band_part=share, fade_duration=0.0, p=1.0)


def _delay(p: Any, setting: Setting) -> Any:
    copy_gain = setting.params["copy_gain"]
    return p.Delay(setting.params["delay_samples"] / setting.rate, feedback=0.0, mix=copy_gain / (1 + copy_gain))


def _tempo(setting: Setting) -> float:
    return 1 - setting.strength / 100


def _pedalboard_stretch(setting: Setting) -> Call:
    import pedalboard

    return lambda audio: pedalboard.time_stretch(audio, setting.rate, stretch_factor=_tempo(setting))


def _threshold_db(setting: Setting) -> float:
    return 20 * math.log10(setting.params["threshold"])


def _same(name: str, value: Callable[[Setting], Any], **more: Any) -> Callable[[Any, Setting], Any]:
    """An audiomentations transform whose least and greatest are both ``value``; ``name`` as ``Gain:gain_db``."""
    kind, _, quantity = name.partition(":")

    def make(a: Any, setting: Setting) -> Any:
        exact = value(setting)
        return getattr(a, kind)(**{f"min_{quantity}": exact, f"max_{quantity}": exact}, p=1.0, **more)

    return make


PAIRS = (
    Pair(
        "white_noise",
        {"audiomentations AddGaussianSNR": audiomentation(_same("AddGaussianSNR:snr_db", lambda s: s.strength))},
        "their SNR is against mean power, ours against the active level; our noise is made again from a seed",
    ),
    Pair("pink_noise", {"audiomentations AddColorNoise": _noise(-3.01)}),
    Pair("brown_noise", {"audiomentations AddColorNoise": _noise(-6.02)}),
    Pair(
        "percentile_clipping",
        {
            "audiomentations ClippingDistortion": audiomentation(
                _same("ClippingDistortion:percentile_threshold", lambda s: round(s.strength))
            )
        },
        "they clip each side at a percentile of its own, we both at one threshold",
    ),
    Pair(
        "hard_clipping",
        {
            "pedalboard Clipping": board(lambda p, s: p.Clipping(threshold_db=_threshold_db(s))),
            "audiomentations Clip": audiomentation(
                lambda a, s: a.Clip(a_min=-s.params["threshold"], a_max=s.params["threshold"], p=1.0)
            ),
        },
    ),
    Pair(
        "soft_clipping",
        {
            "pedalboard Distortion": board(
                lambda p, s: p.Distortion(drive_db=20 * math.log10(s.params["drive"] / s.params["peak"]))
            ),
            "audiomentations TanhDistortion": audiomentation(_same("TanhDistortion:distortion", lambda s: 0.2)),
        },
        "TanhDistortion sets its drive by a percentile and restores the RMS",
    ),
    Pair(
        "bit_depth",
        {
            "audiomentations BitCrush": audiomentation(_same("BitCrush:bit_depth", lambda s: round(s.strength))),
            "pedalboard Bitcrush": board(lambda p, s: p.Bitcrush(bit_depth=s.strength)),
        },
        "their codes lie between ±1, ours between the clip's peaks",
    ),
    Pair(
        "aliasing",
        {
            "audiomentations Aliasing": audiomentation(
                _same("Aliasing:sample_rate", lambda s: s.params["rate_hz"])
            ),
            "pedalboard Resample (linear)": board(
                lambda p, s: p.Resample(s.params["rate_hz"], p.Resample.Quality.Linear)
            ),
        },
    ),
    Pair(
        "low_pass",
        {
            "audiomentations LowPassFilter (zero phase)": _filter("LowPassFilter"),
            "pedalboard LowpassFilter × 4": board(
                lambda p, s: _four_poles(p, "LowpassFilter", s.params["cutoff_hz"])
            ),
        },
        "pedalboard's filter is causal: it shifts phases, and four poles droop by 12 dB at the cutoff",
    ),
    Pair(
        "high_pass",
        {
            "audiomentations HighPassFilter (zero phase)": _filter("HighPassFilter"),
            "pedalboard HighpassFilter × 4": board(
                lambda p, s: _four_poles(p, "HighpassFilter", s.params["cutoff_hz"])
            ),
        },
        "as low_pass",
    ),
    Pair("telephone_band", {"audiomentations BandPassFilter (zero phase)": audiomentation(_band_pass)}),
    Pair(
        "mp3",
        {
            "audiomentations Mp3Compression": audiomentation(
                _same("Mp3Compression:bitrate", lambda s: round(s.strength))
            ),
            "pedalboard MP3Compressor (VBR 9)": board(lambda p, s: p.MP3Compressor(9.0)),
        },
        "pedalboard's has no constant bit rate: V9 comes to about 65 kbps",
        frozenset({"pedalboard MP3Compressor (VBR 9)"}),
    ),
    Pair(
        "gsm",
        {"pedalboard GSMFullRateCompressor": board(lambda p, s: p.GSMFullRateCompressor())},
        "at the level with the codec's own clock of 8 kHz",
        levels=(5,),
    ),
    Pair(
        "reverb",
        {
            "pedalboard Convolution": board(lambda p, s: p.Convolution(_room(s), mix=1.0, sample_rate=s.rate)),
            "audiomentations ApplyImpulseResponse": audiomentation(_room_file),
            "pedalboard Reverb": board(lambda p, s: p.Reverb(room_size=0.7)),
        },
        "theirs convolve with a room made before the clock started, ours makes it; pedalboard's Reverb has no RT60",
        frozenset({"pedalboard Reverb"}),
    ),
    Pair("echo", {"pedalboard Delay": board(_delay)}),
    Pair("comb_filter", {"pedalboard Delay": board(_delay)}),
    Pair(
        "compression",
        {
            "pedalboard Compressor": board(
                lambda p, s: p.Compressor(s.params.get("threshold_db", -30.0), 4.0, 5.0, 100.0)
            )
        },
        "ours finds the ratio that the clip needs; theirs is 4:1 at the same threshold",
    ),
    Pair(
        "limiter",
        {
            "audiomentations Limiter": audiomentation(
                lambda a, s: a.Limiter(
                    min_threshold_db=-s.strength,
                    max_threshold_db=-s.strength,
                    min_attack=0.005,
                    max_attack=0.005,
                    min_release=0.1,
                    max_release=0.1,
                    p=1.0,
                )
            ),
            "pedalboard Limiter": board(lambda p, s: p.Limiter(_threshold_db(s), 100.0)),
        },
        "pedalboard's Limiter raises the level again and does not look ahead",
    ),
    Pair(
        "dropouts",
        {"audiomentations TimeMask": audiomentation(_one_gap)},
        "TimeMask silences one stretch as long as all our packets together: another damage, shown beside",
        frozenset({"audiomentations TimeMask"}),
    ),
    Pair(
        "gain",
        {
            "audiomentations Gain": audiomentation(_same("Gain:gain_db", lambda s: s.params["gain_db"])),
            "pedalboard Gain": board(lambda p, s: p.Gain(s.params["gain_db"])),
        },
    ),
    Pair(
        "polarity",
        {
            "audiomentations PolarityInversion": audiomentation(lambda a, s: a.PolarityInversion(p=1.0)),
            "pedalboard Invert": board(lambda p, s: p.Invert()),
        },
        "at the level that turns every sample over",
        levels=(5,),
    ),
    Pair(
        "resampling",
        {
            "pedalboard Resample (32-point sinc)": board(
                lambda p, s: p.Resample(s.params["rate_hz"], p.Resample.Quality.WindowedSinc32)
            ),
            "audiomentations Resample (one way)": audiomentation(
                _same("Resample:sample_rate", lambda s: s.params["rate_hz"])
            ),
        },
        "audiomentations resamples one way and leaves the clip at another rate; ours is libsoxr at its best",
        frozenset({"audiomentations Resample (one way)"}),
    ),
    Pair(
        "tempo_change",
        {
            "audiomentations TimeStretch": audiomentation(
                _same("TimeStretch:rate", _tempo, leave_length_unchanged=False)
            ),
            "pedalboard time_stretch": _pedalboard_stretch,
        },
    ),
    Pair(
        "pitch_shift",
        {
            "audiomentations PitchShift": audiomentation(
                _same("PitchShift:semitones", lambda s: s.params["semitones"])
            ),
            "pedalboard PitchShift": board(lambda p, s: p.PitchShift(s.params["semitones"])),
        },
    ),
)

NOT_COMPARED = {
    "Reverse, RepeatPart": "ours reverse and repeat whole bars and beats of a clip, theirs the clip or any part",
    "Chorus, Phaser, Shift, shelving and peaking filters": "no such damage here",
}
