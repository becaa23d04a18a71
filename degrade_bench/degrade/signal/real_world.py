"""Damage as it comes in real life: chains of a room, a phone, a record, a radio, a codec.

They follow the presets with which the Audio Degradation Toolbox was published. Level 3 has its parameters, 100 %;
along the ladder every step grows with that percentage: RT60, clipped share, deviation of the speed and movement of
the gain in proportion, noise in amplitude (so its SNR falls by 6 dB per doubling).

What is different here, because nothing recorded is shipped: the toolbox's measured impulse responses are replaced
by a synthetic room (``reverb``) and, for the phone's microphone and the record player, by the edge of their band
(``low_pass``; left out where a clip has nothing above it), and its recorded dust by ``crackle``. Its compressor has
slopes of 0.6 (radio) and 0.5 (phone). On the built-in clips those move the gain of ``compression`` by 1.75 and
1.45 dB RMS in the median: so much is asked of it. The compressor's look-ahead is left out.

Source: M. Mauch and S. Ewert, "The Audio Degradation Toolbox and its application to robustness evaluation", ISMIR
2013.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from degrade_bench.degrade.base import Group
from degrade_bench.degrade.chain import Chain, Step
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.signal.coloured_noise import PinkNoise
from degrade_bench.degrade.signal.compression import Compression
from degrade_bench.degrade.signal.crackle import Crackle
from degrade_bench.degrade.signal.low_pass import LowPass
from degrade_bench.degrade.signal.mp3 import Mp3
from degrade_bench.degrade.signal.percentile_clipping import PercentileClipping
from degrade_bench.degrade.signal.reverb import Reverb
from degrade_bench.degrade.signal.speed import SpeedChange
from degrade_bench.degrade.signal.wow_flutter import Wow

TOOLBOX_LEVELS = Ladder((25.0, 50.0, 100.0, 150.0, 200.0), "% of ADT")
VINYL_HZ = 33 / 60
WOW_PEAK_PERCENT = 1.3


class RealWorld(Chain):
    """A preset of the toolbox, scaled along the ladder."""

    group: Group = "signal"
    family = "chain"
    default_ladder = TOOLBOX_LEVELS

    def scaled(self, strength: float) -> tuple[float, ...]:
        """A strength at 100 %, at each level."""
        return tuple(strength * percent / 100 for percent in self.ladder.strengths)

    def snr(self, decibels: float) -> tuple[float, ...]:
        """A signal-to-noise ratio at 100 %, at each level: the noise's amplitude is what grows."""
        return tuple(decibels - 20 * math.log10(percent / 100) for percent in self.ladder.strengths)

    def falling(self, cutoff_hz: float) -> tuple[float, ...]:
        """A cutoff at 100 %, at each level: an octave down at 400 %, an octave up at 25 %."""
        return tuple(cutoff_hz / math.sqrt(percent / 100) for percent in self.ladder.strengths)


class LiveRecording(RealWorld):
    """From the audience: a hall and pink noise."""

    name = "live_recording"
    source = "Audio Degradation Toolbox (ISMIR 2013), liveRecording: great hall, pink noise at 40 dB SNR"
    summary = "records from the audience: from the front row of a small room to the back of a large hall"

    def make_steps(self) -> Sequence[Step]:
        """A hall of 2 s, pink noise at 40 dB SNR."""
        return Step(Reverb(), self.scaled(2.0)), Step(PinkNoise(), self.snr(40.0))


class RadioBroadcast(RealWorld):
    """On the air: heavily compressed and a little too fast."""

    name = "radio_broadcast"
    source = "Audio Degradation Toolbox (ISMIR 2013), radioBroadcast: compressor with slope 0.6, 2 % faster"
    summary = "broadcasts: from a touch of compression to music that pumps and runs too fast and too high"

    def make_steps(self) -> Sequence[Step]:
        """Compression by 1.75 dB RMS, 2 % faster."""
        return Step(Compression(), self.scaled(1.75)), Step(SpeedChange(), self.scaled(-2.0))


class SmartphoneRecording(RealWorld):
    """By a phone in front of a loudspeaker: a studio, a small microphone, automatic gain, clipping, noise."""

    name = "smartphone_recording"
    source = (
        "Audio Degradation Toolbox (ISMIR 2013), smartPhoneRecording: microphone in a studio, compressor with "
        "slope 0.5, 0.3 % clipped, pink noise at 35 dB SNR"
    )
    summary = "records with a phone: from slightly dull and close to muffled, pumping and noisy"

    def make_steps(self) -> Sequence[Step]:
        """A studio of 0.3 s, a band up to 8 kHz, compression by 1.45 dB RMS, 0.3 % clipped, noise at 35 dB SNR."""
        return (
            Step(Reverb(), self.scaled(0.3)),
            Step(LowPass(), self.falling(8000.0), optional=True),
            Step(Compression(), self.scaled(1.45)),
            Step(PercentileClipping(), self.scaled(0.3)),
            Step(PinkNoise(), self.snr(35.0)),
        )


class Vinyl(RealWorld):
    """From an old record: a duller band, dust, an off-centre hole, hiss."""

    name = "vinyl"
    source = (
        "Audio Degradation Toolbox (ISMIR 2013), vinylRecording: player of 1960, dust at 40 dB SNR, wow of 1.3 % "
        "at 33/60 Hz, pink noise at 40 dB SNR"
    )
    summary = "plays from a record: from a faint tick and sway to a worn disc that wails"

    def make_steps(self) -> Sequence[Step]:
        """A band that ends at 12 kHz, crackle at 40 dB SNR, wow of 0.92 % RMS at 0.55 Hz, noise at 40 dB SNR."""
        return (
            Step(LowPass(), self.falling(12000.0), optional=True),
            Step(Crackle(), self.snr(40.0)),
            Step(Wow(rates_hz=(VINYL_HZ, VINYL_HZ)), self.scaled(WOW_PEAK_PERCENT / math.sqrt(2))),
            Step(PinkNoise(), self.snr(40.0)),
        )


class StrongMp3(Chain):
    """Coded as MP3 three times over, as what is downloaded, edited and uploaded again."""

    name = "strong_mp3"
    group: Group = "signal"
    family = "chain"
    default_ladder = Ladder((128.0, 96.0, 64.0, 48.0, 32.0), "kbps, 3 times")
    source = "Audio Degradation Toolbox (ISMIR 2013), strongMp3Compression; three generations are this project's"
    summary = "codes as MP3 three times over: from a slight dullness to warbling debris"

    def make_steps(self) -> Sequence[Step]:
        """The same bit rate three times."""
        return tuple(Step(Mp3(), self.ladder.strengths) for _ in range(3))
