"""Reading run directories, and saying in what they were made differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from degrade_bench.compare.words import listed, where
from degrade_bench.errors import ConfigError, RunFolderError
from degrade_bench.runs.record import RunRecord, read_record
from degrade_bench.runs.scores import load_scores


@dataclass(frozen=True, eq=False)
class Run:
    """A finished run.

    Attributes:
        label: the folder's name, with as many parents as make it unique.
        record: ``run.json``.
        table: ``scores.parquet``, a clip of the same samples only once.
    """

    label: str
    record: RunRecord
    table: pd.DataFrame

    @property
    def seed(self) -> int:
        """The run seed, for messages."""
        return self.record.identity.seed


def load_runs(folders: Iterable[Path | str]) -> tuple[list[Run], list[str]]:
    """Read run directories; their order, and a folder given twice, do not matter.

    Returns:
        the runs, ordered by their paths, and notes on what was left out.

    Raises:
        ConfigError: no folder at all.
        RunFolderError: one is missing, damaged, unfinished or empty.
    """
    given = [Path(folder) for folder in folders]
    if not given:
        raise ConfigError("nothing to compare: give one or several run directories")
    resolved: dict[Path, Path] = {}
    for folder in given:
        resolved.setdefault(folder.resolve(), folder)
    paths = sorted(resolved)
    labels = unique_labels(paths)
    notes = []
    for path, count in Counter(folder.resolve() for folder in given).items():
        if count > 1:
            notes.append(f"{labels[path]} was given {count} times: counted once")
    runs = []
    for path in paths:
        record = read_record(resolved[path])
        table = load_scores(resolved[path]).drop(columns="window_scores")
        if table.empty:
            raise RunFolderError(f"{resolved[path]} holds no scores")
        table, repeated = _each_clip_once(table)
        notes += [f"{labels[path]}: {text}" for text in repeated]
        runs.append(Run(labels[path], record, table))
    return runs, notes


def unique_labels(paths: Sequence[Path]) -> dict[Path, str]:
    """Folder names, preceded by as many of their parents as tell them apart."""
    labels = {path: path.name or str(path) for path in paths}
    for depth in range(2, max((len(path.parts) for path in paths), default=0) + 1):
        counts = Counter(labels.values())
        shared = [path for path in paths if counts[labels[path]] > 1]
        for path in shared:
            labels[path] = "/".join(path.parts[-depth:])
    return labels


def _each_clip_once(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table without clips that hold the same samples as an earlier one, and a line for each that went."""
    clips = table[["clip_id", "clip_hash"]].drop_duplicates().sort_values("clip_id")
    again = clips.duplicated("clip_hash")
    kept = clips[~again].set_index("clip_hash")["clip_id"]
    notes = [
        f"clip {clip} holds the same samples as {kept[samples]}: counted once"
        for clip, samples in clips[again].itertuples(index=False)
    ]
    return table[~table["clip_id"].isin(clips.loc[again, "clip_id"])], notes


def provenance_notes(runs: Sequence[Run]) -> list[str]:
    """What the runs were made with, where it differs: the package, the libraries, the interpreter."""
    notes = []
    packages = {run.label: run.record.package_version for run in runs}
    revisions = {run.label: (run.record.git_revision or "unknown")[:7] for run in runs}
    if len(set(packages.values())) > 1:
        notes.append(f"made by other versions of degrade-bench: {where(packages)}")
    elif len(set(revisions.values())) > 1:
        notes.append(f"made by other revisions of degrade-bench: {where(revisions)}")
    libraries = {run.label: dict(run.record.libraries) for run in runs}
    differing = []
    for name in sorted(set().union(*libraries.values())):
        versions = {label: str(own.get(name) or "none") for label, own in libraries.items()}
        if len(set(versions.values())) > 1:
            differing.append(f"{name} {where(versions)}")
    if differing:
        notes.append(f"made with other versions of libraries: {listed(differing, separator='; ')}")
    interpreters = {run.label: f"Python {run.record.python} on {run.record.platform}" for run in runs}
    if len(set(interpreters.values())) > 1:
        notes.append(f"made by other interpreters: {where(interpreters)}")
    return notes


def looks_notes(runs: Sequence[Run]) -> list[str]:
    """Which runs' scores were looked at more than once: nothing here is corrected for that."""
    looked = [
        run.label for run in runs if run.record.looked_at or (run.record.looks and run.record.looks.taken > 1)
    ]
    if not looked:
        return []
    return [
        f"the scores of {listed(looked)} were looked at more than once, and verdicts here are not corrected for it"
    ]
