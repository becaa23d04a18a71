"""Every degradation by name. One line here registers one.

Third-party packages register theirs under the entry-point group ``degrade_bench.degradations``: a class
that derives from :class:`~degrade_bench.degrade.base.Degradation` and can be made without arguments.
"""

from __future__ import annotations

from degrade_bench.degrade.base import Degradation
from degrade_bench.errors import UnknownNameError
from degrade_bench.registry import Registry

REGISTRY: Registry[type[Degradation]] = Registry("degradation", "degrade_bench.degradations")

_BUILT_IN = {
    # signal: noise
    "white_noise": "signal.white_noise:WhiteNoise",
    "pink_noise": "signal.coloured_noise:PinkNoise",
    "brown_noise": "signal.coloured_noise:BrownNoise",
    "hum": "signal.hum:Hum",
    "crackle": "signal.crackle:Crackle",
    "clicks": "signal.clicks:Clicks",
    # signal: clipping
    "hard_clipping": "signal.hard_clipping:HardClipping",
    "soft_clipping": "signal.soft_clipping:SoftClipping",
    "percentile_clipping": "signal.percentile_clipping:PercentileClipping",
    # signal: resolution
    "bit_depth": "signal.bit_depth:BitDepth",
    "aliasing": "signal.aliasing:Aliasing",
    # signal: bandwidth
    "low_pass": "signal.low_pass:LowPass",
    # signal: codec
    "mp3": "signal.mp3:Mp3",
    # signal: space
    "reverb": "signal.reverb:Reverb",
    "echo": "signal.echo:Echo",
    "comb_filter": "signal.comb_filter:CombFilter",
    # signal: dynamics
    "compression": "signal.compression:Compression",
    "limiter": "signal.limiter:Limiter",
    "level_wobble": "signal.level_wobble:LevelWobble",
    # signal: local
    "dropouts": "signal.dropouts:Dropouts",
    "concealed_dropouts": "signal.concealed_dropouts:ConcealedDropouts",
    "noise_burst": "signal.noise_burst:NoiseBurst",
    # signal: speed
    "wow": "signal.wow_flutter:Wow",
    "flutter": "signal.wow_flutter:Flutter",
    "sample_rate_drift": "signal.speed:SampleRateDrift",
    "speed_change": "signal.speed:SpeedChange",
    # signal: phase
    # signal: stereo
    # signal: chain
    "live_recording": "signal.real_world:LiveRecording",
    "radio_broadcast": "signal.real_world:RadioBroadcast",
    "smartphone_recording": "signal.real_world:SmartphoneRecording",
    "vinyl": "signal.real_world:Vinyl",
    "strong_mp3": "signal.real_world:StrongMp3",
    # structural: order
    "bar_shuffle": "structural.shuffle:BarShuffle",
    "beat_shuffle": "structural.shuffle:BeatShuffle",
    # structural: tempo
    "tempo_change": "structural.tempo_change:TempoChange",
    "tempo_jitter": "structural.tempo_jitter:TempoJitter",
    # structural: pitch
    "key_break": "structural.key_break:KeyBreak",
    # structural: layers
    # structural: repetition
    # control
    "gain": "control.gain:Gain",
    "polarity": "control.polarity:Polarity",
    "resampling": "control.resampling:Resampling",
    "crop_offset": "control.crop_offset:CropOffset",
    "mp3_transparent": "control.mp3_transparent:Mp3Transparent",
    "dither": "control.dither:Dither",
    "subsonic_filter": "control.subsonic_filter:SubsonicFilter",
    "fractional_delay": "control.fractional_delay:FractionalDelay",
}
for _name, _path in _BUILT_IN.items():
    REGISTRY.register(_name, f"degrade_bench.degrade.{_path}")

REPRODUCTIONS: Registry[type[Degradation]] = Registry("degradation")
"""Other studies' damages as their code makes them, confounds included. They belong to suites of their own and are
left out of listings and of the group suites; :func:`get` knows them."""

_REPRODUCED: dict[str, str] = {}
for _name, _path in _REPRODUCED.items():
    REPRODUCTIONS.register(_name, f"degrade_bench.degrade.{_path}")

PLACEBO_SUFFIX = "_placebo"


def get(name: str) -> Degradation:
    """The degradation of that name, or the placebo of one where the name ends in ``_placebo``.

    Raises:
        UnknownNameError: says which names are near.
    """
    if name in REPRODUCTIONS:
        return REPRODUCTIONS.get(name)()
    if name not in REGISTRY and name.endswith(PLACEBO_SUFFIX):
        parent_name = name.removesuffix(PLACEBO_SUFFIX)
        if parent_name in REGISTRY or parent_name in REPRODUCTIONS:
            placebo = get(parent_name).placebo
            if placebo is not None:
                return placebo
            raise UnknownNameError("degradation", name, REGISTRY.names(), "a control has no placebo")
    return REGISTRY.get(name)()


def names() -> list[str]:
    """Every registered name; placebos are reached through their degradation."""
    return REGISTRY.names()
