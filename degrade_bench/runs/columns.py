"""The score table: one row per cell and metric.

The table is all that ``analysis`` reads, so it holds everything that a conclusion needs. Its columns:

* ``clip_id, clip_hash, clip_group, track``: which music; ``clip_group`` is the manifest's group (a genre),
  ``track`` the recording that the clip was cut from.
* ``group, family, degradation, version, level, strength, unit, achieved``: which damage and how much.
  A clean row has ``"clean"`` in the first three and level 0.
* ``role``: ``clean``, ``test``, ``placebo`` or ``control``; ``placebo_of``: for a placebo, its degradation.
  A placebo with the single level 1 while its degradation has more stands beside every level.
* ``replicate, seed``: which draw.
* ``metric, fingerprint, score, higher_is_better, needs_reference``: what was heard. ``score`` is null unless
  ``status`` is ``ok``; a metric may give infinity.
* ``nuisance``: whether the row counts towards the metric's nuisance floor: it is a control's, and not one that the
  metric is meant to hear. Null in tables of earlier versions, where every control counts.
* ``status``: ``ok``, ``not-applicable`` or ``failed``; ``error``: the reason where it is not ``ok``.
* ``seconds``: time spent on the row: its share of rendering and scoring.
* ``window_scores``: for a metric that scores window after window, the scores whose mean ``score`` is, in the order
  of the music; null for every other metric, and where there is no score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

ROLES = ("clean", "test", "placebo", "control")
STATUSES = ("ok", "not-applicable", "failed")

SCHEMA = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("clip_hash", pa.string(), nullable=False),
        pa.field("clip_group", pa.string()),
        pa.field("track", pa.string(), nullable=False),
        pa.field("group", pa.string(), nullable=False),
        pa.field("family", pa.string(), nullable=False),
        pa.field("degradation", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("level", pa.int16(), nullable=False),
        pa.field("strength", pa.float64()),
        pa.field("unit", pa.string()),
        pa.field("achieved", pa.float64()),
        pa.field("role", pa.string(), nullable=False),
        pa.field("placebo_of", pa.string()),
        pa.field("replicate", pa.int32(), nullable=False),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("fingerprint", pa.string(), nullable=False),
        pa.field("score", pa.float64()),
        pa.field("higher_is_better", pa.bool_(), nullable=False),
        pa.field("needs_reference", pa.bool_(), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("error", pa.string()),
        pa.field("seconds", pa.float64(), nullable=False),
        pa.field("window_scores", pa.list_(pa.field("element", pa.float64()))),
        pa.field("nuisance", pa.bool_()),
    ]
)

ADDED = ("window_scores", "nuisance")
"""Columns that tables of earlier versions lack; they are null there."""

KEY = ("clip_id", "degradation", "level", "replicate", "metric")
"""What makes a row unique."""


@dataclass(frozen=True)
class Row:
    """One row of the score table; the fields are the columns, in their order."""

    clip_id: str
    clip_hash: str
    clip_group: str | None
    track: str
    group: str
    family: str
    degradation: str
    version: str
    level: int
    strength: float | None
    unit: str | None
    achieved: float | None
    role: str
    placebo_of: str | None
    replicate: int
    seed: int
    metric: str
    fingerprint: str
    score: float | None
    higher_is_better: bool
    needs_reference: bool
    status: str
    error: str | None
    seconds: float
    window_scores: tuple[float, ...] | None = None
    nuisance: bool | None = None


def to_table(rows: list[Row]) -> pa.Table:
    """Rows as an Arrow table with :data:`SCHEMA`."""
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in rows] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)


def up_to_date(table: pa.Table) -> pa.Table | None:
    """A stored table with :data:`SCHEMA`; columns that its version did not have yet are null.

    Returns:
        None where it is no score table: a column is missing that was always there, or one is strange, or of
        another type.
    """
    for name in ADDED:
        if name not in table.schema.names:
            table = table.append_column(SCHEMA.field(name), pa.nulls(table.num_rows, SCHEMA.field(name).type))
    if set(table.schema.names) != set(SCHEMA.names) or len(table.schema.names) != len(SCHEMA.names):
        return None
    try:
        return table.select(SCHEMA.names).cast(SCHEMA)
    except (pa.ArrowException, ValueError):
        return None
