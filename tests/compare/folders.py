"""Run directories made from tables with known truth."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from degrade_bench.runs.columns import SCHEMA
from degrade_bench.runs.names import SCORES
from degrade_bench.runs.record import write_record
from degrade_bench.runs.scores import write_table
from tests.analysis.tables import Score, noisy, table
from tests.runs.records import record_of

TWO_NOISES = (
    ("hiss", "signal", "noise"),
    ("hum", "signal", "noise"),
    ("clip", "signal", "clipping"),
    ("shuffle", "structural", "order"),
)
"""Four degradations in three families of two groups: unequal sizes, so that weights matter."""


BY_RULES = "verdicts are by rules 2"
"""The last note of every comparison of runs that were concluded as any is."""


def run(folder: Path, *tables: pd.DataFrame, seed: int = 0, version: str = "0.1.0", **record: object) -> Path:
    """A finished run directory that holds these tables."""
    folder.mkdir(parents=True)
    rows = pd.concat(tables, ignore_index=True)
    write_table(folder / SCORES, pa.Table.from_pandas(rows, schema=SCHEMA, preserve_index=False))
    write_record(folder, record_of(seed=seed, package_version=version, **record))
    return folder


def hearing(strength: float, seed: int = 0, sd: float = 0.05, placebo: float = 0.0) -> Score:
    """A score that falls by ``strength`` per level of damage, by a share of it under placebos, else not."""
    share = {"clean": 0.0, "test": 1.0, "placebo": placebo, "control": 0.0}
    return noisy(lambda name, role, level: strength * share[role] * level, sd=sd, seed=seed)


def metric(name: str, score: Score | None = None, *, fingerprint: str = "f", **options: object) -> pd.DataFrame:
    """A metric's rows, on eight clips, three levels and :data:`TWO_NOISES` unless said otherwise."""
    hearing_options: dict = {
        "clips": 8,
        "levels": (1, 3, 5),
        "degradations": TWO_NOISES,
        "single_placebo": ("hiss", "hum", "clip"),
    } | options
    made = table(score or hearing(0.2), metric=name, **hearing_options)
    return made.assign(fingerprint=fingerprint)
