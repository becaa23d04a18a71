"""How audiomentations and pedalboard are set to the parameters of a drawn plan.

A peer's call is a function of a ``(channels, time)`` float32 array. A peer is made before the clock starts; what it
does with the array is timed.
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


def channel_by_channel(make: Callable[[Setting], Call]) -> Callable[[Setting], Call]:
    """The call of a peer that mixes all channels into one, on a channel at a time."""

    def call(setting: Setting) -> Call:
        one = make(setting)
        return lambda audio: np.concatenate([one(channel[None]) for channel in audio])

    return call


def _transformed(transform: Any, rate: int, audio: np.ndarray) -> np.ndarray:
    return transform(samples=audio, sample_rate=rate)


def _processed(plugin: Any, rate: int, audio: np.ndarray) -> np.ndarray:
    return plugin(audio, rate)


def coloured_noise(decay: float) -> Callable[[Setting], Call]:
    """Noise whose spectrum falls by ``-decay`` dB per octave, at the plan's SNR."""
    return audiomentation(
        lambda a, s: a.AddColorNoise(
            min_snr_db=s.strength, max_snr_db=s.strength, min_f_decay=decay, max_f_decay=decay, p=1.0
        )
    )


def four_poles(p: Any, plugin: str, cutoff_hz: float) -> Any:
    """24 dB per octave out of pedalboard's filters of 6 dB per octave.

    Args:
        p: the package pedalboard.
        plugin: ``LowpassFilter`` or ``HighpassFilter``.
        cutoff_hz: of each of the four.
    """
    return p.Pedalboard([getattr(p, plugin)(cutoff_frequency_hz=cutoff_hz) for _ in range(4)])


def band_pass(a: Any, s: Setting) -> Any:
    """The plan's band, by audiomentations' centre and share of it."""
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


def zero_phase_filter(kind: str) -> Callable[[Setting], Call]:
    """A filter of 24 dB per octave at the plan's cutoff."""
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


def room_response(setting: Setting) -> np.ndarray:
    """An impulse response as long as the room's RT60, as our room is."""
    length = round(setting.params["rt60_s"] * setting.rate)
    decay = 10 ** (-3 * np.arange(length) / length)
    response = 0.02 * np.random.default_rng(0).standard_normal((setting.clip.channels, length)) * decay
    response[:, 0] = 1.0
    return response.astype(np.float32)


def room_file(a: Any, setting: Setting) -> Any:
    """A convolution with the room's response; audiomentations reads it from a file once, and keeps it."""
    import tempfile
    from pathlib import Path

    import soundfile

    path = Path(tempfile.mkdtemp()) / "room.wav"
    soundfile.write(path, room_response(setting).T, setting.rate, subtype="FLOAT")
    transform = a.ApplyImpulseResponse(ir_path=path, p=1.0, leave_length_unchanged=True)
    transform(samples=setting.clip.samples.numpy(), sample_rate=setting.rate)  # read it before the clock starts
    path.unlink()
    path.parent.rmdir()
    return transform


def one_gap(a: Any, setting: Setting) -> Any:
    """One gap as long as all the plan's packets together."""
    packets = setting.params.get("packets")
    share = 0.02 * len(packets) / setting.clip.duration if packets else setting.strength / 100
    return a.TimeMask(min_band_part=share, max_band_part=share, fade_duration=0.0, p=1.0)


def delayed_copy(p: Any, setting: Setting) -> Any:
    """A delay with one copy, as loud relative to the direct sound as the plan has it."""
    copy_gain = setting.params["copy_gain"]
    return p.Delay(setting.params["delay_samples"] / setting.rate, feedback=0.0, mix=copy_gain / (1 + copy_gain))


def stretch_rate(setting: Setting) -> float:
    """Tempo as a share of the clean clip's: below 1 where the music gets slower."""
    return 1 - setting.strength / 100


def pedalboard_stretch(setting: Setting) -> Call:
    """Rubber Band at the plan's rate."""
    import pedalboard

    return lambda audio: pedalboard.time_stretch(audio, setting.rate, stretch_factor=stretch_rate(setting))


def threshold_db(setting: Setting) -> float:
    """The plan's threshold in dB of full scale."""
    return 20 * math.log10(setting.params["threshold"])


def fixed(name: str, value: Callable[[Setting], Any], **more: Any) -> Callable[[Any, Setting], Any]:
    """An audiomentations transform whose range is one value, so that nothing is left to chance.

    Args:
        name: transform and parameter, as ``Gain:gain_db``, for ``min_gain_db`` and ``max_gain_db`` of ``Gain``.
        value: the parameter's value at a setting.
        more: further arguments of the transform.
    """
    kind, _, quantity = name.partition(":")

    def make(a: Any, setting: Setting) -> Any:
        exact = value(setting)
        return getattr(a, kind)(**{f"min_{quantity}": exact, f"max_{quantity}": exact}, p=1.0, **more)

    return make
