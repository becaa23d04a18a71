"""What audiomentations and pedalboard have of the same kind, set to the same parameters.

Each pair names one of our degradations and makes, from a clip and the plan drawn for it, the peers' calls
(:mod:`degrading.settings`).
"""

from __future__ import annotations

import math

from degrading.settings import (
    Pair,
    audiomentation,
    band_pass,
    board,
    channel_by_channel,
    coloured_noise,
    delayed_copy,
    fixed,
    four_poles,
    one_gap,
    pedalboard_stretch,
    room_file,
    room_response,
    stretch_rate,
    threshold_db,
    zero_phase_filter,
)

PAIRS = (
    Pair(
        "white_noise",
        {"audiomentations AddGaussianSNR": audiomentation(fixed("AddGaussianSNR:snr_db", lambda s: s.strength))},
        "their SNR is against mean power, ours against the active level; our noise is made again from a seed",
    ),
    Pair("pink_noise", {"audiomentations AddColorNoise": coloured_noise(-3.01)}),
    Pair("brown_noise", {"audiomentations AddColorNoise": coloured_noise(-6.02)}),
    Pair(
        "percentile_clipping",
        {
            "audiomentations ClippingDistortion": audiomentation(
                fixed("ClippingDistortion:percentile_threshold", lambda s: round(s.strength))
            )
        },
        "they clip each side at a percentile of its own, we both at one threshold",
    ),
    Pair(
        "hard_clipping",
        {
            "pedalboard Clipping": board(lambda p, s: p.Clipping(threshold_db=threshold_db(s))),
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
            "audiomentations TanhDistortion": audiomentation(fixed("TanhDistortion:distortion", lambda s: 0.2)),
        },
        "TanhDistortion sets its drive by a percentile and restores the RMS",
    ),
    Pair(
        "bit_depth",
        {
            "audiomentations BitCrush": audiomentation(fixed("BitCrush:bit_depth", lambda s: round(s.strength))),
            "pedalboard Bitcrush": board(lambda p, s: p.Bitcrush(bit_depth=s.strength)),
        },
        "their codes lie between ±1, ours between the clip's peaks",
    ),
    Pair(
        "aliasing",
        {
            "audiomentations Aliasing": audiomentation(
                fixed("Aliasing:sample_rate", lambda s: s.params["rate_hz"])
            ),
            "pedalboard Resample (linear)": board(
                lambda p, s: p.Resample(s.params["rate_hz"], p.Resample.Quality.Linear)
            ),
        },
    ),
    Pair(
        "low_pass",
        {
            "audiomentations LowPassFilter (zero phase)": zero_phase_filter("LowPassFilter"),
            "pedalboard LowpassFilter × 4": board(
                lambda p, s: four_poles(p, "LowpassFilter", s.params["cutoff_hz"])
            ),
        },
        "pedalboard's filter is causal: it shifts phases, and four poles droop by 12 dB at the cutoff",
    ),
    Pair(
        "high_pass",
        {
            "audiomentations HighPassFilter (zero phase)": zero_phase_filter("HighPassFilter"),
            "pedalboard HighpassFilter × 4": board(
                lambda p, s: four_poles(p, "HighpassFilter", s.params["cutoff_hz"])
            ),
        },
        "as low_pass",
    ),
    Pair("telephone_band", {"audiomentations BandPassFilter (zero phase)": audiomentation(band_pass)}),
    Pair(
        "mp3",
        {
            "audiomentations Mp3Compression": audiomentation(
                fixed("Mp3Compression:bitrate", lambda s: round(s.strength))
            ),
            "pedalboard MP3Compressor (VBR 9)": board(lambda p, s: p.MP3Compressor(9.0)),
        },
        "pedalboard's has no constant bit rate: V9 comes to about 65 kbps",
        frozenset({"pedalboard MP3Compressor (VBR 9)"}),
    ),
    Pair(
        "gsm",
        {"pedalboard GSMFullRateCompressor": channel_by_channel(board(lambda p, s: p.GSMFullRateCompressor()))},
        "at the level with the codec's own clock of 8 kHz; pedalboard's mixes all channels into one and codes "
        "that, so it is called for a channel at a time, as ours codes them",
        levels=(5,),
    ),
    Pair(
        "reverb",
        {
            "pedalboard Convolution": board(
                lambda p, s: p.Convolution(room_response(s), mix=1.0, sample_rate=s.rate)
            ),
            "audiomentations ApplyImpulseResponse": audiomentation(room_file),
            "pedalboard Reverb": board(lambda p, s: p.Reverb(room_size=0.7)),
        },
        "theirs convolve with a room made before the clock started, ours makes it; pedalboard's Reverb has no RT60",
        frozenset({"pedalboard Reverb"}),
    ),
    Pair("echo", {"pedalboard Delay": board(delayed_copy)}),
    Pair("comb_filter", {"pedalboard Delay": board(delayed_copy)}),
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
            "pedalboard Limiter": board(lambda p, s: p.Limiter(threshold_db(s), 100.0)),
        },
        "pedalboard's Limiter raises the level again and does not look ahead",
    ),
    Pair(
        "dropouts",
        {"audiomentations TimeMask": audiomentation(one_gap)},
        "TimeMask silences one stretch as long as all our packets together: another damage, shown beside",
        frozenset({"audiomentations TimeMask"}),
    ),
    Pair(
        "gain",
        {
            "audiomentations Gain": audiomentation(fixed("Gain:gain_db", lambda s: s.params["gain_db"])),
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
                fixed("Resample:sample_rate", lambda s: s.params["rate_hz"])
            ),
        },
        "audiomentations resamples one way and leaves the clip at another rate; ours is libsoxr at its best",
        frozenset({"audiomentations Resample (one way)"}),
    ),
    Pair(
        "tempo_change",
        {
            "audiomentations TimeStretch": audiomentation(
                fixed("TimeStretch:rate", stretch_rate, leave_length_unchanged=False)
            ),
            "pedalboard time_stretch": pedalboard_stretch,
        },
    ),
    Pair(
        "pitch_shift",
        {
            "audiomentations PitchShift": audiomentation(
                fixed("PitchShift:semitones", lambda s: s.params["semitones"])
            ),
            "pedalboard PitchShift": board(lambda p, s: p.PitchShift(s.params["semitones"])),
        },
    ),
)

NOT_COMPARED = {
    "Reverse, RepeatPart": "ours reverse and repeat whole bars and beats of a clip, theirs the clip or any part",
    "Chorus, Phaser, Shift, shelving and peaking filters": "no such damage here",
}
