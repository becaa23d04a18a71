"""What was decided about one application of a degradation, and what came of it.

A degradation's ``draw`` answers with a :class:`Drawn`. With the clip, the level and the gain that matches loudness
it becomes a :class:`Plan`, which goes to JSON and back and replays the application exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from degrade_bench.clip import Annotations, Clip, TimeMap
from degrade_bench.errors import PlanError


@dataclass(frozen=True)
class Drawn:
    """What ``draw`` decided.

    Attributes:
        params: everything that ``damage`` needs beside the samples; JSON types only.
        time_map: how musical time moved, where it moved; None where every event stayed in its place.
        annotations: what is true of the music afterwards, where that is more than the time map says: the key after
            a transposition, the chords after bars changed places. None where they stay, or only move in time.
        achieved: the strength that this application has by construction (a share of bars, say), for
            degradations whose ``measure`` cannot read it off the samples.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    time_map: TimeMap | None = None
    achieved: float | None = None
    annotations: Annotations | None = None

    def annotations_after(self, before: Annotations) -> Annotations:
        """What is true of the music after the damage."""
        return _annotations_after(before, self.time_map, self.annotations)


@dataclass(frozen=True)
class Plan:
    """Everything random or measured about one application: enough to replay it exactly.

    Attributes:
        degradation, version: what was drawn.
        level, strength, unit: how much; level 0 has strength None.
        clip_hash, sample_rate: the samples that it was drawn for.
        params: the decisions, as ``draw`` made them.
        gain_db: the gain that matches the output's integrated loudness to the clean clip's.
        time_map: how musical time moved, or None.
        achieved: the strength achieved by construction, or None.
        annotations: what is true of the music afterwards, or None: as of :class:`Drawn`.
    """

    degradation: str
    version: str
    level: int
    strength: float | None
    unit: str
    clip_hash: str
    sample_rate: int
    params: Mapping[str, Any] = field(default_factory=dict)
    gain_db: float = 0.0
    time_map: TimeMap | None = None
    achieved: float | None = None
    annotations: Annotations | None = None

    def annotations_after(self, before: Annotations) -> Annotations:
        """What is true of the music after the damage."""
        return _annotations_after(before, self.time_map, self.annotations)

    def to_json(self) -> str:
        """The plan as one JSON object. Floats keep every digit."""
        record = asdict(self)
        record["time_map"] = None if self.time_map is None else [list(p) for p in self.time_map.points]
        return json.dumps(record, sort_keys=True, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read a plan that :meth:`to_json` wrote.

        Raises:
            PlanError: the text is not such a plan.
        """
        try:
            record = json.loads(text)
            points = record.pop("time_map")
            time_map = None if points is None else TimeMap(tuple((p[0], p[1]) for p in points))
            after = record.pop("annotations")
            annotations = None if after is None else Annotations.from_record(after)
            return cls(**record, time_map=time_map, annotations=annotations)
        except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise PlanError(f"not a plan in JSON: {error}") from error


@dataclass(frozen=True, eq=False)
class Rendered:
    """A degraded clip and the plan that made it."""

    clip: Clip
    plan: Plan


def _annotations_after(before: Annotations, time_map: TimeMap | None, after: Annotations | None) -> Annotations:
    if after is not None:
        return after
    return before if time_map is None else before.warp(time_map)
