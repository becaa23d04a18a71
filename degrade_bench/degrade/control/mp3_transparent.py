"""MP3 at bit rates that listeners hold to be transparent."""

from __future__ import annotations

from degrade_bench.degrade.base import Degradation, Group
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.signal.mp3 import Mp3


class Mp3Transparent(Mp3):
    """The MP3 degradation at its five highest bit rates, as a control."""

    name = "mp3_transparent"
    group: Group = "control"
    family = "codec"
    default_ladder = Ladder((320.0, 256.0, 224.0, 192.0, 160.0), "kbps")
    summary = "codes as MP3 at 320 to 160 kbps, held to be transparent"

    def make_placebo(self) -> Degradation | None:
        """A control has none."""
        return None
