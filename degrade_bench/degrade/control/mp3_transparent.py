"""MP3 at 320 kbps: a codec that listeners hold to be transparent."""

from __future__ import annotations

from degrade_bench.degrade.base import Degradation, Group, Ladder
from degrade_bench.degrade.signal.mp3 import Mp3


class Mp3Transparent(Mp3):
    """The MP3 degradation at its two highest bit rates, as a control."""

    name = "mp3_transparent"
    group: Group = "control"
    family = "codec"
    default_ladder = Ladder((320.0, 256.0), "kbps")
    summary = "codes as MP3 at 320 and 256 kbps, held to be transparent"

    def make_placebo(self) -> Degradation | None:
        """A control has none."""
        return None
