"""The cells that every run holds, and in words what the others lack.

A cell is the same in two runs only if the clip's samples, the role, the degradation, its version, the level, the
strength, the replicate and the seed agree. They are compared in this order, so that each cell that is left out has
one reason: the first of them in which no partner is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from degrade_bench.compare.runs import Run
from degrade_bench.compare.unpaired import explain, refusal
from degrade_bench.errors import RunFolderError

STEPS = (
    ("clip", ("clip_hash",)),
    ("degradation", ("role", "degradation")),
    ("version", ("version",)),
    ("level", ("level",)),
    ("strength", ("strength", "unit")),
    ("replicate", ("replicate",)),
    ("seed", ("seed",)),
)
"""What must agree, step by step, and the columns that say so."""

CELL = tuple(column for _, columns in STEPS for column in columns)


@dataclass(frozen=True, eq=False)
class Paired:
    """The rows of several runs that have a partner in every other run.

    Attributes:
        rows: with ``run``, the number of the run; ``clip_id`` and ``track`` are the same in every run.
        notes: what was left out.
    """

    rows: pd.DataFrame
    notes: list[str]


def pair(runs: Sequence[Run]) -> Paired:
    """Keep the cells that every run holds. Clean rows pair by their clip's samples.

    Raises:
        RunFolderError: no tested cell is in all of them, with the reason.
    """
    labels = [run.label for run in runs]
    rows = pd.concat([run.table.assign(run=number) for number, run in enumerate(runs)], ignore_index=True)
    columns = [*CELL, "placebo_of", "clip_id"]
    cells = rows.loc[rows["role"] != "clean", [*columns, "run"]].drop_duplicates()
    lost = {}
    codes = pd.DataFrame({name: pd.factorize(cells[name], use_na_sentinel=False)[0] for name in CELL}, cells.index)
    left, keys = cells, list[str]()
    for step, added in STEPS:
        keys += added
        groups = codes.loc[left.index].groupby(keys, sort=False).ngroup()
        has_all = left["run"].groupby(groups).transform("nunique") == len(runs)
        lost[step], left = left[~has_all], left[has_all]
    if (left["role"] != "test").all():
        raise RunFolderError(refusal(runs, lost))
    left, orphans = _with_their_placebos(left, lost)
    notes = explain(runs, left, lost, orphans)
    if (left["role"] != "test").all():
        raise RunFolderError(
            f"{' and '.join(labels)} have no comparable cell: the placebo of every degradation in common differs"
        )
    kept = rows.merge(left[[*CELL, "run"]], on=[*CELL, "run"], how="left", indicator=True)["_merge"] == "both"
    clean = (rows["role"] == "clean") & rows["clip_hash"].isin(left["clip_hash"])
    rows = rows[kept.to_numpy() | clean.to_numpy()]
    rows, more = _one_name_each(rows)
    return Paired(rows.reset_index(drop=True), notes + more)


def _with_their_placebos(left: pd.DataFrame, lost: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, list[str]]:
    """Without degradations of which some run has a placebo, but none is paired: nothing can be taken off."""
    gone = pd.concat([frame for step, frame in lost.items() if step != "clip"])
    had = set(gone.loc[gone["role"] == "placebo", "placebo_of"])
    have = set(left.loc[left["role"] == "placebo", "placebo_of"])
    tests = left["role"] == "test"
    orphans = tests & left["degradation"].isin(had - have)
    return left[~orphans], list(dict.fromkeys(left.loc[orphans, "degradation"]))


def _one_name_each(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Give clips the first run's ids, and join the tracks that any run holds for one; all clips are in all runs."""
    first = rows.drop_duplicates("clip_hash").set_index("clip_hash")
    tracks = rows[["run", "track", "clip_hash"]].drop_duplicates()
    head = {samples: samples for samples in first.index}
    for _, clips in tracks.groupby(["run", "track"], sort=False):
        joined = {head[samples] for samples in clips["clip_hash"]}
        if len(joined) > 1:
            kept = min(joined)
            head = {samples: kept if old in joined else old for samples, old in head.items()}
    track = {samples: first.at[kept, "track"] for samples, kept in head.items()}
    notes = []
    partitions = {
        frozenset(frozenset(part) for _, part in of_run.groupby("track")["clip_hash"])
        for _, of_run in tracks.groupby("run")
    }
    if len(partitions) > 1:
        notes.append("the runs disagree on which clips are of one recording: joined where any of them says so")
    columns = {"clip_id": rows["clip_hash"].map(first["clip_id"]), "track": rows["clip_hash"].map(track)}
    return rows.assign(**columns, clip_group=rows["clip_hash"].map(first["clip_group"])), notes
