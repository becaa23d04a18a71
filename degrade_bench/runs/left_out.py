"""What ``run.json`` says of what is not in the table, and why."""

from __future__ import annotations

from degrade_bench.runs.part import Part


class LeftOutClip(Part):
    """A clip that could not be used, and why."""

    id: str
    reason: str


class LeftOut(Part):
    """A metric or a degradation that was left out of the run, and why.

    Attributes:
        given_up: whether it was asked for and tried, and the run went on without it.
    """

    name: str
    reason: str
    given_up: bool = False
