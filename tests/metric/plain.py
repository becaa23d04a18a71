"""The least that is a metric: an object with a name, a direction and a score."""

from __future__ import annotations


class Plain:
    name = "plain"
    higher_is_better = False

    def score(self, batch, sample_rate, reference=None):
        return batch.abs().mean(dim=(1, 2))
