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
    # signal: clipping
    "hard_clipping": "signal.hard_clipping:HardClipping",
    # signal: resolution
    # signal: bandwidth
    "low_pass": "signal.low_pass:LowPass",
    # signal: codec
    "mp3": "signal.mp3:Mp3",
    # signal: space
    # signal: dynamics
    # signal: local
    # signal: speed
    # signal: phase
    # signal: stereo
    # signal: chain
    # structural: order
    "bar_shuffle": "structural.shuffle:BarShuffle",
    "beat_shuffle": "structural.shuffle:BeatShuffle",
    "foreign_bars": "structural.foreign_bars:ForeignBars",
    # structural: tempo
    "tempo_change": "structural.tempo_change:TempoChange",
    "tempo_jitter": "structural.tempo_jitter:TempoJitter",
    # structural: pitch
    "key_break": "structural.key_break:KeyBreak",
    "layer_mistuning": "structural.layer_mistuning:LayerMistuning",
    # structural: layers
    "layer_offset": "structural.layer_offset:LayerOffset",
    "stem_offset": "structural.layer_offset:StemOffset",
    "stem_transposition": "structural.stem_transposition:StemTransposition",
    "stem_swap": "structural.stem_swap:StemSwap",
    # structural: repetition
    # control
    "gain": "control.gain:Gain",
    "polarity": "control.polarity:Polarity",
    "resampling": "control.resampling:Resampling",
    "crop_offset": "control.crop_offset:CropOffset",
    "mp3_transparent": "control.mp3_transparent:Mp3Transparent",
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
