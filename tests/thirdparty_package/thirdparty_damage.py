"""One degradation of a third party: the one of docs/extending.md."""

from degrade_bench.degrade.base import Degradation
from degrade_bench.degrade.ladder import Ladder
from degrade_bench.degrade.placebo import FaintPlacebo
from degrade_bench.degrade.plan import Drawn


class DcOffset(Degradation):
    """Adds a constant."""

    name = "dc_offset"
    group = "signal"
    family = "offset"
    default_ladder = Ladder((0.01, 0.02, 0.05, 0.1, 0.2), "of full scale")
    source = "textbook"
    summary = "adds a constant; inaudible by itself, but it eats headroom"
    matches_loudness = False  # BS.1770 filters the constant out, there is nothing to match

    def draw(self, clip, level, strength, rng):
        """Draw the sign in the same way at every level: the ladder is nested."""
        sign = 1 if rng.random() < 0.5 else -1
        return Drawn({"offset": sign * strength})

    def damage(self, clip, params):
        """Add the constant."""
        return clip.samples + params["offset"]

    def measure(self, clean, degraded):
        """The constant that was added."""
        return float((degraded.samples - clean.samples).mean().abs())

    def make_placebo(self):
        """An offset that no converter shows."""
        return FaintPlacebo(self, 1e-5, "an offset under the last bit of 16")
