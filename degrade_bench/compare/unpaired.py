"""In words: which cells have no partner, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from degrade_bench._support.numbers import counted, number, with_unit
from degrade_bench.compare.runs import Run
from degrade_bench.compare.words import listed, where

Lost = Mapping[str, pd.DataFrame]
"""By reason, the cells that were left out for it: the key's columns, ``clip_id`` and ``run``."""


def explain(runs: Sequence[Run], left: pd.DataFrame, lost: Lost, orphans: Sequence[str]) -> list[str]:
    """One line for each thing that differs.

    Args:
        runs: all of them.
        left: the cells that were paired.
        lost: those that were not.
        orphans: degradations that were left out because of their placebos.
    """
    labels = [run.label for run in runs]
    named = {step: frame.assign(label=frame["run"].map(dict(enumerate(labels)))) for step, frame in lost.items()}
    # a placebo goes with its degradation: it is worth a line only where it alone differs
    for step, frame in named.items():
        tests = set(frame.loc[frame["role"] == "test", "degradation"])
        named[step] = frame[~((frame["role"] == "placebo") & frame["placebo_of"].isin(tests))]
    notes = _clips(runs, named["clip"])
    for what, roles in (("degradation", ("test",)), ("control", ("control", "placebo"))):
        part = {step: frame[frame["role"].isin(roles)] for step, frame in named.items()}
        tried = left.loc[left["role"].isin(roles), "degradation"].nunique()
        notes += _only_in(part["degradation"], what)
        notes += _versions(part["version"])
        notes += _levels(part["level"], what, "level")
        notes += _strengths(part["strength"])
        notes += _levels(part["replicate"], what, "replicate")
        notes += _seeds(runs, part["seed"], what, tried)
    if orphans:
        notes.append(f"left out, because their placebos are not the same in every run: {listed(orphans)}")
    return notes


def refusal(runs: Sequence[Run], lost: Lost) -> str:
    """Why nothing is left: the reason that the last tested cells went for."""
    names = " and ".join(run.label for run in runs)
    if len(runs) == 1:
        return f"{names} holds no tested degradation: there is nothing to compare"
    reasons = {
        "clip": "no clip in common (clips are told by their samples)",
        "degradation": "no degradation in common",
        "version": "the versions of all degradations in common differ",
        "level": "no level in common",
        "strength": "the ladders of all degradations in common differ",
        "replicate": "no replicate in common",
        "seed": "the seeds differ, so the damage does: they were run with seeds "
        + ", ".join(f"{run.seed} ({run.label})" for run in runs),
    }
    last = [step for step, frame in lost.items() if (frame["role"] == "test").any()]
    return f"{names} cannot be compared: {reasons[last[-1] if last else 'degradation']}"


def _clips(runs: Sequence[Run], lost: pd.DataFrame) -> list[str]:
    notes = []
    for label, cells in lost.groupby("label", sort=True):
        run = next(run for run in runs if run.label == label)
        others = [other.label for other in runs if other is not run]
        in_which = f"in {others[0]}" if len(others) == 1 else "in every other run"
        missing = cells["clip_hash"].nunique()
        verb = "is" if missing == 1 else "are"
        notes.append(
            f"{label}: {missing} of its {counted(run.table['clip_hash'].nunique(), 'clip')} {verb} not {in_which}: "
            f"left out: {listed(sorted(cells['clip_id'].unique()))}"
        )
    return notes


def _only_in(lost: pd.DataFrame, what: str) -> list[str]:
    having = lost.groupby("degradation", sort=False)["label"].agg(lambda labels: " and ".join(sorted(set(labels))))
    return [
        f"only in {labels}: {counted(len(names), what)}: {listed(names.index)}"
        for labels, names in having.groupby(having, sort=True)
    ]


def _versions(lost: pd.DataFrame) -> list[str]:
    texts = []
    for name, cells in lost.groupby("degradation", sort=False):
        versions = cells.drop_duplicates("label").sort_values("label").set_index("label")["version"]
        texts.append(f"{name}: version {where({str(label): version for label, version in versions.items()})}")
    return [f"other versions, left out: {listed(texts, separator='; ')}"] if len(texts) > 1 else _left_out(texts)


def _levels(lost: pd.DataFrame, what: str, column: str) -> list[str]:
    """Levels, or replicates, that not every run has; degradations of which the same is true share a line."""
    same: dict[tuple[tuple[int, ...], tuple[str, ...]], list[str]] = {}
    for name, cells in lost.groupby("degradation", sort=False):
        having = cells.groupby(column)["label"].agg(lambda labels: tuple(sorted(set(labels))))
        for labels in sorted(set(having)):
            numbers = tuple(int(number) for number, holders in having.items() if holders == labels)
            same.setdefault((numbers, labels), []).append(str(name))
    notes = []
    for (numbers, labels), names in same.items():
        plural = column if len(numbers) == 1 else f"{column}s"
        notes.append(
            f"{plural} {', '.join(map(str, numbers))} only in {' and '.join(labels)}: left out of "
            f"{counted(len(names), what)}: {listed(names)}"
        )
    return notes


def _strengths(lost: pd.DataFrame) -> list[str]:
    texts = []
    for name, cells in lost.groupby("degradation", sort=False):
        levels = []
        for level, part in cells.groupby("level"):
            by_run = part.drop_duplicates("label").sort_values("label")
            strengths = {
                row.label: with_unit(number(row.strength), row.unit) for row in by_run.itertuples(index=False)
            }
            levels.append(f"level {level} is {where(strengths)}")
        texts.append(f"{name}: {listed(levels, most=2, separator='; ')}")
    return (
        [f"other ladders, left out: {listed(texts, most=4, separator='; ')}"]
        if len(texts) > 1
        else _left_out(texts)
    )


def _seeds(runs: Sequence[Run], lost: pd.DataFrame, what: str, paired: int) -> list[str]:
    names = list(dict.fromkeys(lost["degradation"]))
    if not names:
        return []
    seeds = {run.label: run.seed for run in runs}
    why = f" (run seed {where(seeds)})" if len(set(seeds.values())) > 1 else ""
    return [f"seeds differ in {len(names)} of {counted(paired + len(names), what)}{why}: left out: {listed(names)}"]


def _left_out(texts: Sequence[str]) -> list[str]:
    return [f"{text}: left out" for text in texts]
