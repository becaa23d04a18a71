"""Every degradation by name. One line here registers one.

Third-party packages register theirs under the entry-point group ``degrade_bench.degradations``: a class
that derives from :class:`~degrade_bench.degrade.base.Degradation` and can be made without arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from degrade_bench._support.registry import Registry
from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.errors import ConfigError, DegradeBenchError, UnknownNameError

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
    "high_pass": "signal.high_pass:HighPass",
    "telephone_band": "signal.telephone_band:TelephoneBand",
    "spectral_holes": "signal.spectral_holes:SpectralHoles",
    "birdies": "signal.birdies:Birdies",
    # signal: codec
    "mp3": "signal.mp3:Mp3",
    "vorbis": "signal.vorbis:Vorbis",
    "gsm": "signal.gsm:Gsm",
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
    "phase_scrambling": "signal.phase_scrambling:PhaseScrambling",
    "mel_inversion": "signal.mel_inversion:MelInversion",
    # signal: stereo
    "stereo_collapse": "signal.stereo_image:StereoCollapse",
    "channel_imbalance": "signal.stereo_image:ChannelImbalance",
    # signal: chain
    "live_recording": "signal.real_world:LiveRecording",
    "radio_broadcast": "signal.real_world:RadioBroadcast",
    "smartphone_recording": "signal.real_world:SmartphoneRecording",
    "vinyl": "signal.real_world:Vinyl",
    "strong_mp3": "signal.real_world:StrongMp3",
    # structural: order
    "bar_shuffle": "structural.shuffle:BarShuffle",
    "beat_shuffle": "structural.shuffle:BeatShuffle",
    "section_swap": "structural.section_swap:SectionSwap",
    "phrase_jump": "structural.phrase_jump:PhraseJump",
    "stuck_loop": "structural.stuck_loop:StuckLoop",
    "missing_beats": "structural.missing_beats:MissingBeats",
    "reversed_bars": "structural.reversed_bars:ReversedBars",
    "foreign_bars": "structural.foreign_bars:ForeignBars",
    # structural: tempo
    "tempo_change": "structural.tempo_change:TempoChange",
    "accelerando": "structural.smooth_tempo:Accelerando",
    "rubato": "structural.smooth_tempo:Rubato",
    "tempo_jitter": "structural.tempo_jitter:TempoJitter",
    "swing_warp": "structural.swing_warp:SwingWarp",
    # structural: pitch
    "pitch_shift": "structural.pitch_shift:PitchShift",
    "detune_drift": "structural.detune_drift:DetuneDrift",
    "key_break": "structural.key_break:KeyBreak",
    "layer_mistuning": "structural.layer_mistuning:LayerMistuning",
    # structural: layers
    "layer_offset": "structural.layer_offset:LayerOffset",
    "stem_offset": "structural.layer_offset:StemOffset",
    "stem_transposition": "structural.stem_transposition:StemTransposition",
    "stem_swap": "structural.stem_swap:StemSwap",
    # structural: repetition
    "monotony": "structural.monotony:Monotony",
    "density_thinning": "structural.density_thinning:DensityThinning",
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

_REPRODUCED: dict[str, str] = {
    # suite muq-eval-paper
    "paper_noise": "reproduction.muq_eval_paper:PaperNoise",
    "paper_lowpass_noise": "reproduction.muq_eval_paper:PaperLowpassNoise",
    "paper_varispeed_pitch": "reproduction.muq_eval_paper:PaperVarispeedPitch",
    "paper_varispeed_tempo": "reproduction.muq_eval_paper:PaperVarispeedTempo",
    # suite pmqd
    "pmqd_waveshaper": "reproduction.pmqd:PmqdWaveshaper",
    "pmqd_limiter": "reproduction.pmqd:PmqdLimiter",
    "pmqd_low_pass": "reproduction.pmqd:PmqdLowPass",
    "pmqd_noise": "reproduction.pmqd:PmqdNoise",
}
for _name, _path in _REPRODUCED.items():
    REPRODUCTIONS.register(_name, f"degrade_bench.degrade.{_path}")

SYMBOLIC: Registry[type[Degradation]] = Registry("degradation")
"""Damage and controls of notes, for clips that have any. They are the suite ``symbolic``, and no part of the suites
of groups; listings show them, and :func:`get` knows them."""

_SYMBOLIC: dict[str, str] = {
    # harmony
    "wrong_notes": "harmony:WrongNotes",
    "wrong_scale_notes": "harmony:WrongScaleNotes",
    "wrong_chords": "harmony:WrongChords",
    "other_key_part": "harmony:OtherKeyPart",
    "other_key_bars": "harmony:OtherKeyBars",
    "wrong_bass": "harmony:WrongBass",
    # melody
    "melody_shuffle": "melody:MelodyShuffle",
    "interval_scaling": "melody:IntervalScaling",
    "octave_leaps": "melody:OctaveLeaps",
    # rhythm
    "onset_shuffle": "rhythm:OnsetShuffle",
    "part_offset": "rhythm:PartOffset",
    "ensemble_spread": "rhythm:EnsembleSpread",
    "length_scatter": "rhythm:LengthScatter",
    # texture and expression
    "missing_parts": "texture:MissingParts",
    "missing_notes": "texture:MissingNotes",
    "added_notes": "texture:AddedNotes",
    "flat_dynamics": "texture:FlatDynamics",
    "scrambled_dynamics": "texture:ScrambledDynamics",
    # twins of audio damage: order, repetition, tempo, pitch
    "symbolic_bar_shuffle": "twins:SymbolicBarShuffle",
    "symbolic_beat_shuffle": "twins:SymbolicBeatShuffle",
    "symbolic_section_swap": "twins:SymbolicSectionSwap",
    "symbolic_phrase_jump": "twins:SymbolicPhraseJump",
    "symbolic_stuck_loop": "twins:SymbolicStuckLoop",
    "symbolic_missing_beats": "twins:SymbolicMissingBeats",
    "symbolic_reversed_bars": "twins:SymbolicReversedBars",
    "symbolic_monotony": "twins:SymbolicMonotony",
    "symbolic_foreign_bars": "foreign:SymbolicForeignBars",
    "symbolic_foreign_bars_own_sound": "foreign:ForeignBarsOwnSound",
    "symbolic_tempo_change": "twins:SymbolicTempoChange",
    "symbolic_accelerando": "twins:SymbolicAccelerando",
    "symbolic_rubato": "twins:SymbolicRubato",
    "symbolic_tempo_jitter": "twins:SymbolicTempoJitter",
    "symbolic_swing_warp": "twins:SymbolicSwingWarp",
    "symbolic_key_break": "twins:SymbolicKeyBreak",
    "transposition": "twins:Transposition",
    # controls
    "another_take": "controls:AnotherTake",
    "earlier_notes": "controls:Earlier",
    "semitone_up": "controls:SemitoneUp",
    "other_instruments": "controls:OtherInstruments",
}
for _name, _path in _SYMBOLIC.items():
    SYMBOLIC.register(_name, f"degrade_bench.degrade.symbolic.{_path}")

PLACEBO_SUFFIX = "_placebo"


def get(name: str) -> Degradation:
    """The degradation of that name, or the placebo of one where the name ends in ``_placebo``.

    Raises:
        UnknownNameError: says which names are near.
        ConfigError: a plug-in that cannot be imported, or that is no degradation.
    """
    for apart in (REPRODUCTIONS, SYMBOLIC):
        if name in apart:
            return apart.get(name)()
    if name not in REGISTRY and name.endswith(PLACEBO_SUFFIX):
        parent_name = name.removesuffix(PLACEBO_SUFFIX)
        if is_known(parent_name):
            placebo = get(parent_name).placebo
            if placebo is not None:
                return placebo
            reproduces = parent_name in REPRODUCTIONS
            why = "what reproduces a study has no placebo" if reproduces else "a control has no placebo"
            raise UnknownNameError("degradation", name, REGISTRY.names(), why)
    return _made(name, REGISTRY.get(name))


def is_known(name: str) -> bool:
    """Whether there is a degradation of that name, placebos aside."""
    return name in every_name()


def every_name() -> list[str]:
    """Every name that :func:`get` knows, placebos aside."""
    return [name for registry in (REGISTRY, REPRODUCTIONS, SYMBOLIC) for name in registry.names()]


def symbolic() -> list[Degradation]:
    """Damage and controls of notes."""
    return [get(name) for name in SYMBOLIC.names()]


def _made(name: str, kind: Any) -> Degradation:
    """A degradation of a registered class. A third party's may be anything, so it is looked at first."""
    try:
        degradation: Degradation = kind()
    except Exception as error:  # whatever a third party's constructor raises
        raise ConfigError(f"degradation {name!r} cannot be made: {type(error).__name__}: {error}") from error
    if name in _BUILT_IN:
        return degradation
    checked(degradation)
    if degradation.name != name:
        raise ConfigError(f"degradation {name!r} calls itself {degradation.name!r}; the two must be one name")
    return degradation


def checked(candidate: Any) -> Degradation:
    """The object itself, if it is a degradation that can be listed, run and kept in a score table.

    Raises:
        ConfigError: it is not; says what it lacks.
    """
    if not isinstance(candidate, Degradation):
        hint = "; make an object of the class" if isinstance(candidate, type) else ""
        raise ConfigError(f"expected a Degradation object or the name of one, got {candidate!r}{hint}")
    try:
        described = candidate.describe()
    except Exception as error:  # an attribute that was never set, a placebo that cannot be made
        raise ConfigError(f"{type(candidate).__name__} cannot be described: {error}") from error
    if not described["name"] or described["name"] == "clean":
        raise ConfigError(f"{type(candidate).__name__} needs a name of its own, got {described['name']!r}")
    if described["group"] not in get_args(Group):
        groups = ", ".join(get_args(Group))
        raise ConfigError(
            f"degradation {candidate.name!r}: group must be one of {groups}, got {described['group']!r}"
        )
    return candidate


def names() -> list[str]:
    """Every registered name; placebos are reached through their degradation."""
    return REGISTRY.names()


@dataclass(frozen=True)
class Broken:
    """A plug-in that cannot be used, and why."""

    name: str
    reason: str


def usable() -> tuple[list[Degradation], list[Broken]]:
    """Every registered degradation, and the plug-ins of third parties that cannot be used.

    What is built in must work: its errors are raised.
    """
    made, broken = [], []
    for name in names():
        try:
            made.append(get(name))
        except DegradeBenchError as error:
            if name in _BUILT_IN:
                raise
            broken.append(Broken(name, str(error)))
    return made, broken
