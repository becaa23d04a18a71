"""Going on with a run: whether a directory holds the same sweep, and what of it is done already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from degrade_bench._version import __version__
from degrade_bench.errors import RunFolderError
from degrade_bench.metric.traits import Traits
from degrade_bench.runs.columns import CLEAN, INTERRUPTED
from degrade_bench.runs.folder import RunFolder
from degrade_bench.runs.provenance import LIBRARIES, library_versions
from degrade_bench.runs.record import ClipRecord, RunRecord
from degrade_bench.runs.scores import BlockKey, block_sizes
from degrade_bench.sweep.spec import Sweep
from degrade_bench.sweep.worker import Task

NO_PART = ("pandas", "pyarrow", "matplotlib")
"""Libraries that store and show scores; no sample and no score depends on them."""

SAMPLES_DEPEND_ON = frozenset({"degrade-bench", "libsndfile", *LIBRARIES}) - {*NO_PART}


def check_same(folder: RunFolder, sweep: Sweep) -> RunRecord | None:
    """The record in ``folder``, if it is this sweep's, or that of fewer clips or degradations; None without one.

    Raises:
        RunFolderError: it is another's; says in what they differ.
    """
    record = folder.read_record()
    if record is None:
        return None
    stored, asked = (identity.model_dump(mode="json") for identity in (record.identity, sweep.identity()))
    for name in asked:
        if name == "clips" and _more(stored[name], asked[name]):
            continue
        if name == "degradations" and _more(stored[name], asked[name]):
            _check_leaves_windows(record, sweep, folder)
            continue
        if stored[name] != asked[name]:
            raise RunFolderError(
                f"--out {folder.path} holds the results of another run ({_difference(name, stored, asked)}); "
                "choose another directory, or give --overwrite"
            )
    check_recorded_metrics(record, sweep, folder)
    return record


def _more(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether there are the same ones and further ones, by name."""
    return bool(stored) and all(asked.get(name) == identity for name, identity in stored.items())


def _check_leaves_windows(record: RunRecord, sweep: Sweep, folder: RunFolder) -> None:
    """Raise where degradations that are added would change what is scored already.

    A metric with a window hears of every cell of a clip as much as the shortest of them has: one more that moves
    time may make that shorter. And looks were planned for so many degradations.

    Args:
        record: of the run.
        sweep: with further degradations.
        folder: where the record was read from, for the message.

    Raises:
        RunFolderError: says which degradation, and whom it concerns.
    """
    added = [damage for damage in sweep.degradations if damage.name not in record.identity.degradations]
    if added and record.looks is not None:
        raise RunFolderError(
            f"--out {folder.path} holds a run in planned looks, without degradation {added[0].name!r}; choose "
            "another directory, or give --overwrite"
        )
    asked = {metric.name for metric in (*sweep.heard, *sweep.set_metrics)}
    windowed = [metric.name for metric in sweep.metrics if Traits.of(metric).matched_window is not None]
    others = set(pc.unique(folder.read_finished().rows["metric"]).to_pylist()) - asked  # whatever their windows are
    concerned = [*windowed, *sorted(others)]
    for damage in added:
        if concerned and (damage.changes_duration or damage.moves_time) and not damage.moves_window:
            raise RunFolderError(
                f"--out {folder.path} holds the results of another run: degradation {damage.name!r} moves time, "
                f"and what {concerned[0]} hears of every cell of a clip may be shorter with it; choose another "
                "directory, or give --overwrite"
            )


def _difference(name: str, stored: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    old, new = stored[name], asked[name]
    if isinstance(old, dict) and isinstance(new, dict):
        for word, keys in (("without", set(new) - set(old)), ("with", set(old) - set(new))):
            if keys:
                more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
                return f"{word} {name[:-1]} {sorted(keys)[0]!r}{more}"
        changed = next(key for key in new if old[key] != new[key])
        return f"{name[:-1]} {changed!r} has changed"
    return f"{name} {old}, not {new}"


def check_versions(previous: RunRecord | None, folder: RunFolder) -> None:
    """Raise where earlier rows were made with other versions of this package or of a library.

    Asked only where something is left to score: rows of two versions in one table could not be told apart. A
    library that was missing before had no part in those rows, and may have been installed since.

    Args:
        previous: the record of the earlier start; None where there was none.
        folder: the run directory, for the message.

    Raises:
        RunFolderError: names the first that differs, with both versions.
    """
    if previous is None:
        return
    stored = {"degrade-bench": previous.package_version, **previous.libraries}
    installed = {"degrade-bench": __version__, **library_versions()}
    for name, version in stored.items():
        now = installed.get(name)
        if name in SAMPLES_DEPEND_ON and version is not None and version != now:
            raise RunFolderError(
                f"--out {folder.path} holds scores made with {name} {version}, and {now or 'none'} is installed: "
                "what is left would be scored otherwise; install that version again, choose another directory, or "
                "give --overwrite"
            )


def check_fingerprints(rows: pa.Table, sweep: Sweep, folder: RunFolder) -> None:
    """Raise unless the stored scores of the sweep's metrics were made by the same metrics.

    Args:
        rows: every finished row.
        sweep: what is to be done.
        folder: where the rows were read from, for the message.

    Raises:
        RunFolderError: a metric of the same name and another fingerprint.
    """
    pairs = rows.select(["metric", "fingerprint"]).group_by(["metric", "fingerprint"]).aggregate([])
    asked = {metric.name: metric.fingerprint() for metric in (*sweep.heard, *sweep.set_metrics)}
    for name, stored in sorted(zip(pairs["metric"].to_pylist(), pairs["fingerprint"].to_pylist(), strict=True)):
        if asked.get(name, stored) != stored:
            raise RunFolderError(_other_metric(folder, name, stored, asked[name]))


def check_recorded_metrics(record: RunRecord, sweep: Sweep, folder: RunFolder) -> None:
    """Raise unless the metrics of a finished run are the sweep's of the same names, before anything is touched.

    Args:
        record: of the run.
        sweep: what is to be done.
        folder: where the record was read from, for the message.

    Raises:
        RunFolderError: a metric of the same name and another fingerprint; says which parts differ.
    """
    if record.state == "running":
        return
    recorded = {metric.name: metric for metric in record.metrics}
    for metric in sweep.judged:
        stored, fingerprint = recorded.get(metric.name), metric.fingerprint()
        if stored is not None and stored.fingerprint != fingerprint:
            parts = {key: str(value) for key, value in metric.fingerprint_parts().items()}
            changed = [key for key in {**stored.parts, **parts} if stored.parts.get(key) != parts.get(key)]
            raise RunFolderError(_other_metric(folder, metric.name, stored.fingerprint, fingerprint, changed))


def _other_metric(folder: RunFolder, name: str, stored: str, asked: str, changed: Sequence[str] = ()) -> str:
    which = f": {', '.join(changed)}" if changed else ""
    return (
        f"--out {folder.path} holds scores of {name!r} with fingerprint {stored}, not {asked} (other code, "
        f"weights, settings or version{which}); choose another directory, or --overwrite"
    )


def check_samples_are_the_same(clip: ClipRecord, hashes: Mapping[str, str], folder: RunFolder) -> None:
    """Raise where a clip that was read has other samples than the clip that was scored under its id.

    Args:
        clip: as it was read now.
        hashes: of the clips that were scored, by id.
        folder: the run directory, for the message.

    Raises:
        RunFolderError: the samples have changed.
    """
    if hashes.get(clip.id, clip.hash) != clip.hash:
        raise RunFolderError(
            f"--out {folder.path} holds scores of clip {clip.id!r} with other samples: the file has "
            "changed; choose another directory, or give --overwrite"
        )


def finished_blocks(rows: pa.Table, sweep: Sweep) -> set[BlockKey]:
    """Blocks with as many rows as they have cells.

    Not those with a row that failed by an interruption, nor those with any failed row where these are retried.
    """
    sizes = {block.name: len(block.cells) for block in sweep.blocks()}
    finished = {key for key, size in block_sizes(rows).items() if sizes.get(key[1]) == size}
    failed = rows.filter(pc.equal(rows["status"], "failed"))
    if not sweep.retry_failed:
        failed = failed.filter(pc.starts_with(failed["error"], INTERRUPTED))
    return finished - set(block_sizes(failed))


def blocks_of_other_metrics(rows: pa.Table, sweep: Sweep) -> set[BlockKey]:
    """Blocks of metrics that the sweep does not ask for; they are kept as they are."""
    names = {metric.name for metric in sweep.heard}
    return {key for key in block_sizes(rows) if key[2] not in names}


def open_tasks(sweep: Sweep, finished: set[BlockKey]) -> list[Task]:
    """For every clip the blocks that are not finished, with the metrics that are wanted there.

    Clips of a reference set come last; of these only the embedders' vectors are wanted.
    """
    tasks, blocks = [], sweep.blocks()
    for source in sweep.sources:
        todo = {}
        for block in blocks:
            wanted = frozenset(
                metric.name for metric in sweep.heard if (source.id, block.name, metric.name) not in finished
            )
            if wanted:
                todo[block.name] = wanted
        tasks.append(Task(source, todo))
    makers = [maker.name for maker in sweep.makers]
    for source in sweep.reference:
        wanted = frozenset(name for name in makers if (source.id, CLEAN, name) not in finished)
        tasks.append(Task(source, {CLEAN: wanted} if wanted else {}))
    return tasks
