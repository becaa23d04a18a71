"""How many recordings a verdict takes at the least, whatever the scores: what the exact tests can reach.

Signs of n recordings give no one-sided p under 2⁻ⁿ. Each damage's p is corrected for how many damages there are,
and most of a damage's level of test is its top level's; that bounds from how many recordings on a damage can be
called heard. That one is not heard asks for as many as do not miss an effect in a fifth of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from degrade_bench._support.numbers import counted, number
from degrade_bench.analysis.options import AnalysisOptions


def reachable(recordings: int, level: float, rules: int) -> bool:
    """Whether the signs of so many recordings can give a p under a level.

    Args:
        recordings: independent ones.
        level: of the test.
        rules: 2, whose tests are one-sided, or 1.
    """
    return recordings >= 2 and 2.0 ** ((1 if rules == 1 else 0) - recordings) < level


@dataclass(frozen=True)
class Fewest:
    """How many recordings it takes at the least.

    Attributes:
        anything: for any verdict at all.
        heard: for the verdict that a damage is heard, if the damages' tests do not hang together.
        blind: for the verdict that one is not heard.
    """

    anything: int
    heard: int
    blind: int

    @classmethod
    def of(cls, damages: int, levels: int, options: AnalysisOptions, share: float = 1.0) -> Fewest:
        """For a run.

        Args:
            damages: that are tested.
            levels: of a damage.
            options: thresholds.
            share: of every level of test that this look at the scores has.

        >>> Fewest.of(10, 5, AnalysisOptions())
        Fewest(anything=6, heard=8, blind=14)
        """
        from degrade_bench.analysis.claims import level_weights
        from degrade_bench.analysis.rules.second import fewest_to_exclude

        alpha = options.alpha * share
        weight = 1.0 if options.rules == 1 else float(level_weights(levels)[-1])
        heard = options.min_tracks
        while not reachable(heard, alpha / max(1, damages) * weight, options.rules):
            heard += 1
        blind = options.min_tracks
        if options.rules != 1:
            blind = max(blind, fewest_to_exclude(alpha))
        return cls(options.min_tracks, heard, blind)

    def settles(self, recordings: int) -> bool:
        """Whether so many recordings can show that a damage is heard."""
        return recordings >= self.heard

    def too_few(self, recordings: int, damages: int) -> str | None:
        """That so many recordings are too few for a verdict, and how many it takes; None where they may suffice.

        Args:
            recordings: that there are.
            damages: that are tested.

        >>> Fewest(6, 8, 14).too_few(4, 10)
        '4 recordings × 10 damages: no verdict is possible; it takes 8 to hear anything, 14 to call it blind'
        """
        if recordings >= max(self.heard, self.blind):
            return None
        if recordings < self.anything:
            what = "no verdict is possible"
        elif not self.settles(recordings):
            what = "hardly any verdict is possible"
        else:
            what = "nothing can be called blind"
        needs = [] if self.settles(recordings) else [f"{number(self.heard)} to hear anything"]
        if recordings < self.blind:
            needs.append(number(self.blind) if not needs else f"{number(self.blind)} to call it blind")
        said = f"{counted(recordings, 'recording')} × {counted(damages, 'damage')}"
        return f"{said}: {what}; it takes {', '.join(needs)}"
