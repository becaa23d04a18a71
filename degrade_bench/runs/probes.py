"""What ``run.json`` says of a metric that was tried on generated clips before the run."""

from __future__ import annotations

from degrade_bench.runs.part import Part


class Probe(Part):
    """What was found when a metric was held to what it declares.

    Attributes:
        fingerprint: of the metric.
        warnings: what it did otherwise, a sentence each; empty where nothing was found.
        left_out: checks that were not made, with the reason.
        skipped: why it was not probed at all; None where it was.
    """

    fingerprint: str
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    skipped: str | None = None
